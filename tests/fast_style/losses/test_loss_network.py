"""The loss network against keras.applications and against another framework's features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_style.losses.loss_network import LossNetwork

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3")


@pytest.fixture(scope="module")
def network(random_vgg):
    return LossNetwork(LAYERS, weights=random_vgg)


@pytest.fixture
def images(photo):
    return np.stack([photo(16, 24, seed=1), photo(16, 24, seed=2)]).astype("float32")


# Features


def test_features_are_those_of_another_framework(shared, vgg_weights):
    with np.load(shared / "reference" / "perceptual_losses.npz") as file:
        reference = dict(file)
    names = [name.split("/")[1] for name in reference if name.endswith("/mean")]
    assert names == list(LAYERS)
    image = reference["content_image"][None].astype("float32")
    for name, value in LossNetwork(names, weights=vgg_weights)(image).items():
        value = np.asarray(value, "float64")
        assert value.mean() == pytest.approx(reference[f"features/{name}/mean"], rel=1e-4)
        assert value.std() == pytest.approx(reference[f"features/{name}/std"], rel=1e-4)


def test_features_of_all_thirteen_layers_are_those_of_another_framework(shared, vgg_weights):
    with np.load(shared / "reference" / "vgg16_all_layers.npz") as file:
        reference = dict(file)
    names = [name.split("/")[1] for name in reference if name.endswith("/mean")]
    assert len(names) == 13
    image = reference["content_image"][None].astype("float32")
    for name, value in LossNetwork(names, weights=vgg_weights)(image).items():
        value = np.asarray(value, "float64")
        assert value.mean() == pytest.approx(reference[f"features/{name}/mean"], rel=1e-4)
        assert value.std() == pytest.approx(reference[f"features/{name}/std"], rel=1e-4)


def test_features_are_those_of_keras_applications_on_preprocessed_images(
    network, random_vgg, images
):
    vgg = keras.applications.VGG16(include_top=False, weights=random_vgg)
    plain = keras.Model(vgg.input, [vgg.get_layer(name).output for name in LAYERS])
    expected = plain(keras.applications.vgg16.preprocess_input(images.copy()))
    features = network(images)
    for name, value in zip(LAYERS, expected, strict=True):
        assert np.asarray(value).max() > 1
        np.testing.assert_allclose(features[name], value, rtol=1e-4, atol=1e-3)


def test_images_of_the_caller_stay_as_they_are(network, images):
    before = images.copy()
    network(images)
    np.testing.assert_array_equal(images, before)


def test_features_are_ordered_from_shallow_to_deep(random_vgg, images):
    network = LossNetwork(LAYERS[::-1], weights=random_vgg)
    features = network(images)
    assert network.layer_names == tuple(features) == LAYERS
    shapes = [tuple(value.shape) for value in features.values()]
    assert shapes == [(2, 16, 24, 64), (2, 8, 12, 128), (2, 4, 6, 256)]


@pytest.mark.parametrize("wanted", [LAYERS[:1], LAYERS[1:], [LAYERS[2]], [LAYERS[2], LAYERS[0]]])
def test_a_call_may_ask_for_some_layers_alone(network, images, wanted):
    features = network(images, layers=wanted)
    assert list(features) == sorted(wanted)
    everything = network(images)
    for name, value in features.items():
        np.testing.assert_array_equal(value, everything[name])


def test_a_call_stops_after_the_deepest_layer_it_was_asked_for(network, images):
    graph = tf.function(lambda x: network(x, layers=LAYERS[:1])).get_concrete_function(images).graph
    assert sum(operation.type == "Conv2D" for operation in graph.get_operations()) == 2


# What is kept of VGG


@pytest.mark.parametrize(
    "layers, convolutions", [(["block1_conv1"], 1), (["block3_conv1", "block2_conv2"], 5)]
)
def test_network_is_cut_after_the_deepest_layer_asked_for(layers, convolutions):
    network = LossNetwork(layers, weights=None)
    assert len(network.weights) == 2 * convolutions


def test_network_is_frozen(network):
    assert network.trainable_weights == []
    assert len(network.non_trainable_weights) == 2 * 7


def test_vgg19_has_its_own_layers(vgg_weights, images):
    path = vgg_weights.with_name("vgg19.weights.h5")
    network = LossNetwork(["block3_conv4"], architecture="vgg19", weights=path)
    assert len(network.weights) == 2 * 8
    vgg = keras.applications.VGG19(include_top=False, weights=path)
    plain = keras.Model(vgg.input, vgg.get_layer("block3_conv4").output)
    expected = plain(keras.applications.vgg19.preprocess_input(images.copy()))
    np.testing.assert_allclose(network(images)["block3_conv4"], expected, rtol=1e-4, atol=1e-3)


def test_average_pooling_averages(network, random_vgg, images):
    average = LossNetwork(["block1_conv2", "block2_conv1"], weights=random_vgg, pooling="average")
    features = average(images)
    np.testing.assert_array_equal(features["block1_conv2"], network(images)["block1_conv2"])
    blocks = np.asarray(features["block1_conv2"]).reshape(2, 8, 2, 12, 2, 64)
    convolution = average.stack[-1]
    for pooled, same in ((blocks.mean((2, 4)), True), (blocks.max((2, 4)), False)):
        close = np.allclose(convolution(pooled), features["block2_conv1"], rtol=1e-3, atol=1e-2)
        assert close is same


# Borders


def flat(height, width):
    return np.full((1, height, width, 3), (200, 120, 40), "float32")


def test_with_a_border_an_even_image_has_even_features(random_vgg):
    plain, bordered = (
        {name: np.asarray(value) for name, value in network(flat(40, 56)).items()}
        for network in (
            LossNetwork(LAYERS[:2], weights=random_vgg, border=border) for border in (0, 16)
        )
    )
    for name in LAYERS[:2]:
        assert bordered[name].shape == plain[name].shape
        middle = plain[name][:, 8:9, 8:9]
        np.testing.assert_allclose(bordered[name], middle * np.ones_like(plain[name]), rtol=1e-4)
        assert np.abs(plain[name] - middle).max() > 0.1 * middle.max()


def test_the_zeros_beyond_the_border_reach_less_far_at_every_layer(random_vgg):
    layers = ("block3_conv3", "block4_conv3")
    strayed = {}
    for border in (0, 16):
        features = LossNetwork(layers, weights=random_vgg, border=border)(flat(160, 160))
        for name, value in features.items():
            middle = np.asarray(value)[:, 10:11, 10:11]
            strayed[name, border] = np.abs(value - middle).mean()
    for name in layers:
        assert strayed[name, 16] < 0.6 * strayed[name, 0]


@pytest.mark.parametrize("height, width", [(16, 40), (8, 8)])
def test_an_image_too_small_to_be_continued_is_taken_as_it_is(network, random_vgg, height, width):
    bordered = LossNetwork(LAYERS, weights=random_vgg, border=16)
    image = flat(height, width)
    for name, value in network(image).items():
        np.testing.assert_array_equal(bordered(image)[name], value)


# Errors


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"layers": ["block1_conv2", "relu3_3"]},
            r"`layers` must name layers of vgg16: block1_conv1, .*block5_conv3; received relu3_3$",
        ),
        ({"layers": ["block3_conv4"]}, r"received block3_conv4$"),  # VGG-19 alone has it
        ({"layers": ["block1_pool"]}, r"received block1_pool$"),
        ({"layers": []}, r"received none$"),
        (
            {"layers": LAYERS, "architecture": "resnet"},
            r"`architecture` must be one of vgg16, vgg19; received 'resnet'",
        ),
        (
            {"layers": LAYERS, "pooling": "sum"},
            r"`pooling` must be one of max, average; received 'sum'",
        ),
        ({"layers": LAYERS, "border": 6}, r"`border` must be 0 or a multiple of 4.*received 6"),
        ({"layers": LAYERS, "border": -4}, r"`border` must be .*received -4"),
    ],
)
def test_an_impossible_option_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        LossNetwork(weights=None, **options)


def test_a_call_for_a_layer_that_was_not_asked_for_lists_those_that_were(network, images):
    with pytest.raises(
        ValueError, match=r"`layers` must be among block1_conv2, .*; received block1_conv1"
    ):
        network(images, layers=["block1_conv1"])


def test_a_missing_weights_file_is_named(tmp_path):
    path = tmp_path / "absent.weights.h5"
    with pytest.raises(FileNotFoundError) as caught:
        LossNetwork(LAYERS, weights=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.pth"])
def test_a_file_that_holds_no_weights_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_text("no weights\n")
    with pytest.raises(ValueError, match="no weights of vgg16") as caught:
        LossNetwork(LAYERS, weights=path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_vgg16_do_not_pass_for_vgg19(random_vgg):
    with pytest.raises(ValueError, match="no weights of vgg19 .* those of vgg16") as caught:
        LossNetwork(LAYERS, architecture="vgg19", weights=random_vgg)
    assert str(random_vgg) in str(caught.value)


def test_weights_of_vgg19_do_not_pass_for_vgg16(vgg_weights):
    path = vgg_weights.with_name("vgg19.weights.h5")
    with pytest.raises(ValueError, match="no weights of vgg16 .* those of vgg19") as caught:
        LossNetwork(LAYERS, weights=path)
    assert str(path) in str(caught.value)
