"""Reading and writing image files."""

import os
from pathlib import Path

import numpy as np
from absl import logging

from fast_style.atomic_files import check_writable_folder, nearest_folder, replacing
from fast_style.errors import InvalidValue
from fast_style.images.colors import on_white
from fast_style.images.decoding import (
    DAMAGED,
    HAS_HEIF,
    HEIF_SUFFIXES,
    MAX_PIXELS,
    decode_stream,
    open_header,
)
from fast_style.images.encoding import FORMATS, encode
from fast_style.images.resizing import check_rgb

# fmt: off
SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif", ".gif", ".bmp",
    ".tif", ".tiff", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm",
)) | frozenset(HEIF_SUFFIXES if HAS_HEIF else ())
# fmt: on
"""Suffixes, in lower case, of the files that `find` takes for images."""


def load(path, max_pixels=MAX_PIXELS):
    """Reads an image file.

    Whatever is stored becomes 8-bit sRGB: colours are converted by the embedded profile (or a PNG's
    gAMA and cHRM), integers of more bits are scaled by the largest that the file can hold, floats
    as `samples.white_of` says. Of an animation the first frame is taken. Colours under transparent
    pixels stay. What a user should know of how the file was read, `Picture.notes`, is logged.

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
        picture = decode_stream(stream, path, max_pixels)
    for note in picture.notes:
        logging.warning("%s: %s", path, note)
    return picture


def read(path, max_pixels=MAX_PIXELS):
    """Reads an image that has no use for transparency, such as a painting.

    What is transparent becomes white, as on paper, which is logged.

    Args:
        path, max_pixels: as in `load`, which raises the same.

    Returns:
        uint8 sRGB `[H, W, 3]`.
    """
    picture = load(path, max_pixels)
    if picture.alpha is not None:
        logging.warning("%s: transparent in places, which are taken as white", path)
    return on_white(picture.rgb, picture.alpha)


def count_pixels(path):
    """Height * width of an image file by its header; 0 if it is not a readable image."""
    try:
        with open(path, "rb") as stream:
            width, height = header_size(stream)
            return width * height
    except OSError:
        return 0


def header_size(stream):
    """Width and height (pixels) that an open image file's header says; zeros if it is unreadable.

    Args:
        stream: seekable binary file.
    """
    try:
        return open_header(stream).size
    except DAMAGED:
        return 0, 0


def save(path, rgb, alpha=None, metadata=None, quality=95):
    """Writes an image file, in the format that the suffix of `path` names.

    It says that its colours are sRGB where the format can. Missing parent folders are made. The
    file appears at `path` complete or not at all.

    Args:
        path: path of the file.
        rgb: uint8 sRGB `[H, W, 3]`, 0..255.
        alpha: uint8 `[H, W]`, 0 transparent .. 255 opaque, or None. PNG, WebP, AVIF, TIFF and
            JPEG 2000 hold it; a GIF's pixels are transparent below 128 and opaque above; in other
            formats the picture is laid on white.
        metadata: `Metadata`, or None; kept as far as the format holds it.
        quality: 1..100, of JPEG (always 4:4:4), WebP and AVIF; other formats ignore it.

    Raises:
        ValueError: an unsupported suffix, an array of another shape or dtype, or a picture that
            the format cannot hold.
        OSError: `path` cannot be written; see `check_writable`.
    """
    target, _ = _target(path)
    nearest_folder(target, path)
    # A picture that cannot be encoded leaves no trace on disk.
    contents = encoded(path, rgb, alpha, metadata, quality)
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        file.write(contents)


def encoded(path, rgb, alpha=None, metadata=None, quality=95):
    """The contents (bytes-like) of the file that `save` writes; nothing is written.

    Args:
        path: of the file, or its URL; its suffix names the format.
        rgb, alpha, metadata, quality: as in `save`.

    Raises:
        ValueError: as `save`.
    """
    format = _format(path)
    rgb = check_rgb(rgb)
    if alpha is not None:
        alpha = np.asarray(alpha)
        if alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]:
            raise InvalidValue(
                f"`alpha` must be a uint8 array of shape {rgb.shape[:2]} like `rgb`, "
                f"received {alpha.dtype} {alpha.shape}"
            )
    if not 1 <= quality <= 100:
        raise InvalidValue(f"`quality` must be between 1 and 100, received {quality}")
    try:
        return encode(format, rgb, alpha, metadata, quality)
    except DAMAGED as error:
        raise InvalidValue(f"{path}: cannot be written as {format} ({error})") from error


def can_write(path):
    """Whether the suffix of `path` names a format that `save` writes (bool)."""
    return Path(path).suffix.lower() in FORMATS


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
    target, _ = _target(path)
    check_writable_folder(target, path)


def _target(path):
    """What `save` writes to: path, format.

    Links are resolved, so that a file is written through them and does not replace them.
    """
    format = _format(path)
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path}: is a directory, a file to write is expected")
    return target, format


def _format(path):
    """Pillow's name of the format that the suffix of `path` names."""
    format = FORMATS.get(Path(path).suffix.lower())
    if format is None:
        raise InvalidValue(
            f"`path` must end in one of {' '.join(sorted(FORMATS))}, received {path}"
        )
    return format
