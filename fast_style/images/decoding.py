"""Encoded images to uint8 RGB arrays: untrusted data is checked and decoded here."""

import io
import struct
import threading
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fast_style.errors import InvalidValue, one_line

MAX_PIXELS = 100_000_000
"""Default limit on height * width of a file that is read, in pixels."""

# Only these are opened: Pillow also knows formats that run other programs (EPS: ghostscript).
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM")
_MAX_METADATA = 1 << 20  # bytes of EXIF or ICC profile; more than cameras write is dropped
_ORIENTATION = 0x0112
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A TIFF's "EXIF" is its own directory, with the place and layout of its pixels. Only these tags
# describe the photograph: description, make, model, software, date, artist, copyright, EXIF, GPS.
_TIFF_TAGS = frozenset({270, 271, 272, 305, 306, 315, 33432, 34665, 34853})

# What Pillow raises for damaged files; AssertionError because some assert on contents.
DAMAGED = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

Image.init()  # registers every format, without which Image.OPEN and Image.SAVE lack most

_limit_lock = threading.Lock()


class ImageError(InvalidValue):
    """A file that is not a readable image, or has more pixels than allowed."""


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes:
        rgb: uint8 `[H, W, 3]`, 0..255, upright (the file's EXIF orientation is applied).
        alpha: uint8 `[H, W]`, 0 transparent .. 255 opaque; None if every pixel is opaque.
        exif: EXIF as bytes, without orientation and thumbnail; None if the file has none.
        icc_profile: ICC profile of `rgb` as bytes; None if the file has none.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes | None = None
    icc_profile: bytes | None = None


def decode(data, name="image", max_pixels=MAX_PIXELS, at_least=None):
    """Decodes an image file that is already in memory; see `load`.

    Args:
        data: the file's contents, bytes.
        name: what error messages call the image.
        max_pixels: limit on height * width as stored, in pixels.
        at_least: None, or a number of pixels >= 1: a JPEG may then be decoded at 1/2, 1/4 or 1/8 of
            its size, which is faster, as long as its shorter side has at least this many pixels.

    Returns:
        A `Picture`.

    Raises:
        ImageError: `data` is not a readable image, or has more than `max_pixels`.
        ValueError: `at_least` is below 1.
    """
    if at_least is not None and at_least < 1:
        raise InvalidValue(f"`at_least` must be None or at least 1 pixel, received {at_least}")
    return decode_stream(io.BytesIO(data), name, max_pixels, at_least)


def decode_stream(stream, name, max_pixels, at_least=None):
    """`decode` for a seekable binary file."""
    try:
        image = open_header(stream, max_pixels)
        width, height = image.size
        if width * height > max_pixels:
            raise ImageError(
                f"{name}: {width} x {height} is {width * height:,} pixels, over the limit of "
                f"{max_pixels:,} (--max_pixels raises it)"
            )
        if at_least is not None and image.format in ("JPEG", "MPO"):
            image.draft(None, (at_least, at_least))
        image.load()  # before metadata: PNG may hold EXIF behind its pixels
        orientation, exif = _metadata(image)
        if orientation in _TRANSPOSES:
            image = image.transpose(_TRANSPOSES[orientation])
        rgb, alpha = _to_arrays(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # of WebP the canvas; else a frame or a tile
        raise ImageError(
            f"{name}: over the limit of {max_pixels:,} pixels (--max_pixels raises it): {error}"
        ) from error
    except DAMAGED as error:
        raise ImageError(f"{name}: not a readable image ({one_line(error)})") from error
    profile = image.info.get("icc_profile")
    # A profile for grey or CMYK (bytes 16..19 say so) does not describe the RGB made from it.
    if not profile or profile[16:20] != b"RGB " or len(profile) > _MAX_METADATA:
        profile = None
    return Picture(rgb, alpha, exif, profile)


def open_header(stream, max_pixels=MAX_PIXELS):
    """Reads the header; returns a Pillow image that is not decoded yet.

    Unlike Image.open, which warns or raises at a limit of its own, 89 million pixels, global to the
    process, before ours can be checked.
    """
    # Pillow's readers check that limit as well, for frames and tiles, so it must not be lower than
    # ours. It is only ever raised, and still guards other users of Pillow.
    with _limit_lock:
        if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
            Image.MAX_IMAGE_PIXELS = max_pixels
    stream.seek(0)
    prefix = stream.read(16)
    if not prefix:
        raise ValueError("the file is empty")
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        accepted = factory is not None and accept(prefix)
        if isinstance(accepted, str):  # recognized, but this Pillow was built without it
            raise ValueError(accepted)
        if accepted:
            stream.seek(0)
            return factory(stream, "")
    raise ValueError(f"not one of the formats {', '.join(_FORMATS)}")


def _metadata(image):
    """Returns (EXIF orientation 1..8, EXIF bytes without it or None); ignores damaged EXIF."""
    orientation = 1
    try:
        exif = image.getexif()
        orientation = exif.pop(_ORIENTATION, 1)
        if image.format == "TIFF":
            for tag in set(exif) - _TIFF_TAGS:
                del exif[tag]
        data = exif.tobytes() if len(exif) else None
    except DAMAGED:
        data = None
    if data is not None and len(data) > _MAX_METADATA:
        data = None
    return orientation, data


def _to_arrays(image):
    """Converts a Pillow image of any mode to (rgb uint8 [H, W, 3], alpha uint8 [H, W] or None)."""
    alpha = None
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):  # 16-bit grey PNG: one value stands for transparent
            alpha = np.where(values == transparent, 0, 255).astype(np.uint8)
        values = np.nan_to_num(values.astype(np.float32))
        # 16-bit integers; floats have no rule, and are taken by their range.
        white = 65535.0
        if image.mode == "F":
            white = next((w for w in (1.0, 255.0) if values.max() <= w), white)
        grey = np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8)
        rgb = np.repeat(grey[:, :, None], 3, axis=2)
    else:
        if image.has_transparency_data:
            image = image.convert("RGBA")
            alpha = np.array(image.getchannel("A"))
        if image.mode != "RGB":
            image = image.convert("RGB")  # from RGBA this drops alpha and blends nothing
        rgb = np.array(image)
    if alpha is not None and alpha.min() == 255:
        alpha = None
    return rgb, alpha
