"""Numbers of other types than 8-bit integers to 0..255."""

import numpy as np

_ROWS = 256  # converted at a time, so that memory grows little beyond the arrays
_SAMPLED = 1_000_000  # values that `white_of` looks at
_WHITES = (1.0, 255.0, 65535.0)
_HIGHLIGHTS = 4.0  # times white: how far a photograph's brightest hundredth may go beyond it


def to_uint8(values, white=None):
    """Scales an array to 0..255, rounded; what is below or above is clipped.

    Args:
        values: integers or floats, of any shape. NaN becomes 0.
        white: the value that becomes 255; None for the largest integer of the type, of floats for
            `white_of`.

    Returns:
        uint8 array of the same shape.
    """
    if white is None:
        white = white_of(values) if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    result = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        with np.errstate(all="ignore"):  # of NaN and of numbers beyond float32
            part = values[rows].astype(np.float32) / np.float32(white)
        part = np.clip(np.nan_to_num(part, posinf=1, neginf=0), 0, 1)
        result[rows] = np.rint(part * 255)
    return result


def white_of(values):
    """The float that stands for white: 1, 255 or 65535.

    No file says it. 1 is the rule, and lights may go beyond; it is 255 or 65535 where most of the
    picture would be beyond a smaller one, or where all values are whole numbers.

    Args:
        values: floats of any shape; what is not finite is passed over.

    Returns:
        float.
    """
    values = values.reshape(-1)
    values = values[:: 1 + values.size // _SAMPLED]
    values = values[np.isfinite(values)]
    if not values.size:
        return 1.0
    middle, bright = np.percentile(values.astype(np.float64), (50, 99))
    whole = values.max() > 1 and np.all(values == np.floor(values))
    for white in _WHITES[:-1]:
        if values.max() <= white:
            return white
        if not whole and (middle <= white or bright <= _HIGHLIGHTS * white):
            return white
    return _WHITES[-1]
