"""PSNR and SSIM of enlarged images, by the literature's conventions for super-resolution.

`fast_style.commands.score` lists the conventions.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from data.degradation import degrade
from fast_style import images
from fast_style.errors import InvalidValue

_WINDOW = 11  # pixels, of SSIM; with sigma 1.5 as Wang et al. 2004


@dataclasses.dataclass(frozen=True)
class Score:
    """The similarity of an enlarged image to its original.

    Attributes:
        psnr: float, dB; infinite for equal images.
        ssim: float, at most 1.
    """

    psnr: float
    ssim: float


def luma(rgb):
    """Y of BT.601 as MATLAB's rgb2ycbcr computes it, not rounded.

    Args:
        rgb: uint8 `[..., 3]`.

    Returns:
        float64 `[...]`, 16..235.
    """
    return 16 + np.asarray(rgb, np.float64) @ (65.481, 128.553, 24.966) / 255


def compare(enlarged, original, border):
    """The `Score` of an enlarged image.

    Args:
        enlarged, original: uint8 RGB `[H, W, 3]`.
        border: int, pixels left out on each side.

    Raises:
        ValueError: images of different shape, or too small for SSIM's window.
    """
    if enlarged.shape != original.shape:
        raise InvalidValue(
            f"`enlarged` must have the shape of `original`, {list(original.shape)}; "
            f"received {list(enlarged.shape)}"
        )
    height, width = original.shape[:2]
    if min(height, width) - 2 * border < _WINDOW:
        raise InvalidValue(
            f"`original` must have at least {_WINDOW + 2 * border} pixels on each side; "
            f"received {width} x {height}"
        )
    inside = (slice(border, height - border), slice(border, width - border))
    ours, theirs = (luma(image)[inside] for image in (enlarged, original))
    error = np.mean(np.square(ours - theirs))
    psnr = 10 * np.log10(255**2 / error) if error else np.inf
    ssim = tf.image.ssim(
        *(tf.constant(y[..., None], tf.float32) for y in (ours, theirs)),
        max_val=255,
        filter_size=_WINDOW,
        filter_sigma=1.5,
    )
    return Score(float(psnr), float(ssim))


def reduce(original, factor, degradation="bicubic"):
    """An image cropped to a multiple of the factor, and its downscaled form.

    Args:
        original: uint8 RGB `[H, W, 3]`, sides of at least `factor`.
        factor: int.
        degradation: see `data.degradation.degrade`.

    Returns:
        Two uint8 RGB arrays: `[H', W', 3]`, the largest sides divisible by `factor`, and
        `[H' / factor, W' / factor, 3]`.

    Raises:
        ValueError: a side below `factor`.
    """
    height, width = (side // factor * factor for side in original.shape[:2])
    if not height or not width:
        raise InvalidValue(
            f"`original` must have sides of at least `factor`, {factor}; "
            f"received {original.shape[1]} x {original.shape[0]}"
        )
    large = original[:height, :width]
    return large, degrade(large[None], factor, degradation)[0].numpy()


def bicubic(small, factor):
    """Enlarges a uint8 RGB image `[h, w, 3]` by bicubic interpolation; returns uint8 RGB."""
    return images.resize(small, small.shape[0] * factor, small.shape[1] * factor)


def score(enlarge, factor, original, degradation="bicubic"):
    """Scores bicubic enlargement and a network on one image.

    Args:
        enlarge: function from uint8 RGB `[h, w, 3]` to `[factor h, factor w, 3]`.
        factor: int.
        original: uint8 RGB `[H, W, 3]`.
        degradation: see `data.degradation.degrade`.

    Returns:
        Two `Score`s: bicubic's and the network's.

    Raises:
        ValueError: an image that is too small.
    """
    large, small = reduce(original, factor, degradation)
    return tuple(compare(way, large, factor) for way in (bicubic(small, factor), enlarge(small)))


def mean(scores):
    """The means of several `Score`s, as a `Score`."""
    scores = list(scores)
    return Score(
        float(np.mean([one.psnr for one in scores])), float(np.mean([one.ssim for one in scores]))
    )
