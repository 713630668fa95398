"""The image transformation network as training, inference and export call it."""

import numpy as np
import pytest
import tensorflow as tf

from fast_style.networks.transform_net import TransformNet
from tests.checks import (
    assert_gradients_reach_all_weights,
    build,
    copy_through_json,
    floats,
    randomize,
    run_layer_test,
)

SMALL = {  # whatever the defaults are
    "width": 4,
    "residual_blocks": 1,
    "normalization": "instance",
    "padding": "reflect",
    "upsampling": "nearest",
    "output": "tanh",
}


def small_net(seed=0, **options):
    return build(TransformNet, seed, **{**SMALL, **options})


def test_network_contract():
    options = {
        "width": 4,
        "residual_blocks": 2,
        "normalization": "batch",
        "padding": "zero",
        "upsampling": "transpose",
        "output": "linear",
    }
    # 10 convolutions with kernel and bias, 9 of them normalized.
    run_layer_test(TransformNet, options, (2, 12, 9, 3), (2, 12, 9, 3), 10 * 2 + 9 * 2, 9 * 2)


def test_parameters_are_those_of_the_pytorch_examples():
    net = TransformNet(
        width=32,
        residual_blocks=5,
        normalization="instance",
        padding="reflect",
        upsampling="nearest",
        output="linear",
    )
    net.build()
    assert net.count_params() == 1_679_235


# Sizes


@pytest.mark.parametrize("upsampling", ["nearest", "transpose"])
@pytest.mark.parametrize("padding", ["reflect", "zero"])
def test_output_has_the_size_of_the_input_whose_edges_were_repeated(photo, upsampling, padding):
    net = small_net(upsampling=upsampling, padding=padding)
    for height, width in [(1, 1), (3, 50), (7, 8), (33, 21), (64, 64)]:
        images = floats(photo(height, width))
        output = net(images)
        assert output.shape == (1, height, width, 3)
        more = [max(-size % 4, 8 - size) for size in (height, width)]
        padded = np.pad(images, [(0, 0), (0, more[0]), (0, more[1]), (0, 0)], mode="edge")
        assert all(size % 4 == 0 for size in padded.shape[1:3])
        expected = net(padded)[:, :height, :width]
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("upsampling", ["nearest", "transpose"])
def test_one_graph_serves_every_size(photo, upsampling):
    net = small_net(upsampling=upsampling)
    signature = tf.TensorSpec([None, None, None, 3], tf.float32)
    graph = tf.function(net, input_signature=[signature])
    for size in [(1, 1), (3, 20), (16, 16), (17, 9)]:
        images = floats(photo(*size))
        np.testing.assert_allclose(graph(images), net(images), rtol=1e-4, atol=1e-2)


def test_xla_compiles_it_with_unknown_sizes(photo):
    net = small_net(residual_blocks=0)
    signature = tf.TensorSpec([None, None, None, 3], tf.float32)
    graph = tf.function(net, input_signature=[signature], jit_compile=True)
    images = floats(photo(9, 8))
    np.testing.assert_allclose(graph(images), net(images), rtol=1e-4, atol=1e-2)


def test_a_batch_gives_what_single_images_give(photo):
    net = small_net()
    first, second = floats(photo(seed=1)), floats(photo(seed=2))
    batch = net(np.concatenate([first, second]))
    expected = np.concatenate([net(first), net(second)])
    np.testing.assert_allclose(batch, expected, rtol=1e-4, atol=1e-2)


# Values


def test_tanh_output_is_the_linear_output_bent_into_0_to_255(photo):
    tanh, linear = small_net(output="tanh"), small_net(output="linear")
    randomize(tanh)
    linear.set_weights(tanh.get_weights())
    images = floats(photo())
    bent, straight = np.asarray(tanh(images)), np.asarray(linear(images))
    assert straight.min() < 0
    assert np.abs(straight).max() > 2  # so far beyond 1 that tanh matters
    assert bent.min() >= 0
    assert bent.max() <= 255
    np.testing.assert_allclose(bent, 127.5 * (np.tanh(straight) + 1), rtol=1e-3, atol=1e-2)
    linear.out.conv.kernel.assign(1000 * linear.out.conv.kernel)
    assert np.asarray(linear(images)).max() > 255


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
def test_a_fresh_network_is_not_saturated(photo, normalization):
    output = np.asarray(small_net(normalization=normalization)(floats(photo()), training=True))
    assert ((output > 1) & (output < 254)).mean() > 0.9


@pytest.mark.parametrize(
    "option",
    [
        {"width": 5},
        {"residual_blocks": 2},
        {"normalization": "none"},
        {"normalization": "batch"},
        {"padding": "zero"},
        {"upsampling": "transpose"},
        {"output": "linear"},
        {"strided_kernel": 4},
    ],
)
def test_each_option_changes_weights_or_output(photo, option):
    usual, changed = small_net(), small_net(**option)
    shapes = [[weight.shape for weight in net.weights] for net in (usual, changed)]
    if shapes[0] == shapes[1]:
        changed.set_weights(usual.get_weights())
        images = floats(photo())
        assert np.abs(usual(images) - changed(images)).max() > 1


# Training


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
@pytest.mark.parametrize("upsampling", ["nearest", "transpose"])
def test_gradient_reaches_every_trainable_weight(photo, normalization, upsampling):
    net = small_net(normalization=normalization, upsampling=upsampling)
    images = floats(photo(seed=1), photo(seed=2))
    assert len(net.trainable_variables) > 10
    assert_gradients_reach_all_weights(net, images, images)


def test_batch_normalization_learns_moving_statistics_in_training_alone(photo):
    net = small_net(normalization="batch")
    images = floats(photo(seed=1), photo(seed=2))
    before = [np.array(weight) for weight in net.non_trainable_variables]
    assert len(before) == 2 * 7
    moving = net(images)
    for weight, value in zip(net.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    batch = net(images, training=True)
    assert np.abs(moving - batch).max() > 1
    for weight, value in zip(net.non_trainable_variables, before, strict=True):
        assert (np.abs(np.asarray(weight) - value) > 0).all(), weight.path


# Config and checkpoint


def test_config_through_json_makes_the_same_network(photo):
    options = {
        "width": 5,
        "residual_blocks": 2,
        "normalization": "batch",
        "padding": "zero",
        "upsampling": "transpose",
        "output": "linear",
        "strided_kernel": 4,
        "styles": 1,
    }
    net = randomize(small_net(**options))
    config = net.get_config()
    assert {name: config[name] for name in TransformNet.OPTIONS} == options
    copy = copy_through_json(net)
    assert copy.get_config() == config
    np.testing.assert_array_equal(copy(floats(photo())), net(floats(photo())))


@pytest.mark.parametrize("normalization", ["instance", "batch"])
def test_checkpoint_holds_all_weights(tmp_path, photo, normalization):
    """A regression: tf.train.Checkpoint does not look into Keras's lists of layers."""
    options = {"residual_blocks": 3, "normalization": normalization}
    written, read = randomize(small_net(**options), seed=1), randomize(small_net(**options), seed=2)
    prefix = tf.train.Checkpoint(model=written).write(str(tmp_path / "net"))
    tf.train.Checkpoint(model=read).read(prefix).assert_existing_objects_matched()
    for here, there in zip(written.weights, read.weights, strict=True):
        np.testing.assert_array_equal(here, there, err_msg=here.path)
    np.testing.assert_array_equal(written(floats(photo())), read(floats(photo())))


# Errors


@pytest.mark.parametrize(
    "option, message",
    [
        ({"width": 0}, r"`width` must be an integer from 1 to 512; received 0"),
        ({"width": 513}, r"`width` must be an integer from 1 to 512; received 513"),
        ({"width": 1.5}, r"`width` must be an integer from 1 to 512; received 1.5"),
        (
            {"residual_blocks": -1},
            r"`residual_blocks` must be an integer from 0 to 64; received -1",
        ),
        ({"residual_blocks": "5"}, r"`residual_blocks` must be an integer from 0 .*; received '5'"),
        ({"normalization": "layer"}, r"`normalization` must be one of .*; received 'layer'"),
        ({"padding": "same"}, r"`padding` must be one of reflect, zero; received 'same'"),
        ({"upsampling": "cubic"}, r"`upsampling` must be one of .*; received 'cubic'"),
        ({"output": "relu"}, r"`output` must be one of tanh, linear; received 'relu'"),
        ({"strided_kernel": 5}, r"`strided_kernel` must be one of 3, 4; received 5"),
    ],
)
def test_an_impossible_option_is_named(option, message):
    with pytest.raises(ValueError, match=message):
        TransformNet(**option)


@pytest.mark.parametrize("channels", [1, 4])
def test_images_that_are_not_rgb_are_refused(channels):
    with pytest.raises(ValueError, match=rf"`images` must have 3 channels.*received {channels}"):
        TransformNet(**SMALL)(np.zeros((1, 8, 8, channels), "float32"))
