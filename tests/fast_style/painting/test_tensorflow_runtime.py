"""TensorFlow's runtime against the network itself and against moments in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from fast_style.errors import OutOfMemory
from fast_style.painting.segments import Statistics, segments
from fast_style.painting.tensorflow_runtime import TensorFlowRuntime, to_uint8
from tests.checks import floats, make_painter


@pytest.fixture(scope="module")
def painter():
    return make_painter()


def test_floats_are_rounded_and_clipped():
    found = to_uint8(np.float32([-3, 0.4, 0.6, 254.6, 300])).numpy()
    assert found.dtype == np.uint8
    assert found.tolist() == [0, 0, 1, 255, 255]


def test_pictures_are_the_networks_output_rounded(painter, photo):
    batch = np.stack([photo(9, 14, seed=seed) for seed in range(2)])
    painted = TensorFlowRuntime(painter).paint(batch)
    expected = np.clip(painter(floats(*batch)), 0, 255)
    assert painted.dtype == np.uint8
    assert np.abs(painted - expected).max() <= 0.51


@pytest.mark.parametrize("axis", [1, 2])
def test_moments_are_weighted_means_of_what_the_convolution_gives(painter, photo, axis):
    runtime = TensorFlowRuntime(painter)
    image = photo(24, 32)
    first = segments(runtime.architecture)[0]
    weights = np.zeros((24, 32)[axis - 1] // 4, np.float32)
    weights[1:3] = 0.5  # two rows (or columns) of the bottleneck, 8 of the image
    moments = np.zeros((2, runtime.architecture.normalized_channels), np.float32)
    centre = np.float32([100, 120, 140])
    statistics = Statistics(centre, moments)
    found = runtime.run_segment(first, {"pixels": image[None]}, statistics, weights, axis)
    features = np.array(painter.down1.conv(painter.down1.pad(floats(image) - centre)))[0]
    part = features[4:12] if axis == 1 else features[:, 4:12]
    expected = [part.mean((0, 1)), part.var((0, 1))]
    np.testing.assert_allclose(found["moments"], expected, rtol=1e-3, atol=1e-2)


def test_a_lack_of_memory_is_one_error(painter, photo, monkeypatch):
    def fail(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\ntraceback")

    runtime = TensorFlowRuntime(painter)
    monkeypatch.setattr(runtime, "_function", fail)
    with pytest.raises(OutOfMemory, match="OOM when allocating$"):
        runtime.paint(photo()[None])
