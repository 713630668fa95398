"""Keeping the colours of the photograph.

Gatys, Bethge, Hertzmann, Shechtman 2016, *Preserving Color in Neural Artistic Style Transfer*,
which compares both ways.
"""

import numpy as np

from fast_style.images.colors import luminance, to_uint8

# Variance below which a direction of colour space counts as constant (squared pixel values).
_FLAT = 1.0


def grey(rgb):
    """An image's luminance as an RGB image.

    Args:
        rgb: uint8 RGB `[H, W, 3]`.

    Returns:
        uint8 RGB `[H, W, 3]` with three equal channels.
    """
    return to_uint8(np.repeat(luminance(rgb)[..., None], 3, axis=-1))


def match_luminance(style, content):
    """Makes a grey painting with the brightness and contrast of the photograph (section 2.2).

    Args:
        style: uint8 RGB `[H, W, 3]`.
        content: uint8 RGB `[H', W', 3]`.

    Returns:
        uint8 RGB `[H, W, 3]` with three equal channels, their mean and standard deviation those
        of the luminance of `content` but for what clipping changes.
    """
    ours, theirs = luminance(style), luminance(content)
    spread = max(float(ours.std()), _FLAT**0.5)
    matched = (ours - ours.mean()) * (theirs.std() / spread) + theirs.mean()
    return to_uint8(np.repeat(matched[..., None], 3, axis=-1))


def match_palette(style, content):
    """Repaints the painting in the photograph's colours, by a linear map of colours (section 2.1).

    Of the maps that give its colours the mean and the covariance of the photograph's, the one by
    the symmetric roots of the covariances, which the authors prefer.

    Args:
        style: uint8 RGB `[H, W, 3]`.
        content: uint8 RGB `[H', W', 3]`.

    Returns:
        uint8 RGB `[H, W, 3]`.
    """
    ours, theirs = (np.reshape(image, (-1, 3)).astype(np.float64) for image in (style, content))
    matrix = _power(np.cov(theirs.T, bias=True), 0.5) @ _power(np.cov(ours.T, bias=True), -0.5)
    mapped = (ours - ours.mean(axis=0)) @ matrix.T + theirs.mean(axis=0)
    return to_uint8(mapped.reshape(np.shape(style)))


def _power(covariance, exponent):
    """A power of a symmetric matrix; directions without variance are not blown up."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, _FLAT) ** exponent) @ vectors.T
