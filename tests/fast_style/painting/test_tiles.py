"""Tiles are enlarged as the whole image is."""

import numpy as np
import pytest

from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.painting import tiles
from fast_style.painting.tensorflow_runtime import TensorFlowRuntime
from tests.checks import randomize


def make(**options):
    """A network with random weights whose pictures have contrast."""
    network = SuperResolutionNet(**{"width": 4, "residual_blocks": 1, **options})
    network.build()
    randomize(network, scale=0.2)
    noise = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3)).astype("float32")
    contrast = float(np.std(network(noise)))
    network.out.conv.kernel.assign(network.out.conv.kernel * (60 / contrast))
    return network


@pytest.mark.parametrize(
    "options",
    [
        {"factor": 4},
        {"factor": 2, "normalization": "batch", "skip": False},
        {"factor": 8, "upsampling": "transpose", "padding": "zero", "skip": False},
        {"factor": 2, "residual_blocks": 3},
    ],
    ids=str,
)
def test_tiles_make_the_same_picture(options, photo):
    network = make(**options)
    runtime = TensorFlowRuntime(network)
    for shape in ((61, 75), (3, 90), (80, 7)):
        image = photo(*shape)
        expected = runtime.paint(image[None])[0].astype(int)
        assert expected.std() > 5
        enlarged = tiles.enlarge(runtime, image, 13)
        assert enlarged.shape == expected.shape
        assert np.abs(enlarged - expected).max() <= 1


def test_tiles_are_read_in_one_size(photo):
    """Which XLA compiles for once."""
    runtime = TensorFlowRuntime(make(factor=2))
    shapes, paint = set(), runtime.paint
    runtime.paint = lambda batch: shapes.add(batch.shape) or paint(batch)
    tiles.enlarge(runtime, photo(50, 70), 20)
    assert len(shapes) == 1


def test_a_network_that_normalizes_each_image_has_no_reach():
    assert SuperResolutionNet(2, normalization="instance").reach is None
