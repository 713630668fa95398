"""How much memory is available, and the height of bands that fit in it."""

import math
import os
import re
from dataclasses import dataclass

from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STRIDE
from fast_style.painting import bands

# Part of the available memory that a picture may take. The rest is for the pictures that are read
# and written meanwhile, for other programs, and for what the estimates below leave out.
SHARE = 0.6
_UNITS = {"": 20, "m": 20, "mib": 20, "k": 10, "kib": 10, "g": 30, "gib": 30}
# Pixels; higher bands are slower: each segment touches more memory for the first time.
_MAX_ROWS = 128
_CGROUPS = (  # limit and usage, of version 2 and of version 1
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


@dataclass(frozen=True)
class BandPlan:
    """How an image goes through the network.

    Attributes:
        rows: int, height of the bands in pixels; 0: all of it at once.
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


def available():
    """Bytes that this process may still allocate: of the machine, or of its control group."""
    found = []
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found += [1024 * int(line.split()[1]) for line in file if "MemAvailable" in line]
    except OSError:  # not Linux
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    for limit, used in _CGROUPS:
        try:
            with open(limit, encoding="ascii") as file, open(used, encoding="ascii") as current:
                found.append(max(int(file.read()) - int(current.read()), 0))
        except (OSError, ValueError):  # no such group, or the limit is "max"
            continue
    return min(found)


def resident():
    """Resident memory of this process, bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def whole_bytes(runtime, shape):
    """Estimate of the memory of a pass over images of `shape` (..., H, W, 3), bytes."""
    # Features grow with the width; below 8, what does not depend on it counts as much.
    width = max(runtime.architecture.width / 32, 0.25)
    return int(math.prod(shape[:-1]) * runtime.bytes_per_pixel * width)


def plan_bands(runtime, shape, max_memory=None, tile=None):
    """Chooses how an image goes through the network.

    Args:
        runtime: `OpenVINORuntime` or `TensorFlowRuntime`.
        shape: (H, W, 3) of the image.
        max_memory: bytes that the process may hold, or None: `SHARE` of what is available.
        tile: height of the bands in pixels, 0 for the whole at once, or None: bands only if the
            whole would take too much, as high as memory allows.

    Returns:
        `BandPlan`.

    Raises:
        ValueError: `tile` is too small, or `max_memory` too small for any band.
    """
    if tile:
        bands.check_rows(runtime.architecture, tile)
    if tile == 0:
        return BandPlan(0)
    room = int(SHARE * available()) if max_memory is None else max_memory - resident()
    output = shape[0] * shape[1] * shape[2]
    if tile is None and whole_bytes(runtime, shape) + output <= room:
        return BandPlan(0)
    least = bands.least_rows(runtime.architecture)
    # Of one row of a band; a band also holds `least` rows of its neighbours.
    row = whole_bytes(runtime, (bands.short_side(shape), 3))
    row = row * runtime.bytes_per_band_pixel // runtime.bytes_per_pixel
    features = bands.feature_bytes(runtime.architecture, shape)
    room -= output
    if tile is None and room < 2 * least * row:
        raise InvalidValue(
            f"`max_memory` is too small for an image of {shape[1]} x {shape[0]} pixels: bands of "
            f"{least} rows need {(output + 2 * least * row + resident()) / 2**20:,.0f} MiB in all; "
            f"{max((room + output + resident()) / 2**20, 0):,.0f} MiB are allowed"
        )
    # Features stay in memory if bands of three times the least height fit beside them: lower ones
    # would spend most of their time on their neighbours' rows.
    in_memory = features + 4 * least * row <= room
    if tile is None:
        rows = (room - features * in_memory) // row - least
        tile = max(min(rows, _MAX_ROWS), least) // STRIDE * STRIDE
    return BandPlan(tile, in_memory)
