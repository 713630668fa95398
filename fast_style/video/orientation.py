"""Films that were taken with the camera on its side, and say so in a display matrix.

A matrix of 3 x 3 fixed-point numbers maps places in the stored frame to those on the screen. Turns
by anything but quarters are rounded to the next one.
"""

import numpy as np


def turn_of(frame):
    """How a frame is to be turned before it is shown.

    Args:
        frame: `av.VideoFrame`.

    Returns:
        Three bools: transposed, then upside down, then mirrored.
    """
    try:
        matrix = np.frombuffer(frame.side_data["DISPLAYMATRIX"], np.int32)
    except KeyError:
        return False, False, False
    a, b, _, c, d = matrix[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):  # x of the picture comes from y of the frame
        return True, b < 0, c < 0
    return False, d < 0, a < 0


def turned(rgb, turn):
    """Turns an image `[H, W, 3]` as `turn_of` says."""
    transpose, upside_down, mirrored = turn
    if transpose:
        rgb = rgb.transpose(1, 0, 2)
    if upside_down:
        rgb = rgb[::-1]
    if mirrored:
        rgb = rgb[:, ::-1]
    return np.ascontiguousarray(rgb)
