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


class _StyleRows(keras.layers.Layer):
    """A layer with a scale and a shift for each channel, of each style where there are several.

    Dumoulin, Shlens and Kudlur 2017, *A Learned Representation for Artistic Style*: styles share
    all weights but these. Called with `styles`, float `[N, S]`, how much of each style each image
    of a batch gets, it takes the weighted sums of the rows.

    Args:
        styles: int, number of styles.
    """

    def __init__(self, styles=1, **kwargs):
        super().__init__(**kwargs)
        self.styles = styles

    def build(self, input_shape):
        channels = (input_shape[-1],)
        shape = channels if self.styles == 1 else (self.styles, *channels)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")

    def scale_and_shift(self, styles):
        """Scale and shift, float32, of one style `[C]` or of each image `[N, 1, 1, C]`."""
        rows = (ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32"))
        if self.styles == 1:
            return rows
        styles = ops.cast(styles, "float32")
        return tuple(ops.expand_dims(ops.matmul(styles, row), (1, 2)) for row in rows)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        # A later option is named only where it is used.
        return config if self.styles == 1 else {**config, "styles": self.styles}


@keras.saving.register_keras_serializable("fast_style")
class InstanceNormalization(_StyleRows):
    """Normalizes each channel of each image over its own height and width.

    Ulyanov et al. 2016, *Instance Normalization: The Missing Ingredient for Fast Stylization*; with
    several styles the conditional form of Dumoulin et al. 2017.
    `keras.layers.GroupNormalization(groups=-1)` computes the same for one style; this form skips
    its reshapes, which cost more than the arithmetic on a CPU.

    Args:
        epsilon: float, added to the variance.
        styles: int, number of styles, see `scale_and_shift`.
    """

    def __init__(self, epsilon=EPSILON, styles=1, **kwargs):
        super().__init__(styles, **kwargs)
        self.epsilon = epsilon

    def call(self, inputs, styles=None):
        # The moments of half precision features would overflow: they are computed in float32.
        x = ops.cast(inputs, "float32")
        source = _moments.get()
        if source is None:
            mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
        else:
            mean, variance = source(self, x)
        gamma, beta = self.scale_and_shift(styles)
        scale = ops.rsqrt(variance + self.epsilon) * gamma
        shift = beta - mean * scale
        return ops.cast(x * scale + shift, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("fast_style")
class StyleAffine(_StyleRows):
    """Scales and shifts each channel as the style of each image says; normalizes nothing.

    After the last convolution it gives a style its own range of colours.
    """

    def call(self, inputs, styles=None):
        scale, shift = self.scale_and_shift(styles)
        return ops.cast(ops.cast(inputs, "float32") * scale + shift, inputs.dtype)


def make_normalization(kind, styles=1, **kwargs):
    """The layer for a name in `NORMALIZATIONS`; None for "none".

    With several styles "none" is a `StyleAffine`, and "batch" is refused.
    """
    check_choice("normalization", kind, NORMALIZATIONS)
    if styles > 1:
        check_choice("normalization", kind, ("instance", "none"))
    if kind == "instance":
        return InstanceNormalization(name="norm", styles=styles, **kwargs)
    if kind == "none" and styles > 1:
        return StyleAffine(styles, name="norm", **kwargs)
    if kind == "batch":
        # PyTorch's default momentum, in Keras's terms: Keras's own, 0.99, is slow for short runs.
        return keras.layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name="norm", **kwargs)
    return None
