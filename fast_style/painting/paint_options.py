"""Options of a painted picture beyond its network: strength, colours, size."""

import dataclasses

import numpy as np

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.images import colors

SMALLEST_IMAGE = 8  # pixels; the network pads smaller ones to this
STYLE_SCALES = (0.25, 8.0)  # beyond, 16 times the pixels to paint, or a result without detail
_ROWS = 256  # rows blended at a time: floats take four times the memory of the picture


@dataclasses.dataclass(frozen=True)
class PaintOptions:
    """Options of a painted picture.

    Attributes:
        keep_colors: whether the result has the photograph's colours and only the brightness of the
            painting.
        strength: 0..1, from the photograph to the painting.
        image_size: long side, in pixels, of the photograph when it is painted and of the result;
            None for the photograph's own.
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
            raise InvalidValue(f"`strength` must be between 0 and 1; received {self.strength}")
        if self.image_size is not None and self.image_size < SMALLEST_IMAGE:
            raise InvalidValue(
                f"`image_size` must be at least {SMALLEST_IMAGE} pixels; received {self.image_size}"
            )
        least, most = STYLE_SCALES
        if not least <= self.style_scale <= most:
            raise InvalidValue(
                f"`style_scale` must be between {least:g} and {most:g}; received {self.style_scale}"
            )


def paint(stylizer, picture, options, max_pixels=images.MAX_PIXELS):
    """Paints one picture.

    Args:
        stylizer: function from uint8 RGB `[H, W, 3]` to an array of the same shape, such as a
            `Stylizer`.
        picture: `fast_style.images.Picture`.
        options: `PaintOptions`.
        max_pixels: limit on height * width of what is painted and of the result.

    Returns:
        `fast_style.images.Picture`, with the photograph's alpha channel and metadata.

    Raises:
        ValueError: `options` would make the picture larger than `max_pixels`.
    """
    if options.image_size is not None:
        picture = _resized(picture, options.image_size, max_pixels)
    height, width = picture.rgb.shape[:2]
    if options.style_scale == 1:
        painted = stylizer(picture.rgb)
    else:
        sides = [max(1, round(side / options.style_scale)) for side in (height, width)]
        _check_pixels("style_scale", options.style_scale, sides, max_pixels)
        painted = images.resize(stylizer(images.resize(picture.rgb, *sides)), height, width)
    return dataclasses.replace(picture, rgb=_blend(picture.rgb, painted, options))


def _resized(picture, size, max_pixels):
    height, width = picture.rgb.shape[:2]
    sides = images.scaled_sides(height, width, size)
    _check_pixels("image_size", size, sides, max_pixels)
    alpha = images.resize_alpha(picture.alpha, *sides)
    return dataclasses.replace(picture, rgb=images.resize(picture.rgb, *sides), alpha=alpha)


def _check_pixels(name, value, sides, max_pixels):
    if sides[0] * sides[1] > max_pixels:
        raise InvalidValue(
            f"`{name}` {value:g} makes {sides[1]} x {sides[0]} pixels, over the limit of "
            f"{max_pixels:,} (--max_pixels raises it)"
        )


def _blend(photo, painted, options):
    if not options.keep_colors and options.strength == 1:
        return painted
    painted = np.require(painted, requirements="W")
    for start in range(0, len(photo), _ROWS):
        rows = slice(start, start + _ROWS)
        ours, theirs = photo[rows], painted[rows]
        if options.keep_colors:
            theirs = colors.with_colors_of(ours, theirs)
        if options.strength < 1:
            ours = ours.astype(np.float32)
            theirs = colors.to_uint8(ours + np.float32(options.strength) * (theirs - ours))
        painted[rows] = theirs
    return painted
