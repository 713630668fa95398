"""Fixtures for tests of training runs."""

import shutil

import numpy as np
import pytest

from data.photos import Photos
from fast_style.losses.loss_settings import LossSettings
from fast_style.training.settings import TrainingSettings
from fast_style.training.trainer import Trainer

SHALLOW = LossSettings(
    content_layers=("block2_conv1",), style_layers=("block1_conv1", "block2_conv1")
)


@pytest.fixture(scope="module")
def style():
    return np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def make_in(folder, style, random_vgg):
    """Makes a trainer of a tiny network in the folder that comes first."""

    def make(checkpoint_dir, photos=folder, style=style, settings=(), **options):
        settings = {
            "steps": 4,
            "image_size": 16,
            "batch_size": 2,
            "style_size": 0,
            "losses": SHALLOW,
            "network": {"width": 4, "residual_blocks": 1},
            "vgg_weights": str(random_vgg),
            **dict(settings),
        }
        settings = TrainingSettings(**settings)
        photos = Photos(photos, settings.image_size, settings.batch_size, settings.seed)
        return Trainer(
            settings,
            style,
            photos,
            **{"checkpoint_dir": checkpoint_dir, "save_every": 2, "log_every": 1, **options},
        )

    return make


@pytest.fixture
def make(make_in, tmp_path):
    """Makes a trainer of a tiny network in tmp_path/run."""

    def make(checkpoint_dir=tmp_path / "run", **options):
        return make_in(checkpoint_dir, **options)

    return make


@pytest.fixture(scope="module")
def run_of_four_steps(make_in, tmp_path_factory):
    """The folder of a run of 4 steps, which no test may change."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    make_in(folder).run()
    return folder


@pytest.fixture
def finished(run_of_four_steps, tmp_path):
    """A folder tmp_path/run with a run of 4 steps: ckpt-2, ckpt-4 and ckpt-done."""
    shutil.copytree(run_of_four_steps, tmp_path / "run")
    return tmp_path / "run"
