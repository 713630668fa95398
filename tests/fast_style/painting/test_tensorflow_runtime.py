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
    rows, columns = (24, 32) if axis == 1 else (32, 24)
    weights = np.zeros(rows, np.float32)
    weights[4:12] = 1 / 8
    moments = np.zeros((2, runtime.architecture.normalized_channels), np.float32)
    centre = np.float32([100, 120, 140])
    statistics = Statistics(centre, moments)
    bordered = np.pad(image, [[4, 4], [4, 4], [0, 0]], "reflect")
    with runtime.segment_pass(first, statistics, (rows // 4, columns // 4), axis) as compute:
        compute.inputs["pixels"][0] = bordered if axis == 1 else bordered.swapaxes(0, 1)
        found = compute(weights, np.ones(rows + 8, np.float32))
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
