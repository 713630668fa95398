"""Any size in bounded memory: an image goes through the network band by band.

Instance normalization takes its moments from the whole image, so bands (or tiles) that are painted
by themselves do not fit together. Chen et al. 2022, *Towards Ultra-Resolution Neural Style
Transfer via Thumbnail Instance Normalization*, take the moments from a downscaled copy; those are
not the image's own, and the picture differs from the one painted at once (`benchmarks.tiling`
prints by how much). Here they are the image's own: the network is divided into segments at its
normalizations (`fast_style.painting.segments`), every segment sees all bands before the next one
begins, and the features in between, at a quarter of the image's height and width, wait in memory or
in a file. The result is that of the whole image; only a few rows at the edges of bands are computed
twice, and nothing is blended.
"""

import contextlib

import numpy as np

from fast_style.errors import InvalidValue
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.networks.padding import pad_edges, padded_side
from fast_style.painting import feature_buffers
from fast_style.painting.segments import Statistics, centres, segments

# Rows of an image lie together in memory and columns do not: bands are made of columns only where
# rows would be longer, and so need more memory, by more than this factor.
_ELONGATED = 4


def padded(side):
    """The length in pixels to which the network pads a side of `side` pixels."""
    return padded_side(side, STRIDE, SMALLEST)


def least_rows(architecture):
    """The fewest rows (pixels) that a band may have: as many as both neighbours lend it."""
    context = max(c.context_rows for c in architecture.convolutions.values())
    return 2 * context * STRIDE


def short_side(shape):
    """Length of a band in pixels, for an image of `shape` (height, width, ...)."""
    height, width = shape[:2]
    return padded(height if width > _ELONGATED * height else width)


def feature_bytes(architecture, shape):
    """Bytes of the features between the segments for an image of `shape` (height, width, ...)."""
    height, width = (padded(side) // STRIDE for side in shape[:2])
    return 2 * height * width * 4 * architecture.width * 4  # two buffers of 4-byte floats


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
        features = _features(architecture, image.shape, in_memory, stack)
        image_pass = _Pass(runtime, image, painted, rows // STRIDE, features, statistics)
        for segment in plan if painted is not None else plan[:-1]:
            image_pass.run(segment)
    return statistics


def _features(architecture, shape, in_memory, stack):
    """The buffers of the features between the segments: dict of two by name."""
    height, width = (padded(side) // STRIDE for side in shape[:2])
    if _axis(shape) == 2:
        height, width = width, height
    rows = (height, width, 4 * architecture.width)
    if in_memory:
        return {name: feature_buffers.InMemory(rows) for name in ("raw", "x")}
    feature_buffers.check_disk(feature_bytes(architecture, shape))
    return {name: stack.enter_context(feature_buffers.InFile(rows)) for name in ("raw", "x")}


def _axis(shape):
    """The axis of `[N, H, W, C]` along which bands follow each other, 1 or 2; see `_ELONGATED`."""
    return 1 if short_side(shape) == padded(shape[1]) else 2


class _Pass:
    """One image on its way through the segments; inside, bands are rows, whatever their axis."""

    def __init__(self, runtime, image, painted, rows, features, statistics):
        self._runtime = runtime
        self._axis = _axis(image.shape)
        self._image = self._as_rows(image)
        self._painted = None if painted is None else self._as_rows(painted)
        self._height, self._width = (padded(side) // STRIDE for side in self._image.shape[:2])
        self._rows = rows
        self._features = features
        self._statistics = statistics

    def run(self, segment):
        """Takes every band through one segment."""
        measured = _Moments()
        sources = [
            _Pixels(self._image, self._width) if name == "pixels" else self._features[name]
            for name in segment.inputs
        ]
        context = self._runtime.architecture.convolutions[segment.name].context_rows
        for parts, start, stop, own in _bands(sources, self._height, self._rows, context):
            inputs = {
                name: self._as_rows(part.reshape(-1, *part.shape[-2:]))[None]
                for name, part in zip(segment.inputs, parts, strict=True)
            }
            weights = np.zeros(len(parts[0]), np.float32)
            weights[own] = 1 / (stop - start)
            outputs = self._runtime.run_segment(
                segment, inputs, self._statistics, weights, self._axis
            )
            if "moments" in outputs:
                measured.add(outputs["moments"], stop - start)
            self._keep(outputs, start, stop, own)
        if "moments" in segment.outputs:
            channels = self._runtime.architecture.normalized[segment.name]
            self._statistics.moments[:, channels] = measured.result()

    def _keep(self, outputs, start, stop, own):
        """Stores a band's features and pixels, without the rows of its neighbours."""
        for name in {"raw", "x"} & set(outputs):
            self._features[name].write(start, self._as_rows(outputs[name][0])[own])
        if "pixels" in outputs:
            target = self._painted[STRIDE * start : STRIDE * stop]
            pixels = self._as_rows(outputs["pixels"][0])[STRIDE * own.start :]
            target[:] = pixels[: len(target), : target.shape[1]]

    def _as_rows(self, image):
        """An image `[H, W, C]` turned so that its bands are rows, or back."""
        return image if self._axis == 1 else image.swapaxes(0, 1)


def _bands(sources, height, rows, context):
    """Bands together with at least `context` rows of each neighbour, all of one size.

    Every row is read once and in order, and held until the band below has seen it: a segment's
    output for a band may be written over the band itself.

    Args:
        sources: list of objects with `read(start, stop)`.
        height: int, rows of the bottleneck in all.
        rows: int, the most that a band may have.
        context: int, rows.

    Yields:
        list of arrays, one for each source; the band's first row and the one after its last (ints);
        the slice of the arrays that holds these rows.
    """
    rows = -(-height // -(-height // rows))  # as even as possible
    window = min(height, rows + 2 * context)
    held, first, read = None, 0, 0
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        low = min(max(0, start - context), height - window)
        if held is not None:
            held = [part[low - first :] for part in held]
        if low + window > read:
            new = [source.read(read, low + window) for source in sources]
            held = new if held is None else list(map(np.concatenate, zip(held, new, strict=True)))
        first, read = low, low + window
        yield held, start, stop, slice(start - low, stop - low)


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


class _Pixels:
    """An image, read in rows of the bottleneck, padded with its last row and column."""

    def __init__(self, image, width):
        self.image, self.width = image, STRIDE * width

    def read(self, start, stop):
        rows = self.image[STRIDE * start : STRIDE * stop]
        if not len(rows):  # beyond an image of fewer rows than the network needs
            rows = np.repeat(self.image[-1:], STRIDE * (stop - start), axis=0)
        rows = pad_edges(rows, STRIDE * (stop - start), self.width)
        return rows.reshape(stop - start, STRIDE, self.width, 3)
