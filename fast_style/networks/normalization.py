"""Normalization layers, and the source of their moments."""

import contextlib
import contextvars

import keras
from keras import ops

from fast_style.errors import check_choice
from fast_style.networks.architecture import EPSILON, NORMALIZATIONS

_moments = contextvars.ContextVar("moments", default=None)


@contextlib.contextmanager
def moments_from(source):
    """Context in which instance normalization takes its moments from `source`, not its input.

    So a band of an image is normalized as the whole image is. Functions traced inside keep
    `source`.

    Args:
        source: function of (`InstanceNormalization`, its float32 input `[N, H, W, C]`) that
            returns (mean, variance), tensors that broadcast to that input.
    """
    token = _moments.set(source)
    try:
        yield
    finally:
        _moments.reset(token)


@keras.saving.register_keras_serializable("fast_style")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes each channel of each image over its own height and width.

    Ulyanov et al. 2016, *Instance Normalization: The Missing Ingredient for Fast Stylization*.
    `keras.layers.GroupNormalization(groups=-1)` computes the same; this form skips its reshapes,
    which cost more than the arithmetic on a CPU.

    Args:
        epsilon: float, added to the variance.
    """

    def __init__(self, epsilon=EPSILON, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=channels, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=channels, initializer="zeros")

    def call(self, inputs):
        # The moments of half precision features would overflow: they are computed in float32.
        x = ops.cast(inputs, "float32")
        source = _moments.get()
        if source is None:
            mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
        else:
            mean, variance = source(self, x)
        scale = ops.rsqrt(variance + self.epsilon) * ops.cast(self.gamma, "float32")
        shift = ops.cast(self.beta, "float32") - mean * scale
        return ops.cast(x * scale + shift, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


def make_normalization(kind, **kwargs):
    """The layer for a name in `NORMALIZATIONS`; None for "none"."""
    check_choice("normalization", kind, NORMALIZATIONS)
    if kind == "instance":
        return InstanceNormalization(name="norm", **kwargs)
    if kind == "batch":
        # PyTorch's default momentum, in Keras's terms: Keras's own, 0.99, is slow for short runs.
        return keras.layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name="norm", **kwargs)
    return None
