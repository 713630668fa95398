"""Downscales photographs, for networks that learn to enlarge them (`tf.data` and eager).

Computed in float32 and rounded once at the end, as in a file of the downscaled image.
"""

import numpy as np
import tensorflow as tf

from fast_style.errors import InvalidValue, check_choice

DEGRADATIONS = ("blur", "bicubic")
SIGMA = 1.0  # pixels of the large image, as Johnson et al. 2016, section 4.2
_RADIUS = 4  # pixels; beyond lie 6e-5 of the Gaussian


def degrade(images, factor, kind="blur"):
    """Downscales images to 1/factor of their height and width.

    Args:
        images: uint8 RGB `[N, H, W, 3]`; H and W are divisible by `factor`.
        factor: int, at least 1.
        kind: "blur" as Johnson et al. (section 4.2): a Gaussian of `SIGMA` pixels, then bicubic
            interpolation at the centres of the small image's pixels. "bicubic": antialiased
            bicubic, as MATLAB's imresize, which made the test sets of the literature.

    Returns:
        uint8 RGB tensor `[N, H / factor, W / factor, 3]`.

    Raises:
        ValueError: a side that is not divisible by `factor`, or an unsupported kind.
    """
    check_choice("kind", kind, DEGRADATIONS)
    height, width = images.shape[1:3]
    if height % factor or width % factor:
        raise InvalidValue(
            f"`images` must have sides divisible by `factor`, {factor}; received {height} x {width}"
        )
    x = tf.cast(images, tf.float32)
    if kind == "blur":
        x = _blur(x)
    size = (height // factor, width // factor)
    x = tf.image.resize(x, size, "bicubic", antialias=kind == "bicubic")
    return tf.cast(tf.clip_by_value(tf.round(x), 0, 255), tf.uint8)


def _blur(images):
    """Gaussian blur of float `[N, H, W, 3]`, the edge pixels repeated beyond the border."""
    line = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / SIGMA) ** 2)
    line = (line / line.sum()).astype("float32")
    for axis in (1, 2):
        size = images.shape[axis]
        inside = np.clip(np.arange(-_RADIUS, size + _RADIUS), 0, size - 1)
        images = tf.gather(images, inside, axis=axis)
        shape = (-1, 1, 1, 1) if axis == 1 else (1, -1, 1, 1)
        kernel = np.tile(line.reshape(shape), (1, 1, 3, 1))
        images = tf.nn.depthwise_conv2d(images, kernel, (1, 1, 1, 1), "VALID")
    return images
