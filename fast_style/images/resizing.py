"""Images in memory at another size."""

import numpy as np
from PIL import Image

from fast_style.errors import InvalidValue, check_at_least, check_choice


def check_rgb(rgb, name="rgb", batch=False):
    """Checks that an array is an RGB image.

    Args:
        rgb: array-like, to be checked for uint8 `[H, W, 3]`.
        name: of the argument, for the error.
        batch: bool, whether `[N, H, W, 3]` is allowed as well.

    Returns:
        `rgb` as a NumPy array.

    Raises:
        ValueError: another dtype or shape, or no pixels.
    """
    rgb = np.asarray(rgb)
    dimensions = (3, 4) if batch else (3,)
    if rgb.dtype != np.uint8 or rgb.ndim not in dimensions or rgb.shape[-1] != 3 or not rgb.size:
        shapes = "[H, W, 3] or [N, H, W, 3]" if batch else "[H, W, 3]"
        raise InvalidValue(
            f"`{name}` must be uint8 RGB {shapes}, not empty; "
            f"received {rgb.dtype} {list(rgb.shape)}"
        )
    return rgb


def resize(rgb, height, width):
    """Resizes with Pillow's bicubic filter, antialiased when downscaling.

    Bicubic rather than Lanczos: less ringing at edges, which training would take for texture, and
    the filter that super-resolution results are stated for.

    Args:
        rgb: uint8 `[H, W, 3]`, 0..255.
        height: new height in pixels, at least 1.
        width: new width in pixels, at least 1.

    Returns:
        A new uint8 array `[height, width, 3]`.

    Raises:
        ValueError: another dtype or shape of `rgb`, or a size below 1.
    """
    rgb = check_rgb(rgb)
    if height < 1 or width < 1:
        raise InvalidValue(
            f"`height` and `width` must be at least 1 pixel, received {height} x {width}"
        )
    image = Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC)
    return np.array(image)


def resize_alpha(alpha, height, width):
    """Resizes an alpha channel as `resize` resizes colours.

    Args:
        alpha: uint8 `[h, w]`, or None.
        height, width: of the result, pixels.

    Returns:
        uint8 `[height, width]`; `alpha` itself where it has that size; None for None.
    """
    if alpha is None or alpha.shape == (height, width):
        return alpha
    return resize(np.dstack([alpha] * 3), height, width)[:, :, 0]


def fit(rgb, size, side="long"):
    """Resizes so that one side is `size` pixels, the other scaled by the same factor.

    Args:
        rgb: uint8 `[H, W, 3]`, 0..255.
        size: new length of that side in pixels, at least 1; may be longer than it was.
        side: which side is meant, `"long"` or `"short"`.

    Returns:
        A new uint8 array `[H', W', 3]`, each side at least 1.

    Raises:
        ValueError: another dtype or shape of `rgb`, a `size` below 1, or an unsupported `side`.
    """
    height, width = check_rgb(rgb).shape[:2]
    check_choice("side", side, ("long", "short"))
    check_at_least("size", size, 1)
    return resize(rgb, *scaled_sides(height, width, size, side))


def scaled_sides(height, width, size, side="long"):
    """The sides of an image that is scaled until one of them has a given length.

    Args:
        height, width: pixels.
        size: new length of that side, pixels.
        side: which side, "long" or "short".

    Returns:
        The new height and width, ints of at least 1.
    """
    given = max(height, width) if side == "long" else min(height, width)
    return tuple(max(1, round(length * size / given)) for length in (height, width))
