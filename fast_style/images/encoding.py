"""Pixels and metadata to encoded image files."""

import io

import numpy as np
from PIL import Image

from fast_style.images import metadata as file_metadata
from fast_style.images import profiles
from fast_style.images.colors import on_white
from fast_style.images.decoding import DAMAGED
from fast_style.images.metadata import Metadata

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
    "GIF": ((".gif",), True, {}),  # a pixel is transparent or not
    "PPM": ((".ppm",), False, {}),
}
# AVIF and JPEG 2000 say sRGB by themselves; BMP, GIF and PPM can't.
_PROFILED = ("JPEG", "WEBP", "TIFF")
_GIF_TRANSPARENT = 255  # index of the palette
FORMATS = {s: f for f in _SAVE if f in Image.SAVE for s in _SAVE[f][0]}
"""Pillow's names of the formats that are written, by suffix in lower case."""


def encode(format, rgb, alpha=None, metadata=None, quality=95):
    """Encodes a picture that says, where the format can, that its colours are sRGB.

    Args:
        format: one of the values of `FORMATS`.
        rgb, alpha, metadata, quality: as in `fast_style.images.save`.

    Returns:
        The file's contents, bytes-like.

    Raises:
        `decoding.DAMAGED`: a picture that the format cannot hold, such as one that is too wide.
    """
    if metadata is not None:
        try:
            return _encode(format, rgb, alpha, metadata, quality)
        except DAMAGED:  # EXIF that was read, but that the format's library won't write
            pass
    return _encode(format, rgb, alpha, Metadata(dpi=metadata and metadata.dpi), quality)


def _encode(format, rgb, alpha, metadata, quality):
    _, holds_alpha, options = _SAVE[format]
    height, width = rgb.shape[:2]
    options = options | file_metadata.options(metadata, format, width, height)
    if "quality" in options:
        options["quality"] = quality
    if format == "PNG":
        options["pnginfo"].add(b"sRGB", b"\1")  # and the rendering intent: relative colorimetric
    elif format in _PROFILED:
        options["icc_profile"] = profiles.srgb()
    if alpha is not None and not holds_alpha:
        rgb, alpha = on_white(rgb, alpha), None
    if alpha is None:
        image = Image.fromarray(rgb)
    elif format == "GIF":
        image = _with_transparent_index(rgb, alpha)
        options["transparency"] = _GIF_TRANSPARENT
    else:
        image = Image.fromarray(np.dstack([rgb, alpha]))
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getbuffer()


def _with_transparent_index(rgb, alpha):
    """A Pillow image of 255 colours, whose last index stands for transparent."""
    reduced = Image.fromarray(rgb).convert(
        "P", palette=Image.Palette.ADAPTIVE, colors=_GIF_TRANSPARENT
    )
    indices = np.where(alpha < 128, _GIF_TRANSPARENT, np.asarray(reduced)).astype(np.uint8)
    image = Image.fromarray(indices)
    image.putpalette(reduced.getpalette())
    return image
