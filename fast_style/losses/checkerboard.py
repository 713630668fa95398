"""A loss against checkerboard artifacts: texture that repeats with the network's own grid.

Where a photograph is even, a network that upsamples sees nothing that would tell one cell of its
grid from the next, so it paints the same into each: a weave (Odena, Dumoulin and Olah,
*Deconvolution and Checkerboard Artifacts*, Distill 2016, name those that come from uneven overlap).
Style losses do not mind: to Gram matrices a weave is as good as strokes.
"""

import numpy as np
from keras import ops

WINDOW = 12  # cells of the grid, along each axis, over which a pattern has to repeat


def checkerboard_loss(images, period):
    """How strong the pattern is that repeats from cell to cell of a grid.

    Of what is finer than a cell, each place within a cell is averaged over windows of 12 x 12
    cells: strokes, which lie differently in each cell, cancel out, and a weave stays. The loss is
    the mean square of these averages.

    Args:
        images: float `[N, H, W, C]`, the grid beginning at the first pixel.
        period: even int, side of a cell, pixels. An image of few cells has small windows, one of
            less than three along an axis no loss.

    Returns:
        float32 scalar, in squared units of pixel values.
    """
    _, height, width, channels = images.shape
    # Without padding a period is lost to the filter; the grid's cells may start anywhere.
    rows, columns = height // period - 1, width // period - 1
    if min(rows, columns) < 2:
        return ops.zeros((), "float32")
    taps = np.ones(period + 1, np.float32) / period
    taps[[0, -1]] /= 2  # the mean over one period about a pixel
    kernel = -np.outer(taps, taps)
    kernel[period // 2, period // 2] += 1
    kernel = np.repeat(kernel[..., None, None], channels, axis=2)
    fine = ops.depthwise_conv(ops.cast(images, "float32"), kernel, padding="valid")
    fine = fine[:, : rows * period, : columns * period]
    cells = ops.reshape(fine, (-1, rows, period, columns, period * channels))
    cells = ops.reshape(
        ops.transpose(cells, (0, 1, 3, 2, 4)), (-1, rows, columns, period**2 * channels)
    )
    window = min(WINDOW, rows), min(WINDOW, columns)
    strides = tuple(side // 2 for side in window)
    return ops.mean(ops.square(ops.average_pool(cells, window, strides)))
