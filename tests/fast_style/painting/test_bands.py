"""Bands give the whole image's picture, on each runtime and for each kind of network."""

import collections
import shutil

import keras
import numpy as np
import pytest

from fast_style.checkpoints import store
from fast_style.painting import bands, runtimes
from fast_style.painting.tensorflow_runtime import TensorFlowRuntime
from tests.checks import make_painter

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
    """But for sums in another order, which may round to the neighbour."""
    distance = np.abs(painted.astype(int) - expected)
    assert distance.max() <= 1
    assert (distance > 0).mean() < 0.01


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
    np.testing.assert_allclose(cut, whole, rtol=1e-4, atol=1e-4)
    # The first ones are those of a convolution that numpy can do.
    mean = whole[0, load().architecture.normalized["down1"]]
    assert mean.shape == (4,)
    given = bands.paint(load(), image, 16, moments=whole)
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
