"""Merged kernels against the two steps that they stand for, in NumPy."""

import numpy as np
from keras import ops

from fast_style.networks.kernels import nearest_kernel


def two_steps(image, kernel):
    """Nearest neighbour x2 of `[H, W, C]`, then a 3x3 convolution, padded with zeros."""
    enlarged = np.pad(image.repeat(2, 0).repeat(2, 1), [(1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(enlarged, (3, 3), (0, 1))
    return np.einsum("hwcij,ijcf->hwf", windows, kernel)


def transposed(image, kernel):
    """Each pixel of `[H, W, C]` adds its 4x4 kernel `[4, 4, F, C]` at twice its place."""
    height, width, _ = image.shape
    result = np.zeros((2 * height + 2, 2 * width + 2, kernel.shape[2]))
    for y in range(height):
        for x in range(width):
            result[2 * y : 2 * y + 4, 2 * x : 2 * x + 4] += kernel @ image[y, x]
    return result[1:-1, 1:-1]


def test_one_transposed_convolution_does_the_work_of_both_steps():
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(5, 7, 3)), rng.normal(size=(3, 3, 3, 2))
    merged = nearest_kernel(kernel)
    assert merged.shape == (4, 4, 2, 3)
    np.testing.assert_allclose(transposed(image, merged), two_steps(image, kernel), atol=1e-12)


def test_tensors_and_arrays_give_the_same_kernel():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype("float32")
    tensor = nearest_kernel(ops.convert_to_tensor(kernel), ops)
    np.testing.assert_allclose(tensor, nearest_kernel(kernel), rtol=1e-6)
