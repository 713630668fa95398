"""Encoded images to uint8 RGB arrays: untrusted data is checked and decoded here."""

import importlib.util
import io
import os
import struct
import threading
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fast_style.errors import InvalidValue, one_line
from fast_style.images import (
    array_files,
    camera_raw,
    deep_tiff,
    metadata,
    png_transparency,
    profiles,
    samples,
)
from fast_style.images.array_files import Unsupported
from fast_style.images.metadata import Metadata

MAX_PIXELS = 100_000_000
"""Default limit on height * width of a file that is read, in pixels."""

# Only these are opened: Pillow also knows formats that run other programs (EPS: ghostscript).
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM")
HEIF_SUFFIXES = (".heic", ".heif", ".hif")
HAS_HEIF = importlib.util.find_spec("pillow_heif") is not None
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_PREFIX = 64  # bytes from which a format is told
_TIFF_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
_BITS_PER_SAMPLE = 258  # a TIFF's tag
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
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


class UnknownFormat(ValueError):
    """A file that is of none of the formats that are read."""


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes:
        rgb: uint8 `[H, W, 3]`, sRGB, 0..255, upright (the file's EXIF orientation is applied).
        alpha: uint8 `[H, W]`, 0 transparent .. 255 opaque; None if every pixel is opaque.
        metadata: `Metadata`, what else the file says.
        notes: tuple of str, what a user should know of how the file was read.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()


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
        raw_mode = png_transparency.raw_mode(image)
        image.load()  # before metadata: PNG may hold EXIF behind its pixels
        orientation, is_adobe_rgb, said = metadata.read(image, DAMAGED)
        frames = _frames_note(image, stream)
        profile = _profile(image, stream, is_adobe_rgb)
        transparent = png_transparency.alpha(image, raw_mode, stream)
        if transparent is not None:
            image = image.convert("LA" if image.mode == "L" else "RGBA")
            image.putalpha(Image.fromarray(transparent))
        if orientation in _TRANSPOSES:
            image = image.transpose(_TRANSPOSES[orientation])
        rgb, alpha, usable = _to_arrays(image, profile)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # of WebP the canvas; else a frame or a tile
        raise ImageError(
            f"{name}: over the limit of {max_pixels:,} pixels (--max_pixels raises it): {error}"
        ) from error
    except camera_raw.CameraRaw as error:
        raise ImageError(f"{name}: {camera_raw.describe(name)}") from error
    except Unsupported as error:
        raise ImageError(f"{name}: {error}") from error
    except DAMAGED as error:
        if os.path.splitext(name)[1].lower() in camera_raw.SUFFIXES:
            raise ImageError(f"{name}: {camera_raw.describe(name)}") from error
        raise ImageError(f"{name}: not a readable image ({one_line(error)})") from error
    notes = [] if usable else ["its colour profile is damaged, or of other colours, and ignored"]
    return Picture(rgb, alpha, said, (*frames, *notes))


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
    prefix = stream.read(_PREFIX)
    if not prefix:
        raise ValueError("the file is empty")
    if camera_raw.is_raw(prefix):
        raise camera_raw.CameraRaw
    other = _other_factory(stream, prefix)
    if other is not None:
        stream.seek(0)
        return other(stream, "")
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        accepted = factory is not None and accept(prefix)
        if isinstance(accepted, str):  # recognized, but this Pillow was built without it
            raise ValueError(accepted)
        if accepted:
            stream.seek(0)
            return factory(stream, "")
    raise UnknownFormat(f"not one of the formats {', '.join(_FORMATS)}")


def _other_factory(stream, prefix):
    """What opens a file that Pillow itself does not read right; None for all others."""
    if prefix.startswith(b"PF") and prefix[2:3].isspace():
        return array_files.PfmFile
    if prefix[:4] in _TIFF_PREFIXES:
        tags = deep_tiff.read_tags(stream)
        if camera_raw.is_raw_tiff(tags):
            raise camera_raw.CameraRaw
        return None if deep_tiff.reads_right(tags) else deep_tiff.DeepTiffFile
    if prefix[4:8] == b"ftyp":
        brands = prefix[8 : max(16, min(_PREFIX, int.from_bytes(prefix[:4], "big")))]
        if b"avif" not in brands and any(brand in brands for brand in _HEIF_BRANDS):
            return _open_heif
    return None


def _open_heif(stream, name):
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise Unsupported(
            "HEIC is read with the package pillow-heif: pip install pillow-heif (extra heic)"
        ) from error
    try:
        return HeifImageFile(stream, name)
    except DAMAGED as error:
        raise ValueError(f"HEIC: {one_line(error)}") from error


def _frames_note(image, stream):
    """A tuple of the note that frames or pages after the first are left out; empty if none are."""
    if image.format in _ANIMATED:
        try:
            frames = getattr(image, "n_frames", 1)
        except DAMAGED:  # a later frame, which the first need not be
            return ("an animation, of which the first frame alone is taken; another is damaged",)
        if frames > 1:
            return (f"an animation of {frames} frames, of which the first alone is taken",)
    elif image.format == "TIFF" and deep_tiff.has_pages(stream, image.tag_v2):
        return ("a TIFF of several pages, of which the first alone is taken",)
    return ()


def _profile(image, stream, is_adobe_rgb):
    """The ICC profile of an image's colours (bytes); None for sRGB."""
    profile = image.info.get("icc_profile")
    profile = profile if isinstance(profile, bytes) else None
    if not profile and image.format == "PNG":
        profile = profiles.of_code_points(stream, b"\0\0\0\4cICP", ">BB")
        profile = profile or profiles.of_png(image.info)
    elif not profile and image.format in ("AVIF", "HEIF"):
        profile = profiles.of_code_points(stream, b"colrnclx", ">HH")
    elif not profile and image.format == "JPEG2000":
        profile = profiles.of_jpeg2000(stream)
    if not profile and is_adobe_rgb and "srgb" not in image.info:
        profile = profiles.adobe_rgb()
    return profile


def _to_arrays(image, profile):
    """Converts a Pillow image of any mode to sRGB.

    Returns:
        rgb uint8 `[H, W, 3]`, alpha uint8 `[H, W]` or None, and whether `profile` could be used.
    """
    alpha = None
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):  # 16-bit grey PNG: one value stands for transparent
            alpha = np.where(values == transparent, 0, 255).astype(np.uint8)
        white = None if image.mode == "F" else 65535
        if image.format == "TIFF" and image.tag_v2.get(_BITS_PER_SAMPLE) == (12,):
            white = 4095
        image = Image.fromarray(samples.to_uint8(values, white))
    else:
        if image.mode in ("La", "RGBa"):
            image = image.convert(image.mode[:-1] + "A")
        if image.has_transparency_data:
            image = image.convert("LA" if image.mode == "LA" else "RGBA")
            alpha = np.array(image.getchannel("A"))
            image = image.convert(image.mode[:-1])  # drops alpha and blends nothing
        if image.mode not in ("L", "RGB", "CMYK", "LAB"):
            image = image.convert("L" if image.mode == "1" else "RGB")
    image, usable = profiles.to_srgb(image, profile)
    if alpha is not None and alpha.min() == 255:
        alpha = None
    return np.array(image), alpha, usable
