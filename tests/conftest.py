"""Fixtures that several test files share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared():
    """The folder of real data beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the shared data folder {folder}")
    return folder


@pytest.fixture(scope="session")
def random_vgg(tmp_path_factory):
    """Weights file of a VGG-16 without top: He et al.'s scale, so features keep their size."""
    import keras

    rng = np.random.default_rng(0)
    vgg = keras.applications.VGG16(include_top=False, weights=None)
    for layer in vgg.layers:
        if layer.weights:
            kernel, bias = (weight.shape for weight in layer.weights)
            scale = np.sqrt(2 / np.prod(kernel[:3]))
            layer.set_weights([rng.normal(0, scale, kernel), rng.normal(0, 1, bias)])
    path = tmp_path_factory.mktemp("random_vgg") / "vgg16.weights.h5"
    vgg.save_weights(path)
    return path


@pytest.fixture(scope="session")
def vgg_weights(shared, tmp_path_factory):
    """Weights file of VGG-16 with trained blocks 1 to 3; vgg19.weights.h5 lies beside it.

    The environment variable FAST_STYLE_VGG may name a folder that holds both, to save seconds.
    """
    path = pathlib.Path(os.environ.get("FAST_STYLE_VGG", "")) / "vgg16.weights.h5"
    if "FAST_STYLE_VGG" not in os.environ or not path.is_file():
        path = tmp_path_factory.mktemp("vgg") / path.name
        script = shared / "weights" / "make_vgg.py"
        subprocess.run([sys.executable, script, path.parent], check=True, capture_output=True)
    return path


@pytest.fixture
def photo():
    """Makes noise in place of a photograph: uint8 RGB [height, width, 3], the same for a seed."""

    def make(height=16, width=24, seed=0):
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)

    return make


@pytest.fixture(scope="session")
def network():
    """A tiny network with random weights, which no test may change."""
    from fast_style.networks.transform_net import TransformNet

    network = TransformNet(width=4, residual_blocks=1)
    network.build()
    return network


@pytest.fixture(scope="session")
def prefix(network, tmp_path_factory):
    """Checkpoint prefix of that network."""
    from fast_style.checkpoints import store

    prefix = tmp_path_factory.mktemp("checkpoints") / "ckpt-done"
    store.save_network(network, prefix, {})
    return prefix


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with five small photographs, which no test may change."""
    from fast_style import images

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(5):
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        images.save(folder / f"{number}.png", images.resize(coarse, 36, 48))
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with four files of noise, 0.png to 3.png, 32 x 40, which no test may change."""
    from fast_style import images

    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        rng = np.random.default_rng(number)
        images.save(folder / f"{number}.png", rng.integers(0, 256, (32, 40, 3), np.uint8))
    return folder
