"""The one transparent colour of a PNG (tRNS), where Pillow compares it with scaled pixels."""

import numpy as np
from PIL import PngImagePlugin

_GREY_BITS = {"L;2": 2, "L;4": 4}  # by Pillow's raw modes
_RGB16 = "RGB;16B"
_RGB16_LOW_BYTES = "RGB;16L"  # of numbers that are stored with the high byte first


def raw_mode(image):
    """How the pixels of a PNG that is not decoded yet are stored: Pillow's raw mode, or None."""
    return image.tile[0].args if image.format == "PNG" and image.tile else None


def alpha(image, raw, stream):
    """The alpha channel that one transparent colour makes.

    Args:
        image: a decoded Pillow image.
        raw: what `raw_mode` said of it before.
        stream: the file, seekable, in case that it must be decoded again.

    Returns:
        uint8 `[H, W]`, 0 or 255; None if Pillow itself can tell, or nothing is transparent.
    """
    key = image.info.get("transparency")
    if isinstance(key, int) and raw in _GREY_BITS:
        matches = np.asarray(image) == key * 255 // (2 ** _GREY_BITS[raw] - 1)
    elif isinstance(key, tuple) and raw == _RGB16:
        stream.seek(0)
        low = PngImagePlugin.PngImageFile(stream, "")
        low.tile = [low.tile[0]._replace(args=_RGB16_LOW_BYTES)]
        matches = np.ones(image.size[::-1], bool)
        for band, number in enumerate(key):
            matches &= np.asarray(image.getchannel(band)) == number >> 8
            matches &= np.asarray(low.getchannel(band)) == number & 255
    else:
        return None
    return np.where(matches, 0, 255).astype(np.uint8)
