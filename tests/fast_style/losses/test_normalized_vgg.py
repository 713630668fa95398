"""Mean activations of 1, with the features of before but for their scale."""

import keras
import numpy as np
import pytest

from fast_style import images
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.normalized_vgg import mean_activations, normalize
from tests.scripts import ROOT

LAYERS = ("block1_conv1", "block2_conv2", "block3_conv1")


@pytest.fixture
def pictures():
    """The project's photographs, small."""
    paths = [ROOT / "img" / f"{name}.jpg" for name in ("test", "chelsea", "coffee", "rocket")]
    return [np.float32(images.fit(images.read(path), 48)[None]) for path in paths]


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_features_are_divided_by_their_means(vgg_weights, pictures, pooling):
    plain, network = (LossNetwork(LAYERS, weights=vgg_weights, pooling=pooling) for _ in range(2))
    before = mean_activations(plain, pictures)
    assert list(before)[-1] == "block3_conv1" and len(before) == 5
    assert np.ptp(before["block1_conv1"]) > 10
    means = normalize(network, pictures)
    # Another picture than those over which the means were taken.
    painting = np.float32(images.fit(images.read(ROOT / "img" / "starry_night.jpg"), 40)[None])
    expected, found = plain(painting), network(painting)
    for name in LAYERS:
        np.testing.assert_array_equal(means[name], before[name])
        # Relative to the layer's largest: a feature near zero is the difference of large numbers.
        wanted = np.asarray(expected[name]) / np.where(means[name] > 0, means[name], 1)
        atol = 1e-4 * wanted.max()
        np.testing.assert_allclose(found[name], wanted, rtol=1e-4, atol=atol)


def test_mean_activation_is_1(random_vgg, pictures):
    network = LossNetwork(LAYERS, weights=random_vgg)
    means = normalize(network, pictures)
    for name, after in mean_activations(network, pictures).items():
        alive = means[name] > 0
        assert alive.sum() > 32
        np.testing.assert_allclose(after[alive], 1, rtol=1e-4)
        np.testing.assert_array_equal(after[~alive], 0)


def test_a_filter_that_is_never_active_keeps_its_weights(random_vgg, pictures):
    network = LossNetwork(["block1_conv2"], weights=random_vgg)
    first = network.stack[0]
    kernel, bias = first.get_weights()
    bias[3] = -1e6
    first.set_weights([kernel, bias])
    normalize(network, pictures)
    np.testing.assert_array_equal(first.get_weights()[0][..., 3], kernel[..., 3])
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


def test_the_mean_is_over_pictures_of_all_sizes(random_vgg, photo):
    network = LossNetwork(["block1_conv1"], weights=random_vgg)
    sizes = ((8, 12), (16, 6))
    pictures = [np.float32(photo(*size, seed)[None]) for seed, size in enumerate(sizes)]
    flat = np.concatenate(
        [
            keras.ops.convert_to_numpy(network(picture)["block1_conv1"]).reshape(-1, 64)
            for picture in pictures
        ]
    )
    means = mean_activations(network, pictures)["block1_conv1"]
    np.testing.assert_allclose(means, flat.mean(axis=0), rtol=1e-4, atol=1e-4)


def test_pictures_too_small_for_a_layer_leave_it_as_it_is(random_vgg, photo):
    network = LossNetwork(["block2_conv1"], weights=random_vgg)
    means = normalize(network, [np.float32(photo(1, 9)[None])])
    assert not means["block2_conv1"].any()
    assert all(np.isfinite(weight).all() for weight in network.get_weights())
