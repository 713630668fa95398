"""Image files whose pixels come as an array, for formats that Pillow does not read."""

import re

import numpy as np
from PIL import Image, ImageFile

from fast_style.images.samples import to_uint8

_PFM_HEAD = re.compile(rb"PF\s+(\S+)\s+(\S+)\s+(\S+)")


class Unsupported(ValueError):
    """A sound file of a kind that is not read; the message says what it is."""


class ArrayFile(ImageFile.ImageFile):
    """A file like Pillow's own, whose header alone is read when it is made.

    Subclasses have `_pixels()`, uint8 in the bands of the image's mode.
    """

    def load(self):
        if self._im is None:
            self.im = Image.frombytes(self.mode, self.size, self._pixels().tobytes()).im
        return Image.Image.load(self)


class PfmFile(ArrayFile):
    """A portable float map in colours: lines "PF", "WIDTH HEIGHT", "-1.0", rows from the bottom."""

    format = "PPM"
    format_description = "Portable float map"

    def _open(self):
        head = _PFM_HEAD.match(self.fp.read(100))
        if not head:
            raise SyntaxError("not a colour PFM file")
        self._size = int(head[1]), int(head[2])
        self._mode = "RGB"
        self._little = float(head[3]) < 0
        self._start = head.end() + 1  # one blank
        if min(self._size) < 1:
            raise SyntaxError("no pixels")

    def _pixels(self):
        width, height = self.size
        self.fp.seek(self._start)
        data = self.fp.read(12 * width * height)
        if len(data) < 12 * width * height:
            raise OSError("image file is truncated")
        values = np.frombuffer(data, "<f4" if self._little else ">f4")
        return to_uint8(values.reshape(height, width, 3)[::-1])
