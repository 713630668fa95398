"""Any size in bounded memory: an image goes through the network band by band.

Instance normalization takes its moments from the whole image, so bands (or tiles) that are painted
by themselves do not fit together. Chen et al. 2022, *Towards Ultra-Resolution Neural Style
Transfer via Thumbnail Instance Normalization*, take the moments from a downscaled copy; those are
not the image's own, and the picture differs from the one painted at once (`benchmarks.tiling`
prints by how much). Here they are the image's own: the network is divided into segments at its
normalizations (`fast_style.painting.segments`), every segment sees all bands before the next one
begins, and the features in between wait in memory or in a file. The result is that of the whole
image; only a row or two at the edges of bands are computed twice, and nothing is blended.
"""

import contextlib
import functools
import math

import numpy as np

from fast_style.errors import InvalidValue
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.networks.padding import padded_side
from fast_style.painting import feature_buffers
from fast_style.painting.band_windows import Pixels, Window
from fast_style.painting.segments import (
    Statistics,
    border_of,
    centres,
    segment_input,
    segments,
    waiting,
)

# Rows of an image lie together in memory and columns do not: bands are made of columns only where
# rows would be longer, and so need more memory, by more than this factor.
_ELONGATED = 4


def padded(side):
    """The length in pixels to which the network pads a side of `side` pixels."""
    return padded_side(side, STRIDE, SMALLEST)


def least_rows(architecture):
    """The fewest rows (pixels) that a band may have: more than any border (`border_of`)."""
    return 4 * STRIDE


def short_side(shape):
    """Length of a band in pixels, for an image of `shape` (height, width, ...)."""
    height, width = shape[:2]
    return padded(height if width > _ELONGATED * height else width)


def feature_bytes(architecture, shape):
    """Bytes of the features between the segments for an image of `shape` (height, width, ...)."""
    return math.prod(padded(side) // STRIDE for side in shape[:2]) * _bytes_of_one(architecture)


def _bytes_of_one(architecture):
    """Bytes of the features of one pixel of the bottleneck: the most that wait at a time.

    The residual blocks' running sum, which waits beside "raw", takes the second half.
    """
    found = (waiting(architecture, name) for name in architecture.convolutions if name != "out")
    return max(scale**2 * channels * dtype.itemsize for scale, channels, dtype in found)


def check_rows(architecture, rows):
    """Raises `ValueError` where bands of `rows` pixels are too small."""
    least = least_rows(architecture)
    if rows < least:
        raise InvalidValue(
            f"`tile` must be 0 (off) or at least {least} pixels, as the network's receptive "
            f"field requires; received {rows}"
        )


def paint(runtime, image, rows, in_memory=True, statistics=None):
    """Stylizes one image as the whole network does, band by band.

    Args:
        runtime: `OpenVINORuntime` or `TensorFlowRuntime` of a `TransformNet`.
        image: uint8 RGB `[H, W, 3]`.
        rows: height of a band in pixels, rounded down to a multiple of 4.
        in_memory: bool, whether features wait in memory; if not, in a file in the folder for
            temporary files (TMPDIR, or /var/tmp), deleted with the process at the latest.
        statistics: `Statistics` to normalize by, as `measure` returns them for the same runtime,
            or None for the image's own.

    Returns:
        uint8 RGB `[H, W, 3]`.

    Raises:
        ValueError: `rows` is too small.
        OSError: the file does not fit on the disk.
    """
    painted = np.empty_like(image)
    _run(runtime, image, painted, rows, in_memory, statistics)
    return painted


def measure(runtime, image, rows, in_memory=True):
    """The statistics of every instance normalization over the whole image.

    Args: as in `paint`.

    Returns:
        `fast_style.painting.segments.Statistics`.
    """
    return _run(runtime, image, None, rows, in_memory, None)


def _run(runtime, image, painted, rows, in_memory, statistics):
    """Takes the image through all segments, the last one only where there is `painted` to fill."""
    architecture = runtime.architecture
    check_rows(architecture, rows)
    plan = segments(architecture, measure=statistics is None)
    if statistics is None:
        moments = np.zeros((2, architecture.normalized_channels), np.float32)
        statistics = Statistics(centres(architecture, image[None])[0], moments)
    with contextlib.ExitStack() as stack:
        stack.callback(runtime.release)
        features = _features(architecture, image.shape, in_memory, stack)
        image_pass = _Pass(runtime, image, painted, rows // STRIDE, features, statistics)
        for segment in plan if painted is not None else plan[:-1]:
            image_pass.run(segment)
    return statistics


def _features(architecture, shape, in_memory, stack):
    """The buffer of the features between the segments."""
    size = feature_bytes(architecture, shape)
    if in_memory:
        return feature_buffers.InMemory(size)
    feature_buffers.check_disk(size)
    return stack.enter_context(feature_buffers.InFile())


def _axis(shape):
    """The axis of `[N, H, W, C]` along which bands follow each other, 1 or 2; see `_ELONGATED`."""
    return 1 if short_side(shape) == padded(shape[1]) else 2


class _Pass:
    """One image on its way through the segments; inside, bands are rows, whatever their axis."""

    def __init__(self, runtime, image, painted, rows, features, statistics):
        self._runtime = runtime
        self._architecture = runtime.architecture
        self._axis = _axis(image.shape)
        self._image = self._as_rows(image)
        self._painted = None if painted is None else self._as_rows(painted)
        self._height, self._width = (padded(side) // STRIDE for side in self._image.shape[:2])
        # As even as possible: what is computed for rows that the last band lacks is dropped.
        self._rows = -(-self._height // -(-self._height // rows))
        self._features = features
        self._statistics = statistics

    def run(self, segment):
        """Takes every band through one segment."""
        measured, rows = _Moments(), self._rows
        scale = self._architecture.convolutions[segment.name].scale
        with self._runtime.segment_pass(
            segment, self._statistics, (rows, self._width), self._axis
        ) as compute:
            inputs = [self._window(segment, *item) for item in compute.inputs.items()]
            for start in range(0, self._height, rows):
                count = min(rows, self._height - start)
                inside = [window.move_to(start) for window in inputs][0]
                weights = np.zeros((rows, scale), np.float32)
                weights[:count] = 1 / (scale * count)
                outputs = compute(weights.ravel(), inside)
                if "moments" in outputs:
                    measured.add(outputs["moments"], count)
                self._keep(segment, outputs, start, count)
        if "moments" in segment.outputs:
            channels = self._architecture.normalized[segment.name]
            self._statistics.moments[:, channels] = measured.result()

    def _window(self, segment, name, array):
        """The `Window` that fills the array of one input."""
        scale = segment_input(self._architecture, segment, name)[0]
        border = border_of(self._architecture, segment.name)
        if name == "pixels":
            read = Pixels(self._image, self._width).read
        else:
            read = functools.partial(self._features.read, **self._place(name, scale))
        return Window(read, array[0], border, scale, scale * self._height)

    def _place(self, name, scale):
        """Where the rows of "raw" or "x" lie in the features: stride and offset, bytes."""
        stride = self._width * _bytes_of_one(self._architecture) // scale
        return {"stride": stride, "offset": stride // 2 if name == "x" else 0}

    def _keep(self, segment, outputs, start, count):
        """Stores a band's features and pixels."""
        for name in {"raw", "x"} & set(outputs):
            scale = waiting(self._architecture, segment.name)[0] if name == "raw" else 1
            border = border_of(self._architecture, segment.name)[0] if name == "x" else 0
            rows = outputs[name].reshape(outputs[name].shape[1], -1)
            ends = border * outputs[name].shape[-1]
            rows = rows[border : border + scale * count, ends : rows.shape[1] - ends]
            self._features.write(rows, scale * start, **self._place(name, scale))
        if "pixels" in outputs:
            pixels = outputs["pixels"][0, : STRIDE * count]
            target = self._painted[STRIDE * start : STRIDE * start + len(pixels)]
            target[:] = pixels[: len(target), : target.shape[1]]

    def _as_rows(self, image):
        """An image `[H, W, C]` turned so that its bands are rows."""
        return image if self._axis == 1 else image.swapaxes(0, 1)


class _Moments:
    """Mean and variance over all bands, from those of each band (Chan et al. 1979), in float64."""

    def __init__(self):
        self.rows, self.mean, self.variance = 0, 0.0, 0.0

    def add(self, moments, rows):
        mean, variance = moments.astype(np.float64)
        weight = rows / (self.rows + rows)
        distance = mean - self.mean
        self.variance = (
            (1 - weight) * self.variance + weight * variance + weight * (1 - weight) * distance**2
        )
        self.mean = self.mean + weight * distance
        self.rows += rows

    def result(self):
        return np.stack([self.mean, self.variance])
