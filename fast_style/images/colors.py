"""Luminance and colour of uint8 images."""

import numpy as np

# Weights of red, green and blue in Y of YIQ (and of JPEG's YCbCr): ITU-R BT.601.
_LUMINANCE = np.float32([0.299, 0.587, 0.114])

_ROWS = 256


def luminance(rgb):
    """The Y of YIQ.

    Args:
        rgb: uint8 or float RGB `[..., 3]`, 0..255.

    Returns:
        float32 `[...]`, 0..255.
    """
    return np.asarray(rgb, np.float32) @ _LUMINANCE


def with_colors_of(content, painted):
    """The luminance of a painted picture with the colours, I and Q of YIQ, of the photograph.

    Gatys, Bethge, Hertzmann, Shechtman 2016, *Preserving Color in Neural Artistic Style Transfer*,
    section 2.2. Values beyond 0..255 are clipped, which changes both a little.

    Args:
        content: uint8 RGB `[H, W, 3]`.
        painted: uint8 or float RGB `[H, W, 3]`, 0..255.

    Returns:
        uint8 RGB `[H, W, 3]`.
    """
    # A change of Y alone is the same change of red, green and blue.
    change = luminance(painted) - luminance(content)
    return to_uint8(np.asarray(content, np.float32) + change[..., None])


def to_uint8(image):
    """Rounds a float array and clips it to 0..255; returns uint8 of the same shape."""
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def on_white(rgb, alpha):
    """A picture with transparency laid on white paper.

    Args:
        rgb: uint8 RGB `[H, W, 3]`.
        alpha: uint8 `[H, W]`, 0 transparent .. 255 opaque; None returns `rgb` itself.

    Returns:
        uint8 RGB `[H, W, 3]`.
    """
    if alpha is None:
        return rgb
    laid = np.empty_like(rgb)
    for start in range(0, len(rgb), _ROWS):  # memory for some rows only
        rows = slice(start, start + _ROWS)
        part = alpha[rows, :, None].astype(np.uint16)
        laid[rows] = (rgb[rows] * part + 255 * (255 - part) + 127) // 255
    return laid
