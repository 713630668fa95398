"""Fixtures for tests of training runs."""

import numpy as np
import pytest

from data.photos import Photos
from fast_style.losses.perceptual import LossSettings
from fast_style.training.settings import TrainingSettings
from fast_style.training.trainer import Trainer

SHALLOW = LossSettings(
    content_layers=("block2_conv1",), style_layers=("block1_conv1", "block2_conv1")
)


@pytest.fixture(scope="module")
def style():
    return np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture
def make(folder, style, random_vgg, tmp_path):
    """Makes a trainer of a tiny network in tmp_path/run."""

    def make(photos=folder, style=style, checkpoint_dir=tmp_path / "run", settings=(), **options):
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
