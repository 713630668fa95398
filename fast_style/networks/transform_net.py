"""The image transformation network (Johnson et al. 2016, section 3.1)."""

import dataclasses

import keras
from keras import ops

from fast_style.networks.architecture import SMALLEST, STRIDE, STYLE, Architecture
from fast_style.networks.layers import ConvBlock, make_up_block
from fast_style.networks.padding import pad_to_multiple
from fast_style.networks.residual_network import ResidualNetwork


@keras.saving.register_keras_serializable("fast_style")
class TransformNet(ResidualNetwork):
    """Repaints images in the style that its weights were trained for.

    A 9x9 convolution, two of stride 2, residual blocks, two upsampling blocks and a 9x9
    convolution. Any height and width: sides that are not divisible by 4 are padded with their edge
    pixels, and the output is cropped to the input's size.

    Called on float32 RGB `[N, H, W, 3]` with values 0..255, returns the same shape. With
    `output="tanh"` the values lie in 0..255; "linear" may go beyond (clip before showing).

    Departures from the paper: instance in place of batch normalization (Ulyanov et al. 2016) and
    nearest-neighbour upsampling in place of stride 1/2 are defaults here, the paper's are options;
    the residual blocks are padded, so that the output has the input's size, where the paper pads
    the input by 40 pixels and lets the blocks consume them.

    Args:
        width: int, channels of the first convolution; the bottleneck has four times as many.
        residual_blocks: int, number of residual blocks.
        normalization: "instance", "batch" or "none".
        padding: "reflect" or "zero".
        upsampling: "nearest" (then a 3x3 convolution) or "transpose" (stride 1/2).
        output: "tanh" (scaled to 0..255) or "linear".
        strided_kernel: 3 or 4, side of the kernels of stride 2 and 1/2, pixels (4 is for networks
            that were trained elsewhere).

    Raises:
        ValueError: an unsupported option, or a number out of range.
    """

    OPTIONS = tuple(field.name for field in dataclasses.fields(Architecture))
    LATER_OPTIONS = {"strided_kernel": Architecture.strided_kernel}
    task = STYLE

    def __init__(
        self,
        width=32,
        residual_blocks=5,
        normalization="instance",
        padding="reflect",
        upsampling="nearest",
        output="linear",
        strided_kernel=3,
        **kwargs,
    ):
        architecture = Architecture(
            width, residual_blocks, normalization, padding, upsampling, output, strided_kernel
        )
        super().__init__(width, residual_blocks, **kwargs)
        self.architecture = architecture
        self.normalization = normalization
        self.padding = padding
        self.upsampling = upsampling
        self.output_activation = output
        self.strided_kernel = strided_kernel

        options = {"normalization": normalization, "padding": padding}
        # Without normalization, pixels of 0..255 would saturate the tanh: kernels begin smaller.
        first = keras.initializers.VarianceScaling(
            1 / 128**2 if normalization == "none" else 1.0, mode="fan_avg", distribution="uniform"
        )
        self.down1 = ConvBlock(width, 9, kernel_initializer=first, **options, name="down1")
        self.down2 = ConvBlock(2 * width, strided_kernel, strides=2, **options, name="down2")
        self.down3 = ConvBlock(4 * width, strided_kernel, strides=2, **options, name="down3")
        self._make_body(4 * width, **options)
        # After nearest neighbour, the convolution's stride is 1.
        up = {**options, "kernel_size": strided_kernel if upsampling == "transpose" else 3}
        self.up1 = make_up_block(upsampling, 2 * width, **up, name="up1")
        self.up2 = make_up_block(upsampling, width, **up, name="up2")
        self.out = ConvBlock(
            3,
            9,
            normalization="none",
            padding=padding,
            activation=False,
            name="out",
            dtype=self.dtype_policy,
        )

    @property
    def head(self):
        return [self.down1, self.down2, self.down3]

    @property
    def tail(self):
        return [self.up1, self.up2, self.out]

    def call(self, images, training=False):
        height, width = ops.shape(images)[1:3]
        x = self._through_blocks(pad_to_multiple(images, STRIDE, SMALLEST, ops), training)
        x = x[:, :height, :width]
        return 127.5 * (ops.tanh(x) + 1) if self.output_activation == "tanh" else x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "output": self.output_activation}
