"""How much a painted film flickers.

Warping error as Lai et al. define it, *Learning Blind Video Temporal Consistency*, ECCV 2018,
section 4: the difference between a frame and the next one, moved back along the optical flow of the
film itself, where that flow can be trusted. They use FlowNet2, this is OpenCV's DIS. Figures here
are roots of mean squares, in 0..1.
"""

import dataclasses

import numpy as np

from fast_style.images import colors
from fast_style.video import optical_flow

_CUT = 0.6  # part of a frame without a counterpart in the next: another scene begins


@dataclasses.dataclass(frozen=True)
class Motion:
    """From one frame of a film to the next.

    Attributes:
        flow: float32 `[H, W, 2]`.
        visible: bool `[H, W]`, where it can be trusted: neither occluded nor at the edge of what
            moves.
        is_cut: bool, whether the next frame belongs to another scene.
    """

    flow: np.ndarray
    visible: np.ndarray
    is_cut: bool


def motion(first, second):
    """The `Motion` between two frames of a film, uint8 RGB `[H, W, 3]`."""
    forward, backward = optical_flow.flow(first, second), optical_flow.flow(second, first)
    hidden = optical_flow.occluded(forward, backward)
    visible = ~hidden & ~optical_flow.motion_boundaries(forward)
    return Motion(forward, visible, bool(hidden.mean() > _CUT or not visible.any()))


def warping_error(between, first, second):
    """How far two successive frames, painted or not, are from one picture that moves.

    Args:
        between: `Motion` of the film's own frames.
        first, second: uint8 RGB `[H, W, 3]`.

    Returns:
        float, root mean square over what is visible and the channels, 0..1.
    """
    moved = optical_flow.warp(second.astype(np.float32), between.flow, smooth=True)
    squares = np.square((first - moved) / np.float32(255))
    return float(np.sqrt(squares[between.visible].mean()))


def sharpness(rgb):
    """Mean strength of edges, steps of 255 between neighbours: a blur has little.

    Args:
        rgb: uint8 `[H, W, 3]`, at least 2 x 2.

    Returns:
        float.
    """
    luminance = colors.luminance(rgb)
    return float(np.mean([np.abs(np.diff(luminance, axis=axis)).mean() for axis in (0, 1)]))
