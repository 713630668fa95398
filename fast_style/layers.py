"""Layers of the image transformation networks (Johnson et al. 2016, supplementary material).

Everything here works on float tensors `[N, H, W, C]` (NHWC) of any height and width and is
written with `keras.ops` alone, so it runs on each of Keras's backends.
"""

import contextlib
import contextvars

import keras
from keras import ops

from fast_style.architecture import (
    EPSILON,
    NORMALIZATIONS,
    PADDINGS,
    UPSAMPLINGS,
    check_choice,
)

__all__ = [
    "NORMALIZATIONS",
    "PADDINGS",
    "UPSAMPLINGS",
    "ConvBlock",
    "InstanceNormalization",
    "NearestUpBlock",
    "Padding2D",
    "ResidualBlock",
    "TransposedUpBlock",
    "check_choice",
    "make_up_block",
    "moments_from",
]

_moments = contextvars.ContextVar("moments", default=None)


@contextlib.contextmanager
def moments_from(source):
    """Inside it, instance normalization takes its moments from `source` in place of its input.

    So a part of an image is normalized as the whole is. What is traced inside keeps `source`.

    Args:
        source: function of (`InstanceNormalization`, its float32 input `[N, H, W, C]`) that
            returns (mean, variance), tensors that broadcast to that input.
    """
    token = _moments.set(source)
    try:
        yield
    finally:
        _moments.reset(token)


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
        # The moments of half precision features overflow; they are taken in float32.
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


class Padding2D(keras.layers.Layer):
    """Adds a border of `amount` pixels by reflection (without the edge pixel) or of zeros.

    Args:
        amount: int, pixels on each side; reflection needs images larger than that.
        mode: "reflect" or "zero".
    """

    def __init__(self, amount, mode="reflect", **kwargs):
        super().__init__(**kwargs)
        check_choice("mode", mode, PADDINGS)
        self.amount = amount
        self.mode = mode

    def call(self, inputs):
        border = [self.amount, self.amount]
        mode = "reflect" if self.mode == "reflect" else "constant"
        return ops.pad(inputs, [[0, 0], border, border, [0, 0]], mode=mode)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        grow = 2 * self.amount
        return (
            batch,
            None if height is None else height + grow,
            None if width is None else width + grow,
            channels,
        )

    def get_config(self):
        return {**super().get_config(), "amount": self.amount, "mode": self.mode}


def _make_normalization(kind):
    """The layer for a name in `NORMALIZATIONS`; None for "none"."""
    check_choice("normalization", kind, NORMALIZATIONS)
    if kind == "instance":
        return InstanceNormalization(name="norm")
    if kind == "batch":
        return keras.layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name="norm")
    return None


class ConvBlock(keras.layers.Layer):
    """Padding, convolution, normalization, activation.

    The padding is symmetric, so that an input with even sides and `strides=2` gives exactly half.

    Args:
        filters: int, output channels.
        kernel_size: int, pixels; odd, or with `strides=2` even.
        strides: int, pixels.
        normalization: one of `NORMALIZATIONS`.
        padding: one of `PADDINGS`.
        activation: bool, whether a ReLU follows.
        kernel_initializer: Keras initializer of the convolution.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        normalization="instance",
        padding="reflect",
        activation=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_choice("padding", padding, PADDINGS)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.normalization = normalization
        self.padding = padding
        self.activation = activation
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.pad = Padding2D((kernel_size - 1) // 2, padding, name="pad")
        self.conv = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            kernel_initializer=self.kernel_initializer,
            name="conv",
        )
        self.norm = _make_normalization(normalization)

    def build(self, input_shape):
        # Of the shape, the channels count: the convolution sees a padded or enlarged image.
        self.conv.build((None, None, None, input_shape[-1]))
        if self.norm:
            self.norm.build((None, None, None, self.filters))

    def call(self, inputs, training=False):
        x = self.conv(self.pad(inputs))
        return self.finish(x, training)

    def finish(self, x, training):
        """What follows the convolution: normalization, then ReLU."""
        if self.norm:
            x = self.norm(x, training=training) if self.normalization == "batch" else self.norm(x)
        return ops.relu(x) if self.activation else x

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "normalization": self.normalization,
            "padding": self.padding,
            "activation": self.activation,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


class _UpBlock(ConvBlock):
    """A `ConvBlock` that makes its input twice as large."""

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, 1, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["strides"]
        return config


class NearestUpBlock(_UpBlock):
    """Enlarges twice by nearest neighbour, then a 3x3 `ConvBlock` (Odena et al. 2016).

    Takes the arguments of `ConvBlock` but `strides`.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(filters, **kwargs)
        # tf.image.resize has no gradient under XLA on a CPU; this layer has.
        self.enlarge = keras.layers.UpSampling2D(2, interpolation="nearest", name="enlarge")

    def call(self, inputs, training=False):
        return super().call(self.enlarge(inputs), training=training)


class TransposedUpBlock(_UpBlock):
    """Enlarges twice by a convolution of stride 1/2, the paper's, with `ConvBlock`'s ending.

    Takes the arguments of `ConvBlock` but `strides`; `kernel_size` is 3 or 4. What would lie in a
    border is left out of the sums, which is padding with zeros: `padding` changes nothing here.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(filters, **kwargs)
        self.conv = keras.layers.Conv2DTranspose(
            filters,
            self.kernel_size,
            strides=2,
            padding="valid",
            kernel_initializer=self.kernel_initializer,
            name="conv",
        )

    def call(self, inputs, training=False):
        # 2n + 1 rows; without the first, row 2i is centred on input row i, the mirror image of
        # ConvBlock with strides=2. A 4x4 kernel makes one row more, at the end.
        kept = slice(1, None if self.kernel_size == 3 else -1)
        x = self.conv(inputs)[:, kept, kept]
        return self.finish(x, training)


def make_up_block(kind, filters, **kwargs):
    """The upsampling block for a name in `UPSAMPLINGS`; raises `ValueError` for another."""
    check_choice("upsampling", kind, UPSAMPLINGS)
    return (NearestUpBlock if kind == "nearest" else TransposedUpBlock)(filters, **kwargs)


class ResidualBlock(keras.layers.Layer):
    """Two 3x3 convolutions around which the input is added, with no ReLU after the addition.

    The form of Gross and Wilber that the paper takes.

    Args:
        filters: int, channels of input and output.
        normalization: one of `NORMALIZATIONS`.
        padding: one of `PADDINGS`.
    """

    def __init__(self, filters, normalization="instance", padding="reflect", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.normalization = normalization
        self.padding = padding
        options = {"normalization": normalization, "padding": padding}
        self.first = ConvBlock(filters, 3, **options, name="first")
        self.second = ConvBlock(filters, 3, activation=False, **options, name="second")

    def build(self, input_shape):
        if input_shape[-1] != self.filters:
            raise ValueError(
                f"`filters` must equal the input's channels, {input_shape[-1]}; "
                f"received {self.filters}"
            )
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, inputs, training=False):
        return inputs + self.second(self.first(inputs, training=training), training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "normalization": self.normalization,
            "padding": self.padding,
        }
