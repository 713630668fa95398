"""Keeping the colours of the photograph.

The two methods of Gatys, Bethge, Hertzmann, Shechtman 2016, *Preserving Color in Neural Artistic
Style Transfer*.
"""

import numpy as np

from fast_style.images.colors import luminance, to_uint8

# Variance, in squared pixel values, below which a direction of colour space counts as constant:
# rounding alone makes 1/12.
_FLAT = 1.0


def grey(rgb):
    """The luminance of an image as a grey RGB image.

    Args:
        rgb: uint8 RGB `[H, W, 3]`.

    Returns:
        uint8 RGB `[H, W, 3]` with three equal channels.
    """
    return to_uint8(np.repeat(luminance(rgb)[..., None], 3, axis=-1))


def match_luminance(style, content):
    """A grey form of the painting with the photograph's brightness and contrast (section 2.2).

    Args:
        style: uint8 RGB `[H, W, 3]`.
        content: uint8 RGB `[H', W', 3]`.

    Returns:
        uint8 RGB `[H, W, 3]` with three equal channels, whose mean and standard deviation are those
        of the luminance of `content`, apart from clipping.
    """
    ours, theirs = luminance(style), luminance(content)
    spread = max(float(ours.std()), _FLAT**0.5)
    matched = (ours - ours.mean()) * (theirs.std() / spread) + theirs.mean()
    return to_uint8(np.repeat(matched[..., None], 3, axis=-1))


def match_palette(style, content):
    """Gives the painting the photograph's colours, by a linear map of colours (section 2.1).

    Its colours get the mean and the covariance of the photograph's. Of the maps that do so, it is
    the one with the covariances' symmetric square roots, which the authors prefer.

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
    """A power of a symmetric matrix; directions without variance are not amplified."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, _FLAT) ** exponent) @ vectors.T
