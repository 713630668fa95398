"""Choosing and mixing styles: a plain network that paints as the network of several does."""

import json

import numpy as np
import pytest

from fast_style.checkpoints import store, styles, tensor_bundle
from fast_style.checkpoints.metadata import metadata_path
from fast_style.networks.transform_net import TransformNet
from fast_style.painting.stylizer import Stylizer
from tests.checks import randomize

NAMES = ["wave", "the_scream", "starry_night"]


@pytest.fixture(scope="module")
def several():
    network = TransformNet(width=4, residual_blocks=1, styles=len(NAMES))
    network.build()
    return randomize(network)


@pytest.fixture(scope="module")
def gallery(several, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("gallery") / "ckpt-done"
    store.save_network(several, prefix, {"styles": [{"name": name} for name in NAMES]})
    return prefix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wave", [1, 0, 0]),
        ("starry_night:2,wave:1", [1 / 3, 0, 2 / 3]),
        ("the_scream, wave", [0.5, 0.5, 0]),
        ("the_scream:0.5,wave:0", [0, 1, 0]),
    ],
)
def test_mixtures(text, expected):
    np.testing.assert_allclose(styles.parse_mixture(text, NAMES), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("waves", "`style` must be among wave, the_scream, starry_night; received 'waves'"),
        ("", "`style` must be among"),
        ("wave:-1", "finite and not negative; received 'wave:-1'"),
        ("wave:nan", "finite and not negative"),
        ("wave:inf", "finite and not negative"),
        ("wave:much", "finite and not negative"),
        ("wave:0,the_scream:0", "a weight that is not 0"),
        ("wave,wave:2", "names wave twice"),
    ],
)
def test_what_is_no_mixture_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        styles.parse_mixture(text, NAMES)


@pytest.mark.parametrize("style", ["the_scream", "starry_night:2,wave:1"])
def test_a_chosen_network_paints_as_the_network_of_several(several, gallery, photo, style):
    plain, _ = store.load_network(gallery, style=style)
    assert plain.styles == 1
    images = photo()[None].astype("float32")
    weights = styles.parse_mixture(style, NAMES)[None]
    expected = np.asarray(several(images, styles=weights))
    np.testing.assert_allclose(plain(images), expected, atol=1e-4 * np.abs(expected).max())


def test_both_readers_choose_alike(gallery):
    architecture, arrays, metadata = tensor_bundle.load(gallery)
    arrays, architecture = styles.choose(arrays, architecture, metadata, gallery, "wave")
    network, _ = store.load_network(gallery, style="wave")
    assert architecture == network.architecture
    for path, array in styles.arrays_of(network).items():
        np.testing.assert_array_equal(array, arrays[path])


def test_a_network_of_one_style_becomes_one_of_several(photo):
    plain = TransformNet(width=4, residual_blocks=1)
    plain.build()
    randomize(plain)
    arrays, architecture = styles.mix(styles.arrays_of(plain), plain.architecture, np.ones((2, 1)))
    network = TransformNet(**architecture.options)
    network.build()
    styles.assign_arrays(network, arrays)
    images = np.repeat(photo()[None], 2, axis=0).astype("float32")
    expected = np.asarray(plain(images))
    np.testing.assert_allclose(
        network(images, styles=np.eye(2)), expected, atol=1e-4 * np.abs(expected).max()
    )


def test_one_of_several_must_be_chosen(gallery, prefix):
    architecture, arrays, metadata = tensor_bundle.load(gallery)
    with pytest.raises(ValueError, match="several styles, .*: wave, the_scream, starry_night"):
        styles.choose(arrays, architecture, metadata, gallery, None)
    with pytest.raises(ValueError, match="`style` is for a network of several styles"):
        store.load_network(prefix, style="wave")


@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
def test_each_runtime_asks_for_one_and_paints_it(gallery, photo, runtime):
    with pytest.raises(ValueError, match="several styles, .*: wave, the_scream, starry_night"):
        Stylizer.load(gallery, runtime=runtime)
    painted = Stylizer.load(gallery, runtime=runtime, style="wave")(photo())
    expected = Stylizer(store.load_network(gallery)[0]).in_styles(photo(), [1, 0])[1]
    assert np.abs(painted.astype(int) - expected).max() <= 1


def test_metadata_must_name_every_style(several, tmp_path):
    prefix = tmp_path / "ckpt"
    store.save_network(several, prefix, {"styles": [{"name": "wave"}]})
    with pytest.raises(ValueError, match="names 1 styles, the network has 3"):
        store.load_network(prefix, style="wave")
    with open(metadata_path(prefix), encoding="utf-8") as file:
        assert json.load(file)["network"]["styles"] == 3
