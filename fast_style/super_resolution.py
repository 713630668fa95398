"""What belongs to an image that a network has enlarged: its alpha, its colours, its size."""

import numpy as np

from data import images


def check_enlarged_size(name, height, width, factor, max_pixels):
    """Checks that an enlarged image stays within a limit, before any work is done.

    Args:
        name: what the error calls the image.
        height, width: of the image, pixels.
        factor: how many times as large it will be.
        max_pixels: limit on height * width of the result, pixels.

    Raises:
        ValueError: it would have more.
    """
    pixels = height * width * factor**2
    if pixels > max_pixels:
        raise ValueError(
            f"{name}: {factor} times as large as {width} x {height} is {pixels:,} pixels, over "
            f"the limit of {max_pixels:,} (--max_pixels raises it)"
        )


def enlarge_alpha(alpha, rgb):
    """The alpha channel of an image for its enlarged colours, by bicubic interpolation.

    Args:
        alpha: uint8 `[h, w]`, or None.
        rgb: uint8 `[H, W, 3]`, the enlarged colours.

    Returns:
        uint8 `[H, W]`; None for None.
    """
    if alpha is None or alpha.shape == rgb.shape[:2]:
        return alpha
    return images.resize(np.dstack([alpha] * 3), *rgb.shape[:2])[:, :, 0]


def match_histogram(enlarged, small):
    """Gives each channel of an enlarged image the histogram of the image that it was made of.

    The paper's post-processing (section 4.2).

    Args:
        enlarged: uint8 RGB `[H, W, 3]`.
        small: uint8 RGB `[h, w, 3]`.

    Returns:
        uint8 RGB `[H, W, 3]`.

    Raises:
        ValueError: the package scikit-image is missing.
    """
    try:
        from skimage import exposure
    except ImportError as error:
        raise ValueError(
            "matching histograms needs the package scikit-image: pip install scikit-image"
        ) from error
    matched = exposure.match_histograms(enlarged, small, channel_axis=-1)
    return np.clip(np.rint(matched), 0, 255).astype(np.uint8)
