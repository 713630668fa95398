"""Reading and writing image files."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from fast_style.atomic_files import replacing, unused_path
from fast_style.errors import InvalidValue
from fast_style.images.decoding import (
    DAMAGED,
    MAX_PIXELS,
    decode_stream,
    open_header,
)
from fast_style.images.resizing import check_rgb

# fmt: off
SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif", ".gif", ".bmp",
    ".tif", ".tiff", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm",
))
# fmt: on
"""Suffixes, in lower case, of the files that `find` takes for images."""

_MAX_JPEG_EXIF = 65533  # bytes: one JPEG segment

# Above 95, as Pillow's documentation says, files grow with hardly any gain in quality.
_LOSSY = {"quality": 95}
_SAVE = {  # format: (suffixes, holds alpha, options of Image.save)
    "JPEG": ((".jpg", ".jpeg", ".jpe", ".jfif"), False, _LOSSY | {"subsampling": 0}),  # 4:4:4
    "PNG": ((".png",), True, {}),
    # exact: colours under fully transparent pixels stay
    "WEBP": ((".webp",), True, _LOSSY | {"exact": True}),
    "AVIF": ((".avif",), True, _LOSSY | {"subsampling": "4:4:4"}),
    "TIFF": ((".tif", ".tiff"), True, {"compression": "tiff_lzw"}),
    "JPEG2000": ((".jp2",), True, {}),
    "BMP": ((".bmp",), False, {}),
    "GIF": ((".gif",), False, {}),
    "PPM": ((".ppm",), False, {}),
}
_WRITABLE = {s: f for f in _SAVE if f in Image.SAVE for s in _SAVE[f][0]}


def load(path, max_pixels=MAX_PIXELS):
    """Reads an image file.

    Grey, CMYK, palette, 1-bit and 16-bit images become 8-bit RGB; of an animation the first frame
    is taken. Integers of more than 8 bits are scaled from 0..65535; floats from 0..1, 0..255 or
    0..65535, the narrowest that holds them. Colours under transparent pixels stay as stored.

    Args:
        path: path of the file.
        max_pixels: limit on height * width, in pixels, checked before pixels are decoded.

    Returns:
        A `Picture`.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: `path` is a directory.
        ImageError: the file is not a readable image, or has more than `max_pixels`.
    """
    try:
        stream = open(path, "rb")  # noqa: SIM115 - closed below; only opening is under this try
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{path}: is a directory, an image file is expected") from None
    with stream:
        return decode_stream(stream, path, max_pixels)


def read(path, max_pixels=MAX_PIXELS):
    """Reads the colours of an image file: `load(path, max_pixels).rgb`, uint8 `[H, W, 3]`."""
    return load(path, max_pixels).rgb


def count_pixels(path):
    """Height * width of an image file by its header; 0 if it is not a readable image."""
    try:
        with open(path, "rb") as stream:
            width, height = open_header(stream).size
            return width * height
    except DAMAGED:
        return 0


def save(path, rgb, alpha=None, exif=None, icc_profile=None, quality=95):
    """Writes an image file, in the format that the suffix of `path` names.

    Missing parent folders are made. The file appears at `path` complete or not at all.

    Args:
        path: path of the file.
        rgb: uint8 `[H, W, 3]`, 0..255.
        alpha: uint8 `[H, W]`, 0 transparent .. 255 opaque, or None; dropped where the format holds
            none (PNG, WebP, AVIF, TIFF and JPEG 2000 do).
        exif: EXIF as bytes, or None; dropped where the format holds none or not as much.
        icc_profile: ICC profile as bytes, or None; dropped where the format holds none.
        quality: 1..100, of JPEG (always 4:4:4), WebP and AVIF; other formats ignore it.

    Raises:
        ValueError: an unsupported suffix, an array of another shape or dtype, or a picture that
            the format cannot hold.
        OSError: `path` cannot be written; see `check_writable`.
    """
    target, _, format = _target(path)
    rgb = check_rgb(rgb)
    pixels = rgb
    _, holds_alpha, options = _SAVE[format]
    if alpha is not None:
        alpha = np.asarray(alpha)
        if alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]:
            raise InvalidValue(
                f"`alpha` must be a uint8 array of shape {rgb.shape[:2]} like `rgb`, "
                f"received {alpha.dtype} {alpha.shape}"
            )
        if holds_alpha:
            pixels = np.dstack([rgb, alpha])
    if not 1 <= quality <= 100:
        raise InvalidValue(f"`quality` must be between 1 and 100, received {quality}")
    options = dict(options)
    if "quality" in options:
        options["quality"] = quality
    if icc_profile:
        options["icc_profile"] = icc_profile
    if exif and not (format == "JPEG" and len(exif) > _MAX_JPEG_EXIF):
        options["exif"] = exif

    encoded = io.BytesIO()  # a picture that cannot be encoded leaves no trace on disk
    try:
        Image.fromarray(pixels).save(encoded, format, **options)
    except DAMAGED as error:
        raise InvalidValue(f"{path}: cannot be written as {format} ({error})") from error

    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        file.write(encoded.getbuffer())


def can_write(path):
    """Whether the suffix of `path` names a format that `save` writes (bool)."""
    return Path(path).suffix.lower() in _WRITABLE


def check_writable(path):
    """Checks, before any work is done, that `save` will be able to write `path`.

    Leaves no file and no folder behind.

    Args:
        path: path of a file to be written.

    Raises:
        ValueError: the suffix is not that of a format that can be written.
        IsADirectoryError: `path` is a directory.
        NotADirectoryError: a parent of `path` is a file.
        PermissionError: the folder, or the nearest one that exists, cannot be written.
    """
    _, folder, _ = _target(path)
    probe = Path(unused_path(folder))
    try:  # permission bits do not tell: root, read-only and virtual file systems
        open(probe, "xb").close()
    except OSError as error:
        raise PermissionError(
            f"{path}: cannot be written, folder {folder}: {error.strerror}"
        ) from error
    finally:
        probe.unlink(missing_ok=True)


def _target(path):
    """What `save` writes to: path, nearest existing folder, format.

    Links are resolved, so that a file is written through them and does not replace them.
    """
    format = _WRITABLE.get(Path(path).suffix.lower())
    if format is None:
        raise InvalidValue(
            f"`path` must end in one of {' '.join(sorted(_WRITABLE))}, received {path}"
        )
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path}: is a directory, a file to write is expected")
    folder = next(parent for parent in target.parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"{path}: {folder} is a file, not a folder")
    return target, folder, format
