"""The inputs of bands: their rows with a border, read once and in order."""

import numpy as np

from fast_style.networks.architecture import STRIDE
from fast_style.networks.padding import pad_edges


class Window:
    """An input of a segment: rows of a band and its border, read once and in order.

    Those of them that the band below needs, too, are held: a segment's output for a band may be
    written over the band itself.

    Args:
        read: function of an array `[rows, numbers]`, to fill with rows of the image (or its
            features), and of the first of them.
        array: `[H, W, C]`, to be filled.
        border: pixels on each side, and what they are (`border_of`).
        scale: int, rows for one row of the bottleneck.
        height: int, rows of the image in all.
    """

    def __init__(self, read, array, border, scale, height):
        self._read = read
        self._array = array
        self._border, self._mode = border
        self._scale = scale
        self._height = height
        self._top = self._end = 0  # rows of the image: of the array's first one, and after its last

    def move_to(self, start):
        """Fills the array for the band that begins with row `start` of the bottleneck.

        Returns:
            float32 `[H]`, 1 for rows of the image and 0 for those of its border.
        """
        array, count = self._array, len(self._array)
        top = self._scale * start - self._border
        first, end = max(top, 0), min(top + count, self._height)
        held = max(0, self._end - first)
        moved = array[first - self._top :][:held]
        array[first - top :][: len(moved)] = moved
        if first + held < end:
            self._fill(array[first + held - top : end - top], first + held)
        self._top, self._end = top, end
        rows = np.arange(top, top + count)
        for index in np.flatnonzero((rows < 0) | (rows >= self._height)):
            array[index] = array[self._mirrored(rows[index]) - top]
        return ((rows >= 0) & (rows < self._height)).astype(np.float32)

    def _fill(self, target, start):
        """Reads rows of the image from `start` on, and gives them their border."""
        border, ends = self._border, self._border * target.shape[-1]
        rows = target.reshape(len(target), -1)
        self._read(rows[:, ends : rows.shape[1] - ends], start)
        if self._mode == "reflect":
            target[:, :border] = target[:, 2 * border : border : -1]
            target[:, -border:] = target[:, -border - 2 : -2 * border - 2 : -1]
        else:
            target[:, :border] = target[:, border : border + 1]
            target[:, -border:] = target[:, -border - 1 : -border]

    def _mirrored(self, row):
        """The row of the image that stands in for one beyond it."""
        last = self._height - 1
        beyond = -row if row < 0 else row - last
        if self._mode != "reflect" or beyond > self._border:  # of no band
            return 0 if row < 0 else last
        return beyond if row < 0 else last - beyond


class Pixels:
    """An image, padded with its last row and column to what the network takes."""

    def __init__(self, image, width):
        self.image, self.width = image, STRIDE * width

    def read(self, target, start):
        """Fills an array `[rows, numbers]` with rows from `start` on."""
        rows = self.image[min(start, len(self.image) - 1) : start + len(target)]
        target[:] = pad_edges(rows, len(target), self.width).reshape(target.shape)
