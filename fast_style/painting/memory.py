"""How an image goes through a network within the memory that there is."""

import math
import re
from dataclasses import dataclass

from fast_style.errors import InvalidValue, OutOfMemory
from fast_style.machine import resources
from fast_style.networks.architecture import STRIDE
from fast_style.painting import bands

# Part of the available memory that a picture may take. The rest is for the pictures that are read
# and written meanwhile, for other programs, and for what the estimates below leave out.
SHARE = 0.6
_UNITS = {"": 20, "m": 20, "mib": 20, "k": 10, "kib": 10, "g": 30, "gib": 30}
# Pixels; higher bands are slower: each segment touches more memory for the first time.
_MAX_ROWS = 64
# Pixels, of the tiles of a network that enlarges: with smaller ones most of the work would be for
# the pixels around them, and larger ones are no faster.
_LEAST_SIDE, _MOST_SIDE = 32, 512


@dataclass(frozen=True)
class Plan:
    """How an image goes through the network.

    Attributes:
        rows: int, height of the bands in pixels, or side of the tiles of a network that enlarges;
            0: all of it at once.
        in_memory: bool, whether the features between the segments are held in memory.
    """

    rows: int
    in_memory: bool = True


def parse_size(text):
    """Bytes in a text such as "2GiB", "900MiB" or "900" (MiB).

    Raises:
        ValueError: any other text.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(text).lower())
    if not match or match[2] not in _UNITS or not float(match[1]):
        raise InvalidValue(
            f"`max_memory` must be a number of MiB, or a size such as 2GiB; received {text!r}"
        )
    return int(float(match[1]) * 2 ** _UNITS[match[2]])


def whole_bytes(runtime, shape):
    """Estimate of the memory of a pass over images of `shape` (..., H, W, 3), bytes."""
    # Features grow with the width; below 8, what does not depend on it counts as much.
    if runtime.factor == 1:
        each = runtime.bytes_per_pixel * max(runtime.network_width / 32, 0.25)
    else:
        each = runtime.bytes_per_enlarged_pixel * max(runtime.network_width / 64, 0.25)
    return int(math.prod(shape[:-1]) * runtime.factor**2 * each)


def _numbers(runtime, shape):
    """How many numbers the largest tensor of a pass over images of `shape` (..., H, W, 3) has."""
    return math.prod(shape[:-1]) * runtime.factor**2 * runtime.network_width


def plan(runtime, shape, max_memory=None, tile=None):
    """Chooses how an image goes through the network.

    Args:
        runtime: `OpenVINORuntime` or `TensorFlowRuntime`.
        shape: (H, W, 3) of the image.
        max_memory: bytes that the process may hold, or on a GPU the passes there; None: `SHARE` of
            what is available.
        tile: height of the bands in pixels, 0 for the whole at once, or None: bands only if the
            whole would take too much, as high as memory allows.

    Returns:
        `Plan`.

    Raises:
        ValueError: `tile` is too small, or `max_memory` too small for any part of the image.
        OutOfMemory: the same without `max_memory`; or the image has more features than TensorFlow
            can count, and must not or can't be divided.
    """
    if tile and runtime.architecture:
        bands.check_rows(runtime.architecture, tile)
    counted = runtime.most_numbers is None or _numbers(runtime, shape) <= runtime.most_numbers
    divisible = runtime.architecture is not None or runtime.reach is not None
    if not counted and (tile == 0 or not divisible):
        raise OutOfMemory(
            f"an image of {shape[1]} x {shape[0]} pixels has more features than {runtime.name} can "
            f"count at once{': --tile=auto takes it in parts' if divisible else ''}"
        )
    if tile == 0:
        return Plan(0)
    host, device = _rooms(runtime, max_memory)
    output = math.prod(shape) * runtime.factor**2
    host -= output
    room = host if device is None else device
    if tile is None and counted and room >= whole_bytes(runtime, shape) and host >= 0:
        return Plan(0)
    if not divisible:
        # There is no other way: it is tried where all that is available might do.
        needed = output + whole_bytes(runtime, shape)
        if max_memory is None and needed <= room / SHARE:
            return Plan(0)
        _refuse(shape, "the whole", needed, room + output, max_memory)
    if runtime.architecture is None:
        return Plan(_tile_side(runtime, shape, room, output, max_memory))
    least = bands.least_rows(runtime.architecture)
    # Of one row of a band; a band also holds `least` rows of its neighbours.
    row = whole_bytes(runtime, (bands.short_side(shape), 3))
    row = row * runtime.bytes_per_band_pixel // runtime.bytes_per_pixel
    if tile is None and room < 2 * least * row:
        _refuse(
            shape, f"bands of {least} rows", output + 2 * least * row, room + output, max_memory
        )
    # Features stay in memory if bands of three times the least height fit beside them: lower ones
    # would spend most of their time on their neighbours' rows.
    features = bands.feature_bytes(runtime.architecture, shape)
    beside = 4 * least * row if device is None else 0
    in_memory = features + beside <= host
    if tile is None:
        taken = features * in_memory if device is None else 0
        rows = (room - taken) // row - least
        tile = max(min(rows, _MAX_ROWS), least) // STRIDE * STRIDE
    return Plan(tile, in_memory)


def smaller(runtime, tried):
    """The plan to try after `tried` found too little memory; None if there is none."""
    if runtime.architecture is not None:
        least, most = bands.least_rows(runtime.architecture), _MAX_ROWS // 2
    elif runtime.reach is not None:
        least, most = _LEAST_SIDE, 4 * _LEAST_SIDE
    else:
        return None
    if not tried.rows or tried.rows > max(most, least):
        return Plan(max(most, least), tried.in_memory)
    return Plan(least, False) if tried.rows > least or tried.in_memory else None


def _rooms(runtime, max_memory):
    """Bytes that an image may take of the process, and of the GPU; None without a GPU."""
    device = runtime.device_memory()
    if device is not None:
        device = int(SHARE * device)
        if max_memory is not None:
            device, max_memory = min(device, max_memory), None
    if max_memory is None:
        return int(SHARE * resources.available_memory()), device
    return max_memory - resources.resident_memory(), device


def _tile_side(runtime, shape, room, output, max_memory):
    """Side of the tiles, pixels, of an image that a network enlarges."""
    pixels = max(room, 0) * 2**20 // whole_bytes(runtime, (2**10, 2**10, 3))
    if runtime.most_numbers is not None:
        pixels = min(pixels, runtime.most_numbers // _numbers(runtime, (1, 1, 3)))
    side = min(math.isqrt(pixels) - 2 * runtime.reach, _MOST_SIDE)
    if side < _LEAST_SIDE:
        window = _LEAST_SIDE + 2 * runtime.reach
        least = output + whole_bytes(runtime, (window, window, 3))
        _refuse(shape, f"tiles of {_LEAST_SIDE} pixels", least, room + output, max_memory)
    return side


def _refuse(shape, parts, needed, allowed, max_memory):
    """Raises the error that `parts` of an image do not fit into memory."""
    resident = 0 if max_memory is None else resources.resident_memory()
    needed, allowed = ((size + resident) / 2**20 for size in (needed, allowed))
    image = f"an image of {shape[1]} x {shape[0]} pixels: {parts} need {needed:,.0f} MiB in all; "
    if max_memory is None:
        raise OutOfMemory(f"out of memory for {image}{max(allowed, 0):,.0f} MiB are available")
    raise InvalidValue(
        f"`max_memory` is too small for {image}{max(allowed, 0):,.0f} MiB are allowed"
    )
