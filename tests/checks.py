"""Networks for tests, and checks that every layer and network must pass."""

import json

import keras
import numpy as np
import tensorflow as tf

from fast_style.networks.transform_net import TransformNet


def randomize(layer, seed=0, scale=0.5):
    """Draws all weights of a built layer anew, so that zeros and ones hide nothing."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        value = rng.normal(0, scale, weight.shape)
        weight.assign(np.abs(value) + 0.5 if weight.name.endswith("variance") else value)
    return layer


def build(cls, seed=0, **options):
    """A network of that class and seed, ready to be called."""
    keras.utils.set_random_seed(seed)
    network = cls(**options)
    network.build()
    return network


def floats(*images):
    """A batch, as networks take it."""
    return np.stack(images).astype("float32")


def make_painter(**options):
    """A tiny `TransformNet` with random weights whose pictures have contrast."""
    network = TransformNet(**{"width": 4, "residual_blocks": 1, **options})
    network.build()
    randomize(network, scale=0.2)
    network.out.conv.bias.assign([128 if network.output_activation == "linear" else 0] * 3)
    noise = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype("float32")
    contrast = float(np.std(network(noise)))
    network.out.conv.kernel.assign(network.out.conv.kernel * (40 / contrast))
    return network


def copy_through_json(network):
    """A network made from the config of another, through JSON, with its weights."""
    copy = type(network).from_config(json.loads(json.dumps(network.get_config())))
    copy.build()
    copy.set_weights(network.get_weights())
    return copy


def assert_gradients_reach_all_weights(network, images, targets):
    """The squared difference from `targets` has a gradient for every weight that counts."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(images, training=True) - targets))
    variables = network.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path
        # A bias in front of a normalization is subtracted again.
        if network.normalization == "none" or variable.name != "bias":
            assert np.abs(gradient).max() > 0, variable.path


def run_layer_test(
    cls,
    init_kwargs,
    input_shape,
    expected_output_shape,
    expected_trainable=0,
    expected_non_trainable=0,
    rtol=1e-4,
):
    """Builds and calls a layer, symbolically and eagerly, and takes it through its config.

    Args:
        cls, init_kwargs: the layer.
        input_shape, expected_output_shape: NHWC with the batch.
        expected_trainable, expected_non_trainable: how many weight arrays it has.
        rtol: how far outputs may lie apart, relative to the largest value.
    """
    layer = cls(**init_kwargs)
    x = np.random.default_rng(1).normal(0, 1, input_shape).astype("float32")

    # Symbolic, with height and width unknown, then known.
    inputs = keras.Input((None, None, input_shape[-1]))
    outputs = layer(inputs)
    assert outputs.shape[0] is None
    assert outputs.shape[-1] == expected_output_shape[-1]
    assert layer.built
    assert len(layer.trainable_weights) == expected_trainable
    assert len(layer.non_trainable_weights) == expected_non_trainable
    fixed = cls(**init_kwargs)(keras.Input(batch_shape=input_shape))
    assert fixed.shape == tuple(expected_output_shape)

    # Eager agrees with the graph of the symbolic model.
    randomize(layer)
    eager = keras.ops.convert_to_numpy(layer(x))
    assert eager.shape == tuple(expected_output_shape)
    assert eager.dtype == np.float32
    assert np.isfinite(eager).all()
    tolerance = rtol * np.abs(eager).max()
    graph = keras.Model(inputs, outputs).predict_on_batch(x)
    np.testing.assert_allclose(eager, graph, rtol=0, atol=tolerance)

    # Its config makes its like, also after a trip through JSON.
    config = layer.get_config()
    assert {key: config[key] for key in init_kwargs} == init_kwargs
    copy = cls.from_config(json.loads(json.dumps(config)))
    assert copy.get_config() == config
    copy(x)
    copy.set_weights(layer.get_weights())
    np.testing.assert_allclose(copy(x), eager, rtol=0, atol=tolerance)
    return layer
