"""Colours of embedded profiles to sRGB, and small profiles that describe colours."""

import functools
import io
import math
import struct

import numpy as np
from PIL import Image, ImageCms

_MAX_PROFILE = 4 << 20  # bytes; profiles of printing presses have up to 3 MB
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}
# An sRGB profile of another maker differs in the last digit of its curve, and 8 bits round once.
_SAME = 2  # of 255
_NEARLY_SRGB = 0.005  # gAMA 0.45455 is how a PNG says sRGB

# CIE x, y of white, red, green and blue.
_D65 = (0.3127, 0.3290)
SRGB_PRIMARIES = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_RGB_PRIMARIES = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_RGB_GAMMA = 563 / 256
# Numbers of ITU-T H.273: of primaries, and of curves with their exponents (None: that of sRGB, with
# which those of television are shown).
_PRIMARIES = {
    1: SRGB_PRIMARIES,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
_EXPONENTS = {1: None, 2: None, 4: 2.2, 6: None, 8: 1.0, 13: None, 14: None, 15: None}
_MAX_HEADER = 1 << 16  # bytes at a file's beginning that name its colours
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def to_srgb(image, profile=None):
    """Converts an image to sRGB.

    Args:
        image: Pillow image of mode RGB, L, CMYK or LAB.
        profile: ICC profile of its colours, bytes; None for sRGB, its grey, or inks that no
            profile describes.

    Returns:
        The Pillow image in RGB: `image` itself where it is sRGB already; and whether the profile
        was used, False if it is damaged or for other colours than the image's.
    """
    transform, usable = None, True
    if profile:
        if image.mode == "L" and _SPACES.get(profile[16:20]) == "RGB":
            image = image.convert("RGB")  # grey is three equal colours
        transform, usable = _transform(profile, image.mode)
    if transform is not None:
        return transform.apply(image), True
    if image.mode == "LAB":
        return _lab_transform().apply(image), usable
    return (image if image.mode == "RGB" else image.convert("RGB")), usable


@functools.lru_cache(8)  # photographs of one camera share a profile
def _transform(profile, mode):
    """(transform to sRGB or None where that changes nothing, whether the profile is usable)."""
    if len(profile) > _MAX_PROFILE or _SPACES.get(profile[16:20]) != mode:
        return None, False
    try:
        transform = _build(ImageCms.getOpenProfile(io.BytesIO(profile)), mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None, False
    if mode == "RGB":
        steps = np.arange(0, 256, 17, np.uint8)
        grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, len(steps), 3)
        converted = np.asarray(transform.apply(Image.fromarray(grid)))
        if np.abs(converted.astype(int) - grid).max() <= _SAME:
            return None, True
    return transform, True


@functools.lru_cache(1)
def _lab_transform():
    return _build(ImageCms.createProfile("LAB"), "LAB")


def _build(source, mode):
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":  # of whose curve LittleCMS would take a few points
        flags |= ImageCms.Flags.NOOPTIMIZE
    return ImageCms.buildTransform(
        source,
        ImageCms.getOpenProfile(io.BytesIO(srgb())),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags,
    )


def of_png(info):
    """A profile of the colours that a PNG's chunks gAMA and cHRM state.

    Args:
        info: `info` of a Pillow image.

    Returns:
        bytes; None if the file states nothing, sRGB, or what no display has.
    """
    if "srgb" in info or not info.keys() & {"gamma", "chromaticity"}:
        return None
    gamma = info.get("gamma")
    if gamma is None or abs(gamma - 1 / 2.2) < _NEARLY_SRGB:
        exponent = None
    elif 0.1 < gamma < 10:
        exponent = 1 / gamma
    else:
        return None
    try:
        return matrix_profile(info.get("chromaticity", SRGB_PRIMARIES), exponent)
    except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
        return None


def of_code_points(stream, mark, pattern):
    """A profile of the colours that a file names by the numbers of ITU-T H.273.

    Args:
        stream: seekable binary file.
        mark: bytes in front of the numbers.
        pattern: of `struct`, of the numbers of the primaries and of the curve.

    Returns:
        bytes; None if the file names none, or what is not known here, such as HDR's curves.
    """
    stream.seek(0)
    head = stream.read(_MAX_HEADER)
    start = head.find(mark) + len(mark)
    if start < len(mark) or len(head) < start + struct.calcsize(pattern):
        return None
    primaries, curve = struct.unpack_from(pattern, head, start)
    if primaries not in _PRIMARIES or curve not in _EXPONENTS:
        return None
    return matrix_profile(_PRIMARIES[primaries], _EXPONENTS[curve])


def of_jpeg2000(stream):
    """The ICC profile in the header of a JPEG 2000 file, which Pillow leaves out.

    Args:
        stream: seekable binary file.

    Returns:
        bytes; None if there is none.
    """
    stream.seek(0)
    head = stream.read(_MAX_PROFILE)
    start = head[: head.find(b"jp2c")].find(b"colr\x02")  # method 2: restricted ICC
    if start < 4:
        return None
    length = int.from_bytes(head[start - 4 : start], "big")
    return head[start + 7 : start - 4 + length] or None


@functools.lru_cache(1)
def srgb():
    """An sRGB profile of 0.5 kB, bytes, the same on each call."""
    return matrix_profile(SRGB_PRIMARIES, name="sRGB")


@functools.lru_cache(1)
def adobe_rgb():
    """A profile of Adobe RGB (1998), bytes."""
    return matrix_profile(ADOBE_RGB_PRIMARIES, ADOBE_RGB_GAMMA)


def matrix_profile(primaries, exponent=None, name="RGB"):
    """An ICC profile, version 4, of a display with three primaries.

    Args:
        primaries: CIE x and y of white, red, green and blue, 8 floats.
        exponent: of the curve from stored values to light; None for that of sRGB.
        name: str, of the profile.

    Returns:
        bytes.

    Raises:
        ValueError, ZeroDivisionError, numpy.linalg.LinAlgError: primaries that span no colours.
    """
    white, *colours = [_xyz(*primaries[i : i + 2]) for i in range(0, 8, 2)]
    colours = np.transpose(colours)
    colours = colours * np.linalg.solve(colours, white)
    # Profiles are relative to the white of D50: von Kries adaptation in Bradford's cone space.
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adaptation = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD
    red, green, blue = (adaptation @ colours).T
    if exponent is None:
        curve = struct.pack(">HH", 3, 0)
        curve += _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = struct.pack(">HH", 0, 0) + _fixed(exponent)
    curve = b"para\0\0\0\0" + curve
    tags = {
        b"desc": _text(name),
        b"cprt": _text("no copyright"),
        b"wtpt": _numbers(b"XYZ ", _D50),
        b"chad": _numbers(b"sf32", adaptation.ravel()),
        b"rXYZ": _numbers(b"XYZ ", red),
        b"gXYZ": _numbers(b"XYZ ", green),
        b"bXYZ": _numbers(b"XYZ ", blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    place = 128 + 4 + 12 * len(tags)
    table, body, places = struct.pack(">I", len(tags)), b"", {}
    for tag, data in tags.items():
        if data not in places:  # the three curves are one
            places[data] = place + len(body)
            body += data + bytes(-len(data) % 4)
        table += tag + struct.pack(">II", places[data], len(data))
    header = struct.pack(">I4x4s", place + len(body), b"\x04\x30\0\0") + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + table + body


def _xyz(x, y):
    if not (0 <= x < 1 and 0 < y < 1 and all(map(math.isfinite, (x, y)))):
        raise ValueError("not a colour")
    return np.array([x / y, 1, (1 - x - y) / y])


def _fixed(*values):
    scaled = [round(float(value) * 65536) for value in values]
    if not all(-(2**31) <= value < 2**31 for value in scaled):
        raise ValueError("not a number of a profile")
    return struct.pack(f">{len(values)}i", *scaled)


def _numbers(kind, values):
    return kind + bytes(4) + _fixed(*values)


def _text(text):
    data = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(data), 28) + data
