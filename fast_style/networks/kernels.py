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
    for axis in (0, 1):
        before, after = [[0, 0]] * axis, [[0, 0]] * (3 - axis)
        first, second = ([*before, border, *after] for border in ([1, 0], [0, 1]))
        kernel = ops.pad(kernel, first) + ops.pad(kernel, second)
    return ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
