"""Motion between frames: dense optical flow, warping along it, and where it can't be trusted.

The flow is that of dense inverse search (Kroeger et al., ECCV 2016), as OpenCV computes it. The
masks are those of Lai et al., *Learning Blind Video Temporal Consistency* (ECCV 2018), after Ruder
et al. (2016).
"""

import importlib.util

import numpy as np

from fast_style.errors import InvalidValue


def check_installed():
    """Raises `InvalidValue` unless OpenCV is installed."""
    if importlib.util.find_spec("cv2") is None:
        raise InvalidValue(
            'optical flow is computed by OpenCV, which is missing: pip install "fast-style[video]"'
        )


_LEAST_SIDE = 32  # pixels, for the pyramid of DIS


def flow(first, second, preset="medium", longest=None):
    """Where the pixels of one frame lie in another.

    Args:
        first, second: uint8 RGB `[H, W, 3]`.
        preset: "ultrafast", "fast" or "medium", of OpenCV's DIS.
        longest: pixels; larger frames are made smaller to this long side, which takes less time
            and finds less fine motion. None: never.

    Returns:
        float32 `[H, W, 2]`, pixels to the right and down: what is at (x, y) in `first` is at
        (x, y) + flow[y, x] in `second`.

    Raises:
        ValueError: OpenCV is not installed.
    """
    check_installed()
    import cv2

    presets = {
        "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
        "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
        "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    }
    grey = [cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY) for rgb in (first, second)]
    height, width = grey[0].shape
    if longest is not None and max(height, width) > longest:
        scale = longest / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in grey]
    small = grey[0].shape
    pad = [(0, max(_LEAST_SIDE - side, 0)) for side in small]
    grey = [np.pad(image, pad, mode="edge") for image in grey]
    found = cv2.DISOpticalFlow_create(presets[preset]).calc(*grey, None)[: small[0], : small[1]]
    if small != (height, width):
        found = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
        found *= np.float32([width / small[1], height / small[0]])
    return np.ascontiguousarray(found)


def warp(image, field, smooth=False):
    """An image moved along a flow: the value at (x, y) is that of `image` at (x, y) + field[y, x].

    With `field = flow(first, second)`, `warp(second, field)` looks like `first`.

    Args:
        image: uint8 or float32 `[H, W, C]`.
        field: float32 `[H, W, 2]`.
        smooth: bool, bilinear interpolation; otherwise bicubic, which keeps edges sharp when a
            picture is warped again and again.

    Returns:
        Array of the shape and dtype of `image`; places beyond its border have the border's values.
    """
    import cv2

    height, width = field.shape[:2]
    columns = field[..., 0] + np.arange(width, dtype=np.float32)
    rows = field[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    method = cv2.INTER_LINEAR if smooth else cv2.INTER_CUBIC
    return cv2.remap(image, columns, rows, method, borderMode=cv2.BORDER_REPLICATE)


def occluded(forward, backward):
    """Where the flow to another frame and the flow back from it disagree.

    Args:
        forward: flow from the frame, float32 `[H, W, 2]`.
        backward: flow from the other frame back to it, likewise.

    Returns:
        bool `[H, W]`: what is there is hidden in the other frame, or the flow is wrong.
    """
    back = warp(backward, forward, smooth=True)
    limit = 0.01 * (_squares(forward) + _squares(back)) + 0.5
    return (_squares(forward + back) > limit) | _leaves(forward)


def motion_boundaries(field):
    """Where a flow changes abruptly, at the edges of what moves: bool `[H, W]`."""
    along_y, along_x = np.gradient(field, axis=(0, 1))
    return _squares(along_x) + _squares(along_y) > 0.01 * _squares(field) + 0.002


def _squares(field):
    return np.sum(np.square(field), axis=-1)


def _leaves(field):
    """Where a flow leads out of the picture: bool `[H, W]`."""
    height, width = field.shape[:2]
    columns = field[..., 0] + np.arange(width, dtype=np.float32)
    rows = field[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return (columns < 0) | (columns > width - 1) | (rows < 0) | (rows > height - 1)
