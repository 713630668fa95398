"""Pictures and encoded image files for tests."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 24, 36
ORIENTATION, ARTIST = 0x0112, 0x013B  # EXIF tags


def photo(height=HEIGHT, width=WIDTH):
    """A smooth picture without symmetry, uint8 [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    return np.stack([red, green, 200 - red / 2], axis=-1).astype(np.uint8)


def ramp(height=HEIGHT, width=WIDTH):
    """An alpha channel from 0 to 255, uint8 [height, width]."""
    return np.linspace(0, 255, height * width).reshape(height, width).astype(np.uint8)


def encoded(image, format="PNG", **options):
    """The bytes of an image file; `image` is Pillow's or an array, `options` those of its save."""
    stream = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(stream, format, **options)
    return stream.getvalue()


def exif_bytes(orientation=None):
    exif = Image.Exif()
    exif[ARTIST] = "A. Painter"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def distance(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()
