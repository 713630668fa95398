"""Enlarging in bounded memory: an image goes through the network tile by tile.

A network without normalization, or with one whose statistics are fixed, sees only so far: with
enough pixels around it, a tile is enlarged as it is in the whole image. Nothing is blended.
"""

import numpy as np


def enlarge(runtime, image, side):
    """Enlarges one image as the whole network does, tile by tile.

    Args:
        runtime: `TensorFlowRuntime` of a `SuperResolutionNet` whose `reach` is not None.
        image: uint8 RGB `[H, W, 3]`.
        side: int, pixels of the image that a tile has at most, up and down and across.

    Returns:
        uint8 RGB `[factor H, factor W, 3]`.
    """
    factor = runtime.factor
    height, width = image.shape[:2]
    enlarged = np.empty((factor * height, factor * width, 3), np.uint8)
    for rows, own_rows, read_rows in _windows(height, side, runtime.reach):
        for columns, own_columns, read_columns in _windows(width, side, runtime.reach):
            window = runtime.paint(image[None, read_rows, read_columns])[0]
            target = enlarged[_times(rows, factor), _times(columns, factor)]
            target[:] = window[_times(own_rows, factor), _times(own_columns, factor)]
    return enlarged


def _windows(length, side, reach):
    """Tiles along one axis, all read in one size, which XLA then compiles for once.

    Yields:
        slices of the axis: the tile, and what is read for it; between them the tile's place in
        what is read.
    """
    side = -(-length // -(-length // side))  # as even as possible
    window = min(length, side + 2 * reach)
    for start in range(0, length, side):
        stop = min(start + side, length)
        low = min(max(0, start - reach), length - window)
        yield slice(start, stop), slice(start - low, stop - low), slice(low, low + window)


def _times(part, factor):
    return slice(factor * part.start, factor * part.stop)
