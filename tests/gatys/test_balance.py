"""How layers, content and style of a picture are weighed, and the network that sees it."""

import numpy as np
import pytest
import tensorflow as tf

from fast_style import images
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.normalized_vgg import mean_activations
from gatys.balance import make_loss, make_network
from gatys.settings import Settings

CONTENT = ("block2_conv1",)
STYLE = ("block1_conv1", "block2_conv1")
SIZE = (16, 24)


@pytest.fixture
def settings(random_vgg):
    def make(**options):
        layers = {"content_layers": CONTENT, "style_layers": STYLE}
        return Settings(
            **(layers | {"loss_network": "vgg16", "vgg_weights": str(random_vgg)} | options)
        )

    return make


@pytest.fixture(scope="module")
def network(random_vgg):
    return LossNetwork((*CONTENT, *STYLE), "vgg16", random_vgg, "average")


@pytest.fixture
def batch(photo):
    return lambda *arguments: tf.constant(photo(*arguments)[None], tf.float32)


def losses(loss, content, picture):
    total, parts = loss(picture, loss.content_targets(content))
    return {"total": float(total)} | {name: float(value) for name, value in parts.items()}


def test_relative_losses_of_the_unpainted_photograph_are_1_at_each_layer(settings, network, batch):
    content, painting = batch(*SIZE, 1), batch(20, 12, 5)
    found = losses(make_loss(settings(), network, content, [painting], SIZE), content, content)
    assert [found[f"style/{name}"] for name in STYLE] == pytest.approx([1, 1], rel=1e-4)
    assert found["style"] == pytest.approx(1, rel=1e-4)
    assert found["content"] == 0


def test_a_relative_content_loss_is_in_units_of_the_photographs_features(settings, network, batch):
    content, picture = batch(*SIZE, 1), batch(*SIZE, 2)
    loss = make_loss(settings(ratio=0.5), network, content, [batch(20, 12, 5)], SIZE)
    ours, theirs = (np.asarray(network(x)["block2_conv1"], np.float64) for x in (picture, content))
    found = losses(loss, content, picture)
    expected = np.mean((ours - theirs) ** 2) / np.mean(theirs**2)
    assert found["content"] == pytest.approx(expected, rel=1e-4)
    assert found["total"] == pytest.approx(0.5 * expected + found["style"], rel=1e-4)


def test_sums_keep_the_balance_of_the_finished_picture(settings, network, batch):
    content, picture = batch(*SIZE, 1), batch(*SIZE, 2)
    loss = make_loss(
        settings(style_reduction="sum"), network, content, [batch(20, 12, 5)], (32, 48)
    )
    ours, theirs = (np.asarray(network(x)["block2_conv1"], np.float64) for x in (picture, content))
    # Of the smaller size, but as large as at the last.
    expected = 4 * np.sum((ours - theirs) ** 2) / 2
    assert losses(loss, content, picture)["content"] == pytest.approx(expected, rel=1e-4)


def test_a_painting_of_itself_has_a_finite_loss(settings, network, batch):
    content = batch(*SIZE, 1)
    loss = make_loss(settings(), network, content, [content], SIZE)
    assert losses(loss, content, content)["style"] == 0
    assert 1 < losses(loss, content, batch(*SIZE, 2))["style"] < 1e4


def test_a_normalized_network_is_so_over_the_pictures(settings, photo):
    pictures = [photo(30, 20, 1), photo(20, 28, 2)]
    found = make_network(settings(normalized_vgg=True), STYLE, pictures)
    means = mean_activations(
        found, [np.float32(images.fit(picture, 256)[None]) for picture in pictures]
    )
    for values in means.values():
        assert np.allclose(values[values > 0], 1, rtol=1e-3)
    plain = make_network(settings(), STYLE, pictures)
    assert np.asarray(plain(np.float32(pictures[0][None]))[STYLE[1]]).mean() > 2


def test_a_normalized_network_may_be_so_over_the_photographs_of_a_folder(settings, photo, tmp_path):
    folder = tmp_path / "photos"
    for seed in range(3):
        images.save(folder / f"{seed}.png", photo(12, 16, seed))
    options = settings(normalized_vgg=True, normalization_photos=str(folder))
    image = np.float32(photo(16, 16, 9)[None])
    # Whatever is painted.
    first, second = (
        make_network(options, STYLE, [photo(8, 8, seed)])(image)[STYLE[1]] for seed in (4, 5)
    )
    np.testing.assert_array_equal(first, second)
    own = make_network(settings(normalized_vgg=True), STYLE, [photo(8, 8, 4)])(image)[STYLE[1]]
    assert not np.allclose(first, own, rtol=1e-2)


def test_a_folder_without_images_is_named(settings, tmp_path):
    options = settings(normalized_vgg=True, normalization_photos=str(tmp_path))
    with pytest.raises(ValueError, match="no images") as caught:
        make_network(options, STYLE, [])
    assert str(tmp_path) in str(caught.value)
