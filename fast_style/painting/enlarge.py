"""Enlarging pictures with a network, together with their alpha channel and metadata."""

import dataclasses

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.images.colors import to_uint8


def enlarge(stylizer, picture, match_histograms=False, max_pixels=images.MAX_PIXELS):
    """Enlarges one picture.

    Args:
        stylizer: a `Stylizer` of a network for super-resolution.
        picture: `fast_style.images.Picture`.
        match_histograms: bool, whether the result gets the photograph's histograms
            (`match_histogram`).
        max_pixels: limit on height * width of the result.

    Returns:
        `fast_style.images.Picture`, with the photograph's alpha channel enlarged by bicubic
        interpolation, and its metadata.

    Raises:
        ValueError: the result would be larger than `max_pixels`, or scikit-image is missing.
    """
    check_enlarged_size(*picture.rgb.shape[:2], stylizer.factor, max_pixels)
    enlarged = stylizer(picture.rgb)
    if match_histograms:
        enlarged = match_histogram(enlarged, picture.rgb)
    alpha = images.resize_alpha(picture.alpha, *enlarged.shape[:2])
    return dataclasses.replace(picture, rgb=enlarged, alpha=alpha)


def check_enlarged_size(height, width, factor, max_pixels):
    """Checks that an enlarged image stays within a limit, before any work is done.

    Args:
        height, width: of the image, pixels.
        factor: how many times as large it will be.
        max_pixels: limit on height * width of the result, pixels.

    Raises:
        ValueError: it would have more.
    """
    pixels = height * width * factor**2
    if pixels > max_pixels:
        raise InvalidValue(
            f"{factor} times as large as {width} x {height} is {pixels:,} pixels, over the limit "
            f"of {max_pixels:,} (--max_pixels raises it)"
        )


def match_histogram(enlarged, small):
    """Gives each channel of an enlarged image the histogram of the image before enlargement.

    The post-processing of Johnson et al. 2016, section 4.2.

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
        raise InvalidValue(
            "matching histograms needs the package scikit-image: pip install scikit-image"
        ) from error
    matched = exposure.match_histograms(enlarged, small, channel_axis=-1)
    return to_uint8(matched)
