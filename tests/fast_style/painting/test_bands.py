"""Bands give the whole image's picture, on each runtime and for each kind of network."""

import collections
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import store, tensor_bundle
from fast_style.painting import bands, runtimes
from fast_style.painting.tensorflow_runtime import TensorFlowRuntime
from tests.checks import make_painter
from tests.conftest import ROOT

PREFIX = ROOT / "checkpoints" / "ckpt-done"
NETWORKS = [
    {},
    {"residual_blocks": 0},
    {"residual_blocks": 2, "padding": "zero", "output": "tanh"},
    {"upsampling": "transpose", "strided_kernel": 4},
    {"upsampling": "transpose"},
    {"normalization": "batch"},
    {"normalization": "none"},
]


@pytest.fixture(scope="module", params=["openvino", "tensorflow"])
def load(request, tmp_path_factory):
    """Makes a runtime of a network with the given options."""
    made = {}

    def make(**options):
        key = tuple(sorted(options.items()))
        if key not in made:
            prefix = tmp_path_factory.mktemp("network") / "ckpt"
            store.save_network(make_painter(**options), prefix, {})
            made[key] = runtimes.load(prefix, request.param)[0]
        return made[key]

    return make


def assert_same(painted, expected):
    """But for sums in another order and features in float16, which may round to the neighbour."""
    distance = np.abs(painted.astype(int) - expected)
    assert distance.max() <= 1
    assert (distance > 0).mean() < 0.05


@pytest.mark.parametrize("options", NETWORKS, ids=str)
def test_bands_make_the_same_picture(load, options, photo):
    runtime = load(**options)
    image = photo(75, 41)
    expected = runtime.paint(image[None])[0]
    assert expected.std() > 5  # there is a picture to compare
    assert_same(bands.paint(runtime, image, rows=bands.least_rows(runtime.architecture)), expected)


@pytest.mark.parametrize("shape", [(1, 1), (70, 3), (3, 70), (30, 200), (200, 30)])
def test_every_shape(load, shape, photo):
    image = photo(*shape)
    runtime = load()
    assert_same(bands.paint(runtime, image, rows=20), runtime.paint(image[None])[0])


def test_features_may_wait_in_a_file(load, photo, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    image = photo(75, 41)
    in_file = bands.paint(load(), image, 16, in_memory=False)
    np.testing.assert_array_equal(in_file, bands.paint(load(), image, 16))
    assert not list(tmp_path.iterdir())


def test_moments_are_those_of_the_whole_image(load, photo):
    image = photo(75, 41)
    whole = bands.measure(load(), image, 1000)
    cut = bands.measure(load(), image, 16)
    np.testing.assert_allclose(cut.moments, whole.moments, rtol=1e-4, atol=1e-4)
    given = bands.paint(load(), image, 16, statistics=whole)
    assert_same(given, bands.paint(load(), image, 16))


def test_plain_tiles_would_differ(load, photo):
    """What the bands are for: a part painted by itself is another picture."""
    image = photo(64, 40)
    image[32:] //= 4
    runtime = load()
    alone = runtime.paint(image[None, :32])[0].astype(int)
    assert np.abs(alone - runtime.paint(image[None])[0, :32]).mean() > 2


def test_bands_smaller_than_the_receptive_field_are_refused(load, photo):
    with pytest.raises(ValueError, match="`tile` must be 0 .* at least 16 .* received 12"):
        bands.paint(load(), photo(), rows=12)


def test_a_disk_that_is_too_small_is_refused_first(load, photo, monkeypatch):
    usage = collections.namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1000))
    with pytest.raises(OSError, match="GiB are needed .*TMPDIR"):
        bands.paint(load(), photo(64, 64), 16, in_memory=False)


@pytest.mark.parametrize("normalization", ["instance", "none"])
def test_bands_of_a_network_in_half_precision(photo, normalization):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        runtime = TensorFlowRuntime(make_painter(normalization=normalization))
    finally:
        keras.config.set_dtype_policy(policy)
    image = photo(75, 41)
    distance = np.abs(bands.paint(runtime, image, 16).astype(int) - runtime.paint(image[None])[0])
    assert distance.mean() < 2  # features have eight bits


@pytest.fixture(scope="module")
def exact_network():
    """The network in double precision, from its weights alone: a function of uint8 images."""
    architecture, arrays, _ = tensor_bundle.load(PREFIX)
    weights = {name: tf.constant(array, tf.float64) for name, array in arrays.items()}

    def convolve(name, x, stride=1):
        kernel = weights[f"{name}/conv/kernel"]
        border = [kernel.shape[0] // 2] * 2
        x = tf.pad(x, [[0, 0], border, border, [0, 0]], "REFLECT")
        return tf.nn.conv2d(x, kernel, stride, "VALID") + weights[f"{name}/conv/bias"]

    def normalized(name, x, stride=1):
        x = convolve(name, x, stride)
        x -= tf.reduce_mean(x, (1, 2), keepdims=True)
        x /= tf.sqrt(tf.reduce_mean(x * x, (1, 2), keepdims=True) + 1e-5)
        return x * weights[f"{name}/norm/gamma"] + weights[f"{name}/norm/beta"]

    def paint(image):
        x = tf.cast(image[None], tf.float64)
        for name, stride in (("down1", 1), ("down2", 2), ("down3", 2)):
            x = tf.nn.relu(normalized(name, x, stride))
        for block in architecture.residuals:
            first = tf.nn.relu(normalized(f"{block}/first", x))
            x += normalized(f"{block}/second", first)
        for name in ("up1", "up2"):
            x = tf.nn.relu(normalized(name, tf.repeat(tf.repeat(x, 2, 1), 2, 2)))
        return np.clip(convolve("out", x), 0, 255)[0]

    return paint


def test_smooth_pictures_agree_with_double_precision(exact_network):
    """Nearly constant channels: dividing them by their deviation shows every lost digit."""
    line = np.linspace(127, 129, 3000).astype(np.uint8)
    image = np.broadcast_to(line[None, :, None], (16, 3000, 3))
    expected = exact_network(image)
    assert np.ptp(expected) > 10  # there is a picture to compare
    for name in ("openvino", "tensorflow"):
        runtime = runtimes.load(PREFIX, name)[0]
        for painted in (runtime.paint(image[None])[0], bands.paint(runtime, image, 400)):
            # Half a step is lost by rounding.
            assert np.abs(painted - expected).max() < 1.25


def test_the_colour_of_the_whole_changes_nothing_where_features_are_normalized():
    """A network that pads by reflection sees differences of pixels only."""
    runtime = runtimes.load(PREFIX, "openvino")[0]
    image = np.random.default_rng(0).integers(0, 64, (60, 80, 3), np.uint8)
    painted, brighter = (runtime.paint(i[None])[0].astype(int) for i in (image, image + 190))
    assert np.abs(painted - brighter).max() <= 1
