"""Padding by repeating edge pixels, for NumPy arrays and Keras tensors alike."""

import numpy as np


def padded_side(side, multiple, smallest, ops=np):
    """The smallest length from `side` on that is divisible by `multiple` and at least `smallest`.

    Args:
        side: pixels, an int, or an integer tensor of `ops`.
        multiple: int, pixels.
        smallest: int, a multiple of `multiple`.
        ops: `numpy` or `keras.ops`.

    Returns:
        As `side`.
    """
    padded = (side + multiple - 1) // multiple * multiple
    return max(padded, smallest) if isinstance(side, int) else ops.maximum(padded, smallest)


def pad_edges(images, height, width, ops=np):
    """Repeats the last row and column up to a given size.

    Args:
        images: `[..., H, W, C]`.
        height, width: of the result, pixels, at least those of `images`.
        ops: `numpy` for arrays, `keras.ops` for tensors.

    Returns:
        `[..., height, width, C]`.
    """
    for axis, wanted in ((-3, height), (-2, width)):
        size = ops.shape(images)[axis]
        if isinstance(size, int) and size == wanted:
            continue
        indices = ops.minimum(ops.arange(wanted), size - 1)
        images = ops.take(images, indices, axis=axis)
    return images


def pad_to_multiple(images, multiple, smallest, ops=np):
    """Repeats the last row and column until both sides are divisible by `multiple`.

    Args:
        images: `[..., H, W, C]`.
        multiple, smallest: int, pixels, see `padded_side`.
        ops: as in `pad_edges`.

    Returns:
        `[..., H', W', C]`.
    """
    sides = ops.shape(images)[-3:-1]
    return pad_edges(images, *(padded_side(s, multiple, smallest, ops) for s in sides), ops)
