"""A VGG's convolutions are found among others by name, or by order and shape."""

import numpy as np
import pytest

from fast_style.losses.vgg_layers import Convolution, choose, expected

COUNTS = {"vgg16": 13, "vgg19": 16}


def convolution(path, channels, filters, value=0.0):
    def read():
        return np.full((3, 3, channels, filters), value), np.full(filters, value)

    return Convolution(tuple(path.split("/")), (channels, filters), read)


def named(architecture="vgg16", folder="model_weights/vgg16/"):
    return [
        convolution(f"{folder}{name}", *shape, value)
        for value, (name, shape) in enumerate(expected(architecture).items())
    ]


def numbered(architecture="vgg16", folder="layers/functional/layers/", name="conv2d_{}"):
    return [
        convolution(folder + name.format(value), *shape, value)
        for value, shape in enumerate(expected(architecture).values())
    ]


@pytest.mark.parametrize("architecture", COUNTS)
def test_expected_layers_are_those_of_keras(architecture):
    import keras

    vgg = getattr(keras.applications, architecture.upper())(include_top=False, weights=None)
    shapes = {layer.name: tuple(layer.kernel.shape[2:]) for layer in vgg.layers if layer.weights}
    assert list(expected(architecture).items()) == list(shapes.items())
    assert len(shapes) == COUNTS[architecture]


HEAD = [convolution("layers/conv2d", 512, 10), convolution("layers/conv2d_1", 3, 3)]


@pytest.mark.parametrize("architecture", COUNTS)
@pytest.mark.parametrize(
    "make",
    [
        named,
        numbered,
        lambda a: named(a, ""),
        lambda a: numbered(a, "layers/", "conv2d_{}"),
        lambda a: numbered(a, "features/", "{}"),
        lambda a: numbered(a, "module/features/", "{}"),
        lambda a: HEAD + numbered(a),
        lambda a: numbered(a, "layers/") + [convolution("layers/conv2d_16", 512, 512)],
        lambda a: named(a) + HEAD,
    ],
)
def test_layers_are_found_whatever_their_order_in_the_file(architecture, make):
    found = make(architecture)
    shuffled = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    layers = choose(shuffled, architecture)
    assert list(layers) == list(expected(architecture))
    for value, (kernel, bias) in enumerate(layers.values()):
        assert kernel.dtype == bias.dtype == np.float32
        assert np.all(kernel == value) and np.all(bias == value)


def test_names_are_believed_and_not_the_order():
    found = named()
    swapped = [
        *found[:8],
        convolution("model_weights/vgg16/block4_conv2", 512, 512, 9),
        convolution("model_weights/vgg16/block4_conv3", 512, 512, 8),
        *found[10:],
    ]
    layers = choose(swapped, "vgg16")
    assert layers["block4_conv2"][1][0] == 9 and layers["block4_conv3"][1][0] == 8


ONE_CHANNEL = [convolution("model_weights/vgg16/block1_conv1", 1, 64), *named()[1:]]


@pytest.mark.parametrize(
    "found, architecture, message",
    [
        (named("vgg19"), "vgg16", "its convolutions are those of vgg19"),
        (named("vgg16"), "vgg19", "its convolutions are those of vgg16"),
        (numbered("vgg19"), "vgg16", "its convolutions are those of vgg19"),
        (numbered("vgg16"), "vgg19", "its convolutions are those of vgg16"),
        ([], "vgg16", "its 0 3x3 convolutions are not the 13 in their order"),
        (numbered()[:12], "vgg16", "its 12 3x3 convolutions are not the 13 in their order"),
        (numbered()[1:], "vgg16", "not the 13"),
        (named()[:11], "vgg16", "without block5_conv2, block5_conv3"),
        (ONE_CHANNEL, "vgg16", "block1_conv1 has 64 filters of 1, not 64 of 3 channels"),
        (
            [*named(), convolution("model_weights/vgg16/block5_conv4", 512, 512)],
            "vgg16",
            "block5_conv4 is too many",
        ),
        (named() + named(folder="other/"), "vgg16", "it holds 2 such networks"),
        (numbered() + numbered(folder="other/"), "vgg16", "it holds 2 such networks"),
        (
            [*named()[:12], convolution("model_weights/vgg16/block5_conv3", 512, 512, np.nan)],
            "vgg16",
            "block5_conv3 has values that are NaN or infinite",
        ),
    ],
)
def test_what_does_not_fit_is_said(found, architecture, message):
    with pytest.raises(ValueError, match=message):
        choose(found, architecture)
