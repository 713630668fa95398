"""How much memory there is, and how high bands are so that it suffices."""

import os
import re
from dataclasses import dataclass

from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STRIDE
from fast_style.painting import bands

SHARE = 0.6  # of what is available, the rest being for reading and writing pictures and for others
_UNITS = {"": 20, "m": 20, "mib": 20, "k": 10, "kib": 10, "g": 30, "gib": 30}
_MAX_ROWS = 128  # pixels; higher bands are slower, since their memory is new to each segment
_CGROUPS = (
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
        ValueError: it is no such text.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(text).lower())
    if not match or match[2] not in _UNITS or not float(match[1]):
        raise InvalidValue(
            f"`max_memory` must be a number of MiB, or such as 2GiB; received {text!r}"
        )
    return int(float(match[1]) * 2 ** _UNITS[match[2]])


def available():
    """Bytes that this process may still take: the machine's or its control group's."""
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
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return min(found)


def resident():
    """Bytes that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def whole_bytes(runtime, shape):
    """Estimate of what a pass over images of `shape` (..., H, W, 3) takes."""
    pixels = 1
    for side in shape[:-1]:
        pixels *= side
    return int(pixels * runtime.bytes_per_pixel * max(runtime.architecture.width / 32, 0.25))


def plan_bands(runtime, shape, max_memory=None, tile=None):
    """Chooses how an image goes through the network.

    Args:
        runtime: `OpenVINORuntime` or `TensorFlowRuntime`.
        shape: (H, W, 3) of the image.
        max_memory: bytes that the process may hold, or None: part of what is available.
        tile: height of the bands in pixels, 0 for the whole at once, or None: bands only where
            the whole would take too much, as high as memory allows.

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
    # A band has its neighbours' rows as well.
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
    # Features stay in memory where bands of a fair size fit beside them.
    in_memory = features + 4 * least * row <= room
    if tile is None:
        rows = (room - features * in_memory) // row - least
        tile = max(min(rows, _MAX_ROWS), least) // STRIDE * STRIDE
    return BandPlan(tile, in_memory)
