"""Painted films without flicker: each frame is blended with the one before, moved along.

The blend is of painted pictures: of the film's own frames, blended before they are painted, it
leaves most of the flicker, since a network paints what has moved by part of a pixel anew.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fast_style.errors import InvalidValue
from fast_style.images import colors
from fast_style.video import optical_flow

_MOST = 0.95  # of the frame before; with all of it nothing new would ever appear
_FLOW_SIDE = 960  # pixels, the long side at which motion is estimated
_TRUST = 20  # steps of 255 by which a frame may differ from the one before, moved along
_CUT = 0.6  # part of the picture that is new: another scene begins
_DETAIL = 2  # pixels, what is finer is kept as strong as in the painting
_MOST_GAIN = 1.5


def check_strength(strength):
    """Raises `InvalidValue` unless a `Smoother` of that strength can be made."""
    if not 0 <= strength <= 1:
        raise InvalidValue(f"`smooth` must be between 0 and 1; received {strength}")
    if strength:
        optical_flow.check_installed()


class Smoother:
    """Blends each painted frame of a film with the one before; call it in the order of the frames.

    The frame before is warped by optical flow between the film's own frames. Where flow forth and
    back disagree, or the frames differ along it, nothing is blended; a new scene starts afresh.
    Averages are softer than what they are made of, so fine detail is amplified to the strength that
    it has in the painting.

    Args:
        strength: 0..1, how much of the frame before is taken; 1 stands for 95 %.

    Raises:
        ValueError: `strength` out of range, or OpenCV is not installed.
    """

    def __init__(self, strength):
        check_strength(strength)
        self._share = _MOST * strength
        self._film = self._painted = None
        self._thread = ThreadPoolExecutor(1)

    def close(self):
        """Ends the thread."""
        self._thread.shutdown()

    def __call__(self, frame, paint):
        """Paints and smooths the next frame.

        Args:
            frame: uint8 RGB `[H, W, 3]` of the film; all have one size.
            paint: function from such a frame to the painted one; motion is estimated meanwhile.

        Returns:
            uint8 RGB `[H, W, 3]`.
        """
        motion = None
        if self._film is not None:
            motion = self._thread.submit(_motion, frame, self._film)
        painted = np.asarray(paint(frame), np.float32)
        if motion is not None:
            painted = self._blend(painted, *motion.result())
        self._film, self._painted = frame, painted
        return colors.to_uint8(painted)

    def _blend(self, painted, backward, trust):
        if 1 - trust.mean() > _CUT:
            return painted
        before = optical_flow.warp(self._painted, backward)
        blended = painted + (self._share * trust)[..., None] * (before - painted)
        detail, wanted = _detail(blended), np.abs(_detail(painted)).mean()
        gain = min(wanted / max(np.abs(detail).mean(), 1e-6), _MOST_GAIN)
        return np.clip(blended + (gain - 1) * trust[..., None] * detail, 0, 255)


def _motion(frame, before):
    """Flow from a frame to the one before, and how far to trust it, float32 `[H, W]`, 0..1."""
    backward = optical_flow.flow(frame, before, longest=_FLOW_SIDE)
    forward = optical_flow.flow(before, frame, longest=_FLOW_SIDE)
    moved = optical_flow.warp(before, backward, smooth=True)
    difference = np.abs(moved.astype(np.float32) - frame).mean(axis=-1)
    trust = np.exp(-np.square(difference / _TRUST))
    return backward, np.where(optical_flow.occluded(backward, forward), np.float32(0), trust)


def _detail(image):
    import cv2

    return image - cv2.GaussianBlur(image, (0, 0), _DETAIL)
