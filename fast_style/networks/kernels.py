"""Kernels that merge two steps into one, computed with NumPy or with Keras."""

import numpy as np


def nearest_kernel(kernel, ops=np):
    """The kernel of one transposed convolution for nearest neighbour x2 and a 3x3 convolution.

    After enlarging, several taps of the 3x3 kernel fall on copies of one pixel: they are added up
    beforehand.

    Args:
        kernel: float `[3, 3, C, F]`, of the 3x3 convolution.
        ops: `numpy` for an array, `keras.ops` for a tensor.

    Returns:
        float `[4, 4, F, C]`, for `keras.ops.conv_transpose` with stride 2.
    """
    if ops is np:
        folded = np.zeros((4, 4, *kernel.shape[2:]), kernel.dtype)
        for row, column in np.ndindex(3, 3):
            # Tap r of a copy's row falls on this pixel from two rows of the output.
            folded[2 - row : 4 - row, 2 - column : 4 - column] += kernel[row, column]
        return folded.transpose(0, 1, 3, 2)
    # The same sums, row by row and then column by column: four additions that have a gradient.
    for axis in (0, 1):
        before, after = [[0, 0]] * axis, [[0, 0]] * (3 - axis)
        first, second = ([*before, border, *after] for border in ([1, 0], [0, 1]))
        kernel = ops.pad(kernel, first) + ops.pad(kernel, second)
    turned = ops.flip(ops.flip(kernel, 0), 1)  # Keras 3.10 takes one axis at a time
    return ops.transpose(turned, (0, 1, 3, 2))


def with_batch_normalization(kernel, bias, gamma, beta, mean, variance, epsilon):
    """Kernel and bias of a convolution that has the batch normalization after it in them.

    Args:
        kernel: float32 `[..., C]`, output channels last.
        bias, gamma, beta, mean, variance: float32 `[C]`.
        epsilon: float, added to variances.

    Returns:
        Such a kernel and bias.
    """
    scale = gamma / np.sqrt(variance + np.float32(epsilon))
    return kernel * scale, (bias - mean) * scale + beta
