"""Any size in bounded memory: an image goes through the network band by band.

Instance normalization takes its moments from the whole image, so bands (or tiles) that are painted
by themselves do not fit together. Chen et al. 2022, *Towards Ultra-Resolution Neural Style
Transfer via Thumbnail Instance Normalization*, take the moments from a reduced copy; those are not
the image's own, and the picture differs from the one painted at once (`benchmarks.tiling` prints by
how much). Here they are the image's own: the network is cut at its normalizations
(`fast_style.stages`), every stage sees all bands before the next begins, and the features in
between, a sixteenth of the pixels, wait in memory or in a file. The result is the whole image's,
with no overlap to compute twice but a few rows, and nothing to blend.
"""

import contextlib
import os
import shutil
import tempfile

import numpy as np

from fast_style import stages
from fast_style.architecture import STRIDE

_ELONGATED = 4  # images this much wider than high are cut into bands of columns


def least_rows(architecture):
    """The fewest rows (pixels) that a band may have: as many as it needs of its neighbours."""
    halo = max(convolution.halo for convolution in architecture.convolutions.values())
    return 2 * halo * STRIDE


def short_side(shape):
    """Length of a band in pixels, for an image of `shape` (height, width, ...)."""
    height, width = shape[:2]
    return stages.padded(height if width > _ELONGATED * height else width)


def feature_bytes(architecture, shape):
    """Size of what waits between the stages for an image of `shape` (height, width, ...)."""
    height, width = (stages.padded(side) // STRIDE for side in shape[:2])
    return 2 * height * width * 4 * architecture.width * 4  # two buffers of 4-byte floats


def check_rows(architecture, rows):
    """Raises `ValueError` where bands of `rows` pixels are too small."""
    least = least_rows(architecture)
    if rows < least:
        raise ValueError(
            f"`tile` must be 0 (off) or at least {least} pixels, which the network's receptive "
            f"field asks for; received {rows}"
        )


def paint(runtime, image, rows, in_memory=True, moments=None):
    """Stylizes one image as the whole network does, band by band.

    Args:
        runtime: `OpenVINORuntime` or `TensorFlowRuntime`.
        image: uint8 RGB `[H, W, 3]`.
        rows: height of a band in pixels, rounded down to a multiple of 4.
        in_memory: bool, whether features wait in memory; if not, in a file in the folder for
            temporary files (TMPDIR, or /var/tmp), deleted with the process at the latest.
        moments: float32 `[2, channels]` to normalize by, as `measure` returns them, or None for
            the image's own.

    Returns:
        uint8 RGB `[H, W, 3]`.

    Raises:
        ValueError: `rows` is too small.
        OSError: the file does not fit on the disk.
    """
    painted = np.empty_like(image)
    _run(runtime, image, painted, rows, in_memory, moments)
    return painted


def measure(runtime, image, rows, in_memory=True):
    """The moments of every instance normalization over the whole image.

    Args: as in `paint`.

    Returns:
        float32 `[2, channels]`, means and variances, in the order of `Architecture.normalized`.
    """
    return _run(runtime, image, None, rows, in_memory, None)


def _run(runtime, image, painted, rows, in_memory, moments):
    architecture = runtime.architecture
    check_rows(architecture, rows)
    # Bands are cut across the longer side, so that they stay small.
    axis = 1 if short_side(image.shape) == stages.padded(image.shape[1]) else 2
    if axis == 2:
        image = image.swapaxes(0, 1)
        painted = None if painted is None else painted.swapaxes(0, 1)
    height, width = (stages.padded(side) // STRIDE for side in image.shape[:2])

    measuring = moments is None
    if measuring:
        moments = np.zeros((2, architecture.normalized_channels), np.float32)
    plan = stages.stages(architecture, measuring)
    if painted is None:
        plan = plan[:-1]

    with contextlib.ExitStack() as stack:
        shape = (height, width, 4 * architecture.width)
        make = _InMemory if in_memory else lambda s: stack.enter_context(_InFile(s))
        if not in_memory:
            _check_disk(feature_bytes(architecture, image.shape))
        features = {"raw": make(shape), "x": make(shape)}
        for stage in plan:
            total = _Moments()
            sources = [
                _Pixels(image, width) if name == "pixels" else features[name]
                for name in stage.inputs
            ]
            halo = architecture.convolutions[stage.name].halo
            for parts, start, stop, kept in _bands(sources, height, rows // STRIDE, halo):
                inputs = {
                    name: _upright(part.reshape(-1, *part.shape[-2:]), axis)[None]
                    for name, part in zip(stage.inputs, parts, strict=True)
                }
                shares = np.zeros(len(parts[0]), np.float32)
                shares[kept] = 1 / (stop - start)
                outputs = runtime.run_stage(stage, inputs, moments, shares, axis)
                if "moments" in outputs:
                    total.add(outputs["moments"], stop - start)
                for name in {"raw", "x"} & set(outputs):
                    features[name].write(start, _upright(outputs[name][0], axis)[kept])
                if "pixels" in outputs:
                    out = painted[STRIDE * start : STRIDE * stop]
                    rows_of_pixels = _upright(outputs["pixels"][0], axis)[STRIDE * kept.start :]
                    out[:] = rows_of_pixels[: len(out), : out.shape[1]]
            if "moments" in stage.outputs:
                moments[:, architecture.normalized[stage.name]] = total.result()
    return moments


def _upright(part, axis):
    return part if axis == 1 else part.swapaxes(0, 1)


def _bands(sources, height, rows, halo):
    """Each band with `halo` rows on either side, where there are any, or more: all are of one size.

    Every row is read once and in order, and held until the band below has seen it: what a stage
    makes of a band may be written over the band itself.

    Yields:
        list of arrays, one for each source; the band's first row and the one after its last; the
        slice of the arrays that these are.
    """
    rows = -(-height // -(-height // rows))  # bands as even as can be
    window = min(height, rows + 2 * halo)
    held, first, read = None, 0, 0
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        low = min(max(0, start - halo), height - window)
        if held is not None:
            held = [part[low - first :] for part in held]
        if low + window > read:
            new = [source.read(read, low + window) for source in sources]
            held = new if held is None else list(map(np.concatenate, zip(held, new, strict=True)))
        first, read = low, low + window
        yield held, start, stop, slice(start - low, stop - low)


class _Moments:
    """Mean and variance of bands joined (Chan et al. 1979), in float64."""

    def __init__(self):
        self.rows, self.mean, self.variance = 0, 0.0, 0.0

    def add(self, moments, rows):
        mean, variance = moments.astype(np.float64)
        share = rows / (self.rows + rows)
        distance = mean - self.mean
        self.variance = (
            (1 - share) * self.variance + share * variance + share * (1 - share) * distance**2
        )
        self.mean = self.mean + share * distance
        self.rows += rows

    def result(self):
        return np.stack([self.mean, self.variance])


class _Pixels:
    """An image, read in rows of the bottleneck, its last row and column repeated as needed."""

    def __init__(self, image, width):
        self.image, self.width = image, STRIDE * width

    def read(self, start, stop):
        rows = self.image[STRIDE * start : STRIDE * stop]
        if not len(rows):  # of an image of fewer rows than the network asks for
            rows = np.repeat(self.image[-1:], STRIDE * (stop - start), axis=0)
        rows = stages.pad_edges(rows, STRIDE * (stop - start), self.width)
        return rows.reshape(stop - start, STRIDE, self.width, 3)


class _InMemory:
    def __init__(self, shape):
        self.array = np.empty(shape, np.float32)

    def read(self, start, stop):
        return self.array[start:stop].copy()

    def write(self, start, rows):
        self.array[start : start + len(rows)] = rows


class _InFile:
    """Rows in a file without a name; not mapped, which would count as the process's memory."""

    def __init__(self, shape):
        self.shape = shape
        self.row = 4 * shape[1] * shape[2]  # bytes

    def __enter__(self):
        self.file = tempfile.TemporaryFile(dir=temporary_folder(), buffering=0)
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self, start, stop):
        rows = np.empty((stop - start, *self.shape[1:]), np.float32)
        view = memoryview(rows).cast("B")
        self.file.seek(start * self.row)
        while len(view):
            view = view[self.file.readinto(view) :]
        return rows

    def write(self, start, rows):
        view = memoryview(np.ascontiguousarray(rows)).cast("B")
        self.file.seek(start * self.row)
        while len(view):
            view = view[self.file.write(view) :]


def temporary_folder():
    """Where features wait: TMPDIR, or /var/tmp, since /tmp is memory on many systems."""
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        return "/var/tmp"
    return tempfile.gettempdir()


def _check_disk(size):
    folder = temporary_folder()
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(
            f"{folder}: {size / 2**30:.1f} GiB are needed for a picture of this size, "
            f"{free / 2**30:.1f} GiB are free (the environment variable TMPDIR names another "
            "folder; a larger --max_memory may do without)"
        )
