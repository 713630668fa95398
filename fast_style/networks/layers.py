"""Layers of the image transformation networks (Johnson et al. 2016, supplementary material).

Everything here works on float tensors `[N, H, W, C]` (NHWC) of any height and width and is
written with `keras.ops` alone, so it runs on each of Keras's backends.
"""

import keras
from keras import ops

from fast_style.errors import InvalidValue, check_choice
from fast_style.networks.architecture import PADDINGS, UPSAMPLINGS
from fast_style.networks.convolutions import FewChannelConv2D
from fast_style.networks.kernels import nearest_kernel
from fast_style.networks.normalization import make_normalization

# `FewChannelConv2D` is taken for kernels with more pixels than this for each output channel: 9x9 to
# 3 channels has 27, where it pays; 3x3 to 3 has 3 and 9x9 to 32 has 2.5, where it does not.
FEW = 9


@keras.saving.register_keras_serializable("fast_style")
class Padding2D(keras.layers.Layer):
    """Adds a border of `amount` pixels by reflection, of the edge's pixels or of zeros.

    Args:
        amount: int, pixels on each side; reflection needs images larger than this.
        mode: "reflect" (without the edge pixel), "edge" (reflection with it) or "zero".
    """

    def __init__(self, amount, mode="reflect", **kwargs):
        super().__init__(**kwargs)
        check_choice("mode", mode, (*PADDINGS, "edge"))
        self.amount = amount
        self.mode = mode

    def call(self, inputs):
        border = [self.amount, self.amount]
        mode = {"reflect": "reflect", "edge": "symmetric", "zero": "constant"}[self.mode]
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


@keras.saving.register_keras_serializable("fast_style")
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
        styles: int, number of styles; with several, calls take `styles`, float `[N, S]`, how much
            of each style each image gets.
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
        styles=1,
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
        self.styles = styles
        own = {"dtype": self.dtype_policy}
        self.pad = Padding2D((kernel_size - 1) // 2, padding, name="pad", **own)
        few = kernel_size**2 > FEW * filters and strides == 1
        self.conv = (FewChannelConv2D if few else keras.layers.Conv2D)(
            filters,
            kernel_size,
            strides=strides,
            kernel_initializer=self.kernel_initializer,
            name="conv",
            **own,
        )
        self.norm = make_normalization(normalization, styles, **own)

    def build(self, input_shape):
        # Only the channels matter: the convolution sees a padded or enlarged image.
        self.conv.build((None, None, None, input_shape[-1]))
        if self.norm:
            self.norm.build((None, None, None, self.filters))

    def call(self, inputs, training=False, styles=None):
        return self.finish(self.convolve(self.pad(inputs)), training, styles)

    def convolve(self, padded):
        """The convolution of an input with its border, which the output has not."""
        return self.conv(padded)

    def finish(self, x, training, styles=None):
        """Normalization and ReLU, on the output of the convolution."""
        if self.normalization == "batch":
            x = self.norm(x, training=training)
        elif self.norm:
            x = self.norm(x, styles=styles)
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
            **({"styles": self.styles} if self.styles > 1 else {}),
        }


class _UpBlock(ConvBlock):
    """A `ConvBlock` that doubles height and width."""

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, 1, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["strides"]
        return config


@keras.saving.register_keras_serializable("fast_style")
class NearestUpBlock(_UpBlock):
    """Doubles height and width by nearest neighbour, then a 3x3 `ConvBlock` (Odena et al. 2016).

    Takes the arguments of `ConvBlock` but `strides`; `kernel_size` is 3.

    Attributes:
        enlarge: None, or a function that doubles images `[N, H, W, C]` by nearest neighbour. With
            None both steps are merged into one transposed convolution with the same result; a
            function keeps them apart, for a runtime whose transposed convolution is slow.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(filters, **kwargs)
        self.enlarge = None
        check_choice("kernel_size", self.kernel_size, (3,))
        # Reflecting the enlarged image repeats the edge of the small one.
        border = "edge" if self.padding == "reflect" else "zero"
        self.pad = Padding2D(1, border, name="pad", dtype=self.dtype_policy)

    def call(self, inputs, training=False, styles=None):
        if self.enlarge is not None:
            pad = Padding2D(1, self.padding, dtype=self.dtype_policy)
            return self.finish(self.conv(pad(self.enlarge(inputs))), training, styles)
        return super().call(inputs, training, styles)

    def convolve(self, padded):
        # What nearest neighbour repeats is multiplied once: each output pixel sees 2x2 input
        # pixels, so both steps are one convolution of stride 1/2, with 4/9 of the products.
        kernel = nearest_kernel(self.conv.kernel, ops)
        x = ops.conv_transpose(padded, kernel, strides=2, padding="valid")[:, 3:-3, 3:-3]
        return x + ops.cast(self.conv.bias, x.dtype)


@keras.saving.register_keras_serializable("fast_style")
class TransposedUpBlock(_UpBlock):
    """Doubles height and width by a convolution of stride 1/2, as the paper; then as `ConvBlock`.

    Takes the arguments of `ConvBlock` but `strides`; `kernel_size` is 3 or 4. Pixels beyond the
    border add nothing to the sums, as if padded with zeros: `padding` has no effect here.
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
            dtype=self.dtype_policy,
        )

    def call(self, inputs, training=False, styles=None):
        # 2n + 1 rows; without the first, row 2i is centred on input row i, the mirror image of
        # ConvBlock with strides=2. A 4x4 kernel makes one more row, at the end.
        kept = slice(1, None if self.kernel_size == 3 else -1)
        x = self.conv(inputs)[:, kept, kept]
        return self.finish(x, training, styles)

    def convolve(self, padded):
        kept = slice(3, -2 if self.kernel_size == 3 else -3)
        return self.conv(padded)[:, kept, kept]


def make_up_block(kind, filters, **kwargs):
    """The upsampling block for a name in `UPSAMPLINGS`; raises `ValueError` for another."""
    check_choice("upsampling", kind, UPSAMPLINGS)
    return (NearestUpBlock if kind == "nearest" else TransposedUpBlock)(filters, **kwargs)


@keras.saving.register_keras_serializable("fast_style")
class ResidualBlock(keras.layers.Layer):
    """Two 3x3 convolutions around which the input is added, with no ReLU after the addition.

    The form of Gross and Wilber 2016, which the paper uses.

    Args:
        filters: int, channels of input and output.
        normalization: one of `NORMALIZATIONS`.
        padding: one of `PADDINGS`.
        styles: as in `ConvBlock`.
    """

    def __init__(self, filters, normalization="instance", padding="reflect", styles=1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.normalization = normalization
        self.padding = padding
        self.styles = styles
        options = {
            "normalization": normalization,
            "padding": padding,
            "styles": styles,
            "dtype": self.dtype_policy,
        }
        self.first = ConvBlock(filters, 3, **options, name="first")
        self.second = ConvBlock(filters, 3, activation=False, **options, name="second")

    def build(self, input_shape):
        if input_shape[-1] != self.filters:
            raise InvalidValue(
                f"`filters` must equal the input's channels, {input_shape[-1]}; "
                f"received {self.filters}"
            )
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, inputs, training=False, styles=None):
        options = {"training": training, "styles": styles}
        return inputs + self.second(self.first(inputs, **options), **options)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "normalization": self.normalization,
            "padding": self.padding,
            **({"styles": self.styles} if self.styles > 1 else {}),
        }
