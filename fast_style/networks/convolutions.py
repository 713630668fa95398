"""Convolutions in forms that take less time than the direct one and give the same sums."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("fast_style")
class FewChannelConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` of stride 1 without padding that is faster for few output channels.

    Takes the arguments of `keras.layers.Conv2D`; see `conv_to_few_channels`.
    """

    def call(self, inputs):
        x = conv_to_few_channels(inputs, self.kernel)
        return x + ops.cast(self.bias, x.dtype)


def conv_to_few_channels(images, kernel):
    """A convolution of stride 1 without padding, as two convolutions.

    The first one computes each row of the kernel as output channels of its own; the second one,
    one pixel wide, shifts them into place and adds them up. With three output channels the direct
    form leaves most of a CPU's vector lanes idle; 9x9 to three channels takes half the time this
    way (`benchmarks.convolution_forms`).

    Args:
        images: float `[N, H, W, C]`.
        kernel: float `[R, S, C, F]`.

    Returns:
        float `[N, H - R + 1, W - S + 1, F]`.
    """
    rows, columns, channels, filters = kernel.shape
    # Row i of the kernel belongs i pixels lower.
    shifts = np.zeros((rows, 1, rows, filters, filters))
    for row in range(rows):
        shifts[row, 0, row] = np.eye(filters)
    shifts = shifts.reshape(rows, 1, rows * filters, filters)
    kernel = ops.transpose(kernel, (1, 2, 0, 3))
    kernel = ops.reshape(kernel, (1, columns, channels, rows * filters))
    x = ops.conv(images, kernel, padding="valid")
    return ops.conv(x, ops.convert_to_tensor(shifts, x.dtype), padding="valid")
