"""ICC profiles for tests, made by other code than the program's."""

import struct

from PIL import ImageCms

_D50 = (0.9642, 1.0, 0.8249)
# Colours of each space in XYZ, adapted to D50 (Lindbloom, "RGB/XYZ matrices").
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def rgb_profile(colours, gamma):
    """A version 2 profile of three colours, each with the curve x ** gamma."""
    tags = {b"wtpt": _xyz(_D50)}
    for name, colour in zip("rgb", colours, strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(colour)
        tags[f"{name}TRC".encode()] = _curve(gamma)
    return _profile(b"mntrRGB XYZ ", tags)


def grey_profile(gamma):
    return _profile(b"mntrGRAYXYZ ", {b"wtpt": _xyz(_D50), b"kTRC": _curve(gamma)})


def cmyk_profile(color_of):
    """A profile of a table with two points an ink.

    Args:
        color_of: function from four inks, each 0 or 1, to L (0..100), a and b (-128..127).
    """
    table = b""
    for node in range(16):  # the last ink changes fastest
        lightness, a, b = color_of(*(node >> shift & 1 for shift in (3, 2, 1, 0)))
        table += bytes([round(lightness * 2.55), round(a) + 128, round(b) + 128])
    line = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    data = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * line + table + 3 * line
    return _profile(b"prtrCMYKLab ", {b"wtpt": _xyz(_D50), b"A2B0": data})


def _profile(kinds, tags):
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78), **tags}
    tags[b"cprt"] = b"text" + bytes(4) + b"none\0"
    place, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", place + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", place + len(body), 0x02100000) + kinds
    header = header.ljust(36, b"\0") + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", *(round(v * 65536) for v in _D50))
    return header.ljust(128, b"\0") + table + body


def _xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def _curve(gamma):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
