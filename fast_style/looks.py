"""How a painted picture looks, beyond what its network makes of it."""

import dataclasses

import numpy as np

from data import colors, images

SMALLEST_IMAGE = 8  # pixels
STYLE_SCALES = (0.25, 8.0)
_ROWS = 256  # blended at a time: floats take four times the memory of the picture


@dataclasses.dataclass(frozen=True)
class Looks:
    """Choices for a painted picture.

    Attributes:
        keep_colors: whether the photograph's colours stay, the painting giving brightness alone.
        strength: 0..1, from the photograph to the painting.
        image_size: long side in pixels at which the photograph is painted, which the result has,
            too; None for its own.
        style_scale: size of the strokes relative to what the network was trained for: the
            photograph is painted at 1 / style_scale of its size, and the picture resized to it.

    Raises:
        ValueError: a value out of range.
    """

    keep_colors: bool = False
    strength: float = 1.0
    image_size: int | None = None
    style_scale: float = 1.0

    def __post_init__(self):
        if not 0 <= self.strength <= 1:
            raise ValueError(f"`strength` must be between 0 and 1; received {self.strength}")
        if self.image_size is not None and self.image_size < SMALLEST_IMAGE:
            raise ValueError(
                f"`image_size` must be at least {SMALLEST_IMAGE} pixels; received {self.image_size}"
            )
        least, most = STYLE_SCALES
        if not least <= self.style_scale <= most:
            raise ValueError(
                f"`style_scale` must be between {least:g} and {most:g}; received {self.style_scale}"
            )


def paint(stylizer, picture, looks, max_pixels=images.MAX_PIXELS):
    """Paints one picture.

    Args:
        stylizer: function from uint8 RGB `[H, W, 3]` to the same, such as a `Stylizer`.
        picture: `data.images.Picture`.
        looks: `Looks`.
        max_pixels: limit on height * width of what is painted and of the result.

    Returns:
        `data.images.Picture`, with the photograph's alpha channel, EXIF and profile.

    Raises:
        ValueError: `looks` would make the picture larger than `max_pixels`.
    """
    if looks.image_size is not None:
        picture = _resized(picture, looks.image_size, max_pixels)
    height, width = picture.rgb.shape[:2]
    if looks.style_scale == 1:
        painted = stylizer(picture.rgb)
    else:
        sides = [max(1, round(side / looks.style_scale)) for side in (height, width)]
        _check_pixels("style_scale", looks.style_scale, sides, max_pixels)
        painted = images.resize(stylizer(images.resize(picture.rgb, *sides)), height, width)
    return dataclasses.replace(picture, rgb=_blend(picture.rgb, painted, looks))


def _resized(picture, size, max_pixels):
    height, width = picture.rgb.shape[:2]
    sides = [max(1, round(side * size / max(height, width))) for side in (height, width)]
    _check_pixels("image_size", size, sides, max_pixels)
    alpha = images.resize_alpha(picture.alpha, *sides)
    return dataclasses.replace(picture, rgb=images.resize(picture.rgb, *sides), alpha=alpha)


def _check_pixels(name, value, sides, max_pixels):
    if sides[0] * sides[1] > max_pixels:
        raise ValueError(
            f"`{name}` {value:g} makes {sides[1]} x {sides[0]} pixels, over the limit of "
            f"{max_pixels:,} (--max_pixels raises it)"
        )


def _blend(photo, painted, looks):
    if not looks.keep_colors and looks.strength == 1:
        return painted
    painted = np.require(painted, requirements="W")
    for start in range(0, len(photo), _ROWS):
        rows = slice(start, start + _ROWS)
        ours, theirs = photo[rows], painted[rows]
        if looks.keep_colors:
            theirs = colors.with_colors_of(ours, theirs)
        if looks.strength < 1:
            ours = ours.astype(np.float32)
            theirs = colors.to_uint8(ours + np.float32(looks.strength) * (theirs - ours))
        painted[rows] = theirs
    return painted
