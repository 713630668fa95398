"""Image files to uint8 RGB arrays and back, and images in memory at other sizes."""

from fast_style.images.colors import on_white
from fast_style.images.decoding import MAX_PIXELS, ImageError, Picture, decode
from fast_style.images.files import (
    SUFFIXES,
    can_write,
    check_writable,
    count_pixels,
    encoded,
    header_size,
    load,
    read,
    save,
)
from fast_style.images.finding import expand, find
from fast_style.images.metadata import Metadata
from fast_style.images.resizing import check_rgb, fit, resize, resize_alpha, scaled_sides

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "ImageError",
    "Metadata",
    "Picture",
    "can_write",
    "check_rgb",
    "check_writable",
    "count_pixels",
    "decode",
    "encoded",
    "expand",
    "find",
    "fit",
    "header_size",
    "load",
    "on_white",
    "read",
    "resize",
    "resize_alpha",
    "save",
    "scaled_sides",
]
