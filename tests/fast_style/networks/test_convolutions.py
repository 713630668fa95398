"""The convolution for few output channels against sums in NumPy and against Keras's own."""

import keras
import numpy as np
import pytest

from fast_style.networks.convolutions import FewChannelConv2D, conv_to_few_channels


@pytest.mark.parametrize("shape", [(9, 9, 4, 3), (3, 3, 2, 3), (5, 3, 1, 1), (1, 1, 2, 2)])
def test_sums_are_those_of_a_convolution(shape):
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=shape).astype("float32")
    images = rng.normal(size=(2, 11, 12, shape[2])).astype("float32")
    windows = np.lib.stride_tricks.sliding_window_view(images, shape[:2], (1, 2))
    expected = np.einsum("nhwcij,ijcf->nhwf", windows, kernel)
    found = conv_to_few_channels(images, keras.ops.convert_to_tensor(kernel))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_layer_is_kerass_with_the_same_weights():
    images = np.random.default_rng(0).normal(size=(1, 12, 13, 4)).astype("float32")
    layer = FewChannelConv2D(3, 9, name="conv")
    plain = keras.layers.Conv2D(3, 9)
    layer.build(images.shape)
    plain.build(images.shape)
    layer.bias.assign([1.0, -2.0, 3.0])
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(images), plain(images), rtol=1e-4, atol=1e-4)
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(copy) is FewChannelConv2D
    assert copy.get_config() == layer.get_config()
