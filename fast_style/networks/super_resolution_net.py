"""The super-resolution network (Johnson et al. 2016, section 4.2 and supplementary material)."""

import keras
import numpy as np
from keras import ops

from fast_style.errors import InvalidValue
from fast_style.networks.architecture import SUPER_RESOLUTION
from fast_style.networks.layers import ConvBlock, make_up_block
from fast_style.networks.padding import pad_to_multiple
from fast_style.networks.residual_network import ResidualNetwork

FACTORS = (2, 4, 8, 16)
SMALLEST = 5  # pixels; reflection around the 9x9 convolution needs more than four rows


@keras.saving.register_keras_serializable("fast_style")
class SuperResolutionNet(ResidualNetwork):
    """Enlarges images `factor` times, with the detail that its weights were trained for.

    A 9x9 convolution and residual blocks at the image's own resolution, log2(factor) upsampling
    blocks and a 9x9 convolution. Any height and width.

    Called on float32 RGB `[N, H, W, 3]` with values 0..255, returns float32 RGB
    `[N, factor H, factor W, 3]`, which may go a little beyond 0..255 (clip before showing).

    Departures from the paper, each with the paper's own as an option: no normalization (the
    statistics of an image's features are part of what is to be restored; Lim et al. 2017, *EDSR*)
    in place of "batch"; nearest neighbour and a convolution in place of a convolution of stride
    1/2; and `skip`. The output is linear, the paper's a scaled tanh.

    Args:
        factor: 2, 4, 8 or 16.
        width: int, channels of all convolutions but the last.
        residual_blocks: int, number of residual blocks.
        normalization: "instance", "batch" or "none".
        padding: "reflect" or "zero".
        upsampling: "nearest" (then a 3x3 convolution) or "transpose" (stride 1/2).
        skip: bool, whether the bicubically enlarged image is added to the output, so that the
            blocks add only the detail (Kim et al. 2016, *VDSR*). A fresh network then returns
            the enlarged image itself.

    Raises:
        ValueError: an unsupported option.
    """

    OPTIONS = (
        "factor",
        "width",
        "residual_blocks",
        "normalization",
        "padding",
        "upsampling",
        "skip",
    )
    task = SUPER_RESOLUTION

    def __init__(
        self,
        factor=4,
        width=64,
        residual_blocks=4,
        normalization="none",
        padding="reflect",
        upsampling="nearest",
        skip=True,
        **kwargs,
    ):
        super().__init__(width, residual_blocks, **kwargs)
        check_factor(factor)
        if not isinstance(skip, bool):
            raise InvalidValue(f"`skip` must be True or False; received {skip!r}")
        self.factor = factor
        self.normalization = normalization
        self.padding = padding
        self.upsampling = upsampling
        self.skip = skip

        options = {"normalization": normalization, "padding": padding}
        self.first = ConvBlock(width, 9, **options, name="first")
        self._make_body(width, **options)
        self.up_blocks = factor.bit_length() - 1  # log2
        for i in range(self.up_blocks):
            name = f"up{i + 1}"
            setattr(self, name, make_up_block(upsampling, width, **options, name=name))
        self.out = ConvBlock(
            3,
            9,
            normalization="none",
            padding=padding,
            activation=False,
            kernel_initializer="zeros" if skip else "glorot_uniform",
            name="out",
            dtype=self.dtype_policy,
        )
        self._enlarging = _bicubic_kernel(factor)

    @property
    def head(self):
        return [self.first]

    @property
    def tail(self):
        return [*(getattr(self, f"up{i + 1}") for i in range(self.up_blocks)), self.out]

    @property
    def reach(self):
        """How many pixels around it a pixel may depend on, each way, in the small image.

        None if it depends on the whole image, by instance normalization.
        """
        if self.normalization == "instance":
            return None
        # 9x9, two 3x3 in each residual block; the 3x3 at doubled sizes together, and the last 9x9,
        # reach two pixels each; so does the bicubic enlargement, beside them.
        return 4 + 2 * self.residual_blocks + 2 + 2

    def call(self, images, training=False):
        height, width = ops.shape(images)[1:3]
        images = pad_to_multiple(ops.cast(images, "float32"), 1, SMALLEST, ops)
        x = self._through_blocks(images / 127.5 - 1, training=training)
        # Added to the enlarged image, or to the middle of the range.
        start = self._enlarged(images) if self.skip else 127.5
        x = start + 127.5 * ops.cast(x, "float32")
        return x[:, : self.factor * height, : self.factor * width]

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (
            batch,
            None if height is None else self.factor * height,
            None if width is None else self.factor * width,
            channels,
        )

    def _enlarged(self, images):
        """Bicubic enlargement: a convolution of stride 1/factor with a fixed kernel.

        The border is mirrored, as in MATLAB's imresize.
        """
        for axis in (1, 2):
            first, second, last, before = (
                ops.take(images, [index], axis=axis) for index in (0, 1, -1, -2)
            )
            images = ops.concatenate([second, first, images, last, before], axis=axis)
        x = ops.conv_transpose(images, self._enlarging, strides=self.factor, padding="valid")
        # A side of n, padded to n + 4, becomes (n + 3 + 4) * factor pixels: 7 * factor too many.
        border = self.factor * 7 // 2
        return x[:, border:-border, border:-border]


def check_factor(factor):
    """Raises `ValueError` unless `factor` is one of `FACTORS`."""
    if type(factor) is not int or factor not in FACTORS:
        raise InvalidValue(
            f"`factor` must be a power of two from {FACTORS[0]} to {FACTORS[-1]}; "
            f"received {factor!r}"
        )


def _bicubic_kernel(factor):
    """Keys's cubic (a = -0.5), sampled at the distances of enlarged pixels: `[K, K, 3, 3]`.

    It leaves the three channels separate.
    """
    distance = np.abs((np.arange(4 * factor) + 0.5) / factor - 2)
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    line = np.where(distance <= 1, near, far)
    return (np.outer(line, line)[:, :, None, None] * np.eye(3)).astype("float32")
