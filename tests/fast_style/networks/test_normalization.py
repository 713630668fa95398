"""Instance normalization against its formula and against Keras's own."""

import keras
import numpy as np

from fast_style.networks.normalization import InstanceNormalization, moments_from
from tests.checks import randomize, run_layer_test


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


def test_layer_contract():
    run_layer_test(InstanceNormalization, {"epsilon": 1e-3}, (2, 6, 5, 3), (2, 6, 5, 3), 2, 0)


def test_instance_normalization_is_group_normalization_of_single_channels():
    x = 40 * noise(3, 7, 5, 4) + 100
    ours, keras_own = InstanceNormalization(), keras.layers.GroupNormalization(-1, -1, 1e-5)
    ours.build(x.shape)
    keras_own.build(x.shape)
    randomize(ours)
    keras_own.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), keras_own(x), rtol=1e-4, atol=1e-5)


def test_instance_normalization_follows_its_formula():
    x = 40 * noise(3, 7, 5, 4) + 100
    layer = InstanceNormalization(epsilon=0.5)
    layer.build(x.shape)
    gamma, beta = randomize(layer).get_weights()
    wide = x.astype("float64")
    mean, variance = wide.mean((1, 2), keepdims=True), wide.var((1, 2), keepdims=True)
    expected = gamma * (wide - mean) / np.sqrt(variance + 0.5) + beta
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_instance_normalization_of_half_precision_features_does_not_overflow():
    x = (1000 * noise(1, 8, 8, 2)).astype("float16")  # squares go beyond 65504
    y = np.asarray(InstanceNormalization(dtype="float16")(x))
    assert y.dtype == np.float16
    np.testing.assert_allclose(y.std((1, 2)), 1, atol=5e-3)


def test_moments_may_come_from_elsewhere_for_a_part_of_an_image():
    x = 40 * noise(1, 8, 5, 4) + 100
    x[:, :3] += 100
    layer = InstanceNormalization()
    layer.build(x.shape)
    randomize(layer)
    whole = np.asarray(layer(x))
    moments = x.mean((1, 2)), x.var((1, 2))
    with moments_from(lambda *_: moments):
        part = np.asarray(layer(x[:, :3]))
    np.testing.assert_allclose(part, whole[:, :3], rtol=1e-4, atol=1e-4)
    assert np.abs(np.asarray(layer(x[:, :3])) - part).max() > 0.1
