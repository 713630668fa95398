"""The layers against numpy and against Keras's own."""

import numpy as np
import pytest
from keras import ops

from fast_style.networks import convolutions, layers
from tests.checks import randomize, run_layer_test

PLAIN = {"normalization": "none", "activation": False}  # the convolution alone


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


def convolve(x, kernel, bias):
    """Valid cross-correlation of [N, H, W, C] by its definition, in float64."""
    size = kernel.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(x.astype("float64"), size, axis=(1, 2))
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias


def pad(x, amount, mode="reflect"):
    return np.pad(x, [(0, 0), (amount, amount), (amount, amount), (0, 0)], mode=mode)


@pytest.mark.parametrize(
    "cls, init_kwargs, input_shape, output_shape, trainable, non_trainable",
    [
        (layers.Padding2D, {"amount": 2, "mode": "reflect"}, (2, 6, 5, 3), (2, 10, 9, 3), 0, 0),
        (layers.Padding2D, {"amount": 1, "mode": "zero"}, (2, 6, 5, 3), (2, 8, 7, 3), 0, 0),
        (
            layers.ConvBlock,
            {"filters": 4, "kernel_size": 3, "strides": 2, "normalization": "batch"},
            (2, 8, 6, 3),
            (2, 4, 3, 4),
            4,
            2,
        ),
        (
            layers.ConvBlock,
            {"filters": 3, "kernel_size": 9, "padding": "zero", **PLAIN},
            (1, 8, 6, 4),
            (1, 8, 6, 3),
            2,
            0,
        ),
        (layers.NearestUpBlock, {"filters": 2}, (2, 3, 4, 5), (2, 6, 8, 2), 4, 0),
        (layers.TransposedUpBlock, {"filters": 2}, (2, 3, 4, 5), (2, 6, 8, 2), 4, 0),
        (
            layers.TransposedUpBlock,
            {"filters": 2, "kernel_size": 4},
            (2, 3, 4, 5),
            (2, 6, 8, 2),
            4,
            0,
        ),
        (
            layers.ResidualBlock,
            {"filters": 4, "normalization": "batch", "padding": "zero"},
            (2, 6, 5, 4),
            (2, 6, 5, 4),
            8,
            4,
        ),
    ],
)
def test_layer_contract(cls, init_kwargs, input_shape, output_shape, trainable, non_trainable):
    run_layer_test(cls, init_kwargs, input_shape, output_shape, trainable, non_trainable)


# Padding


@pytest.mark.parametrize("amount", [0, 1, 4])
@pytest.mark.parametrize("mode, numpys", [("reflect", "reflect"), ("zero", "constant")])
def test_padding_is_numpys(mode, numpys, amount):
    x = noise(2, 5, 6, 3)
    np.testing.assert_array_equal(layers.Padding2D(amount, mode)(x), pad(x, amount, numpys))


# Convolution


@pytest.mark.parametrize("mode, numpys", [("reflect", "reflect"), ("zero", "constant")])
@pytest.mark.parametrize("size, strides", [(3, 1), (3, 2), (5, 1)])
def test_conv_block_convolves_the_padded_image(size, strides, mode, numpys):
    x = noise(2, 6, 8, 3)
    block = layers.ConvBlock(4, size, strides=strides, padding=mode, **PLAIN)
    block.build(x.shape)
    expected = convolve(pad(x, size // 2, numpys), *randomize(block).get_weights())
    expected = expected[:, ::strides, ::strides]
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sides, halves", [((8, 6), (4, 3)), ((2, 4), (1, 2)), ((7, 5), (4, 3))])
def test_stride_two_halves_even_sides_and_rounds_odd_ones_up(sides, halves):
    x = noise(1, *sides, 3)
    assert layers.ConvBlock(4, 3, strides=2)(x).shape == (1, *halves, 4)


def test_conv_block_ends_with_normalization_and_relu():
    x = noise(2, 6, 8, 3)
    block = layers.ConvBlock(4, 3, normalization="instance")
    block.build(x.shape)
    randomize(block)
    convolved = np.asarray(block.conv(block.pad(x)), "float64")
    mean, deviation = convolved.mean((1, 2), keepdims=True), convolved.std((1, 2), keepdims=True)
    normal = (convolved - mean) / deviation * np.asarray(block.norm.gamma) + block.norm.beta
    np.testing.assert_allclose(block(x), np.maximum(normal, 0), rtol=1e-3, atol=1e-4)
    block.activation = False
    np.testing.assert_allclose(block(x), normal, rtol=1e-3, atol=1e-4)


def test_without_normalization_there_is_a_convolution_alone():
    block = layers.ConvBlock(4, 3, **PLAIN)
    block.build((None, None, None, 3))
    assert block.norm is None
    assert [tuple(weight.shape) for weight in block.weights] == [(3, 3, 3, 4), (4,)]


def test_batch_normalization_takes_batch_statistics_in_training_and_moving_ones_otherwise():
    x = 3 * noise(2, 6, 8, 3) + 1
    block = layers.ConvBlock(4, 3, normalization="batch", activation=False)
    block.build(x.shape)
    convolved = np.asarray(block.conv(block.pad(x)), "float64")
    mean, variance = convolved.mean((0, 1, 2)), convolved.var((0, 1, 2))
    # Moving statistics start at mean 0, variance 1.
    np.testing.assert_allclose(block(x), convolved / np.sqrt(1 + 1e-5), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(block.norm.moving_mean, 0)
    expected = (convolved - mean) / np.sqrt(variance)
    np.testing.assert_allclose(block(x, training=True), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(block.norm.moving_mean, 0.1 * mean, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(block.norm.moving_variance, 0.9 + 0.1 * variance, rtol=1e-3)


# Upsampling


@pytest.mark.parametrize("mode, numpys", [("reflect", "reflect"), ("zero", "constant")])
def test_nearest_up_block_repeats_pixels_and_convolves(mode, numpys):
    x = noise(2, 3, 4, 2)
    block = layers.NearestUpBlock(3, padding=mode, **PLAIN)
    block.build(x.shape)
    large = np.repeat(np.repeat(x, 2, axis=1), 2, axis=2)
    expected = convolve(pad(large, 1, numpys), *randomize(block).get_weights())
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)
    block.enlarge = lambda images: ops.repeat(ops.repeat(images, 2, axis=1), 2, axis=2)
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("height, width", [(3, 4), (1, 1), (5, 2)])
def test_transposed_up_block_is_the_transpose_of_a_padded_convolution_of_stride_two(height, width):
    """PyTorch's ConvTranspose2d(3, stride=2, padding=1, output_padding=1), by its definition."""
    x = noise(2, height, width, 2)
    block = layers.TransposedUpBlock(3, **PLAIN)
    block.build(x.shape)
    kernel, bias = randomize(block).get_weights()  # Keras: rows, columns, output, input
    expected = np.zeros((2, 2 * height, 2 * width, 3)) + bias
    for i, j, di, dj in np.ndindex(height, width, 3, 3):
        row, column = 2 * i + di - 1, 2 * j + dj - 1
        if 0 <= row < 2 * height and 0 <= column < 2 * width:
            expected[:, row, column] += x[:, i, j] @ kernel[di, dj].T
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "kind, cls", [("nearest", layers.NearestUpBlock), ("transpose", layers.TransposedUpBlock)]
)
def test_up_blocks_are_made_by_name(kind, cls):
    block = layers.make_up_block(kind, 5, normalization="none", name="up")
    assert type(block) is cls
    assert (block.filters, block.normalization, block.name) == (5, "none", "up")


# Residual block


@pytest.mark.parametrize("normalization", ["instance", "batch"])
def test_residual_block_with_a_silent_branch_is_the_identity_for_negative_values_too(normalization):
    x = noise(2, 6, 5, 4)
    block = layers.ResidualBlock(4, normalization=normalization)
    block.build(x.shape)
    randomize(block)
    block.second.norm.gamma.assign(np.zeros(4))
    block.second.norm.beta.assign(np.zeros(4))
    assert x.min() < 0
    np.testing.assert_array_equal(block(x), x)


def test_residual_block_adds_two_convolutions_with_one_relu_between():
    x = noise(2, 6, 5, 4)
    block = layers.ResidualBlock(4, normalization="none")
    block.build(x.shape)
    kernel1, bias1, kernel2, bias2 = randomize(block, scale=0.2).get_weights()
    hidden = np.maximum(convolve(pad(x, 1), kernel1, bias1), 0)
    expected = x + convolve(pad(hidden, 1), kernel2, bias2)
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)


# Errors


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: layers.Padding2D(1, "same"),
            r"`mode` must be one of reflect, zero, edge; received 'same'",
        ),
        (
            lambda: layers.ConvBlock(4, 3, normalization="layer"),
            r"`normalization` must be one of instance, batch, none; received 'layer'",
        ),
        (
            lambda: layers.ConvBlock(4, 3, padding="same"),
            r"`padding` must be one of reflect, zero; received 'same'",
        ),
        (
            lambda: layers.TransposedUpBlock(4, padding="same"),
            r"`padding` must be one of reflect, zero; received 'same'",
        ),
        (
            lambda: layers.make_up_block("bilinear", 4),
            r"`upsampling` must be one of nearest, transpose; received 'bilinear'",
        ),
        (
            lambda: layers.ResidualBlock(4).build((None, None, None, 3)),
            r"`filters` must equal the input's channels, 3; received 4",
        ),
    ],
)
def test_an_impossible_option_is_named_with_what_is_allowed(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_wide_kernel_for_few_channels_is_an_ordinary_convolution():
    x = noise(2, 11, 12, 5)
    block = layers.ConvBlock(3, 9, normalization="none", activation=False)
    block.build(x.shape)
    assert isinstance(block.conv, convolutions.FewChannelConv2D)
    expected = convolve(pad(x, 4, "reflect"), *randomize(block).get_weights())
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)
