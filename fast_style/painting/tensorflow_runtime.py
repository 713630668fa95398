"""Painting with TensorFlow, on a GPU if there is one."""

import contextlib
import threading

import numpy as np
import tensorflow as tf
from keras import ops

from fast_style.checkpoints import store
from fast_style.checkpoints.styles import chosen_mixture
from fast_style.machine import tensorflow_memory
from fast_style.networks.normalization import moments_from
from fast_style.painting.segments import (
    border_of,
    centres,
    compute,
    half_factors,
    segment_input,
)

_STEP = 8  # rows and columns from one pixel that counts for a number near the mean to the next


class TensorFlowRuntime:
    """Runs one network; threads may share it.

    The network is traced once, for images of every size; with `jit_compile` XLA compiles it for
    each size anew. Segments (`fast_style.painting.segments`) are traced once each.

    Args:
        network: a built `TransformNet` or `SuperResolutionNet`.
        jit_compile: bool, whether XLA compiles the network.

    Attributes:
        architecture: the network's `Architecture`; None for super-resolution, which has no
            segments, and for several styles, which segments do not tell apart.
        factor: int, how many times as high and wide its output is as the input.
        reach: int or None, see `SuperResolutionNet.reach`; None for a network that paints.
        network_width: int, channels at full resolution.
    """

    name = "tensorflow"
    # `benchmarks.pass_memory` measures 490 for the whole network and 778 for bands on two cores.
    # The margin is nearly twofold: TensorFlow schedules operations as threads are free, so more
    # cores hold more tensors at a time.
    bytes_per_pixel = 900
    """Peak memory of a pass of the whole network at width 32, for each pixel."""
    bytes_per_band_pixel = 1400
    """Peak memory of a pass of the costliest segment at width 32, for each pixel of a band."""
    # Two sizes of a network that enlarges four times differ by 832 on two cores.
    bytes_per_enlarged_pixel = 1300
    """Peak memory of a pass that enlarges, at width 64, for each pixel of the enlarged image."""
    most_numbers = tensorflow_memory.MOST_NUMBERS
    """Numbers that a tensor may have."""

    def __init__(self, network, jit_compile=False):
        self.network = network
        self.factor = getattr(network, "factor", 1)
        self.reach = getattr(network, "reach", None)
        self.network_width = network.width
        styles = getattr(network, "styles", 1)
        self.architecture = getattr(network, "architecture", None) if styles == 1 else None
        # How much of each style is painted; None for a network of one.
        self._style = None if styles == 1 else tf.Variable(tf.fill([styles], 1 / styles))
        self._function = tf.function(
            self._forward,
            input_signature=[
                tf.TensorSpec([None, None, None, 3], tf.uint8),
                tf.TensorSpec([None, 3], tf.float32),
            ],
            jit_compile=jit_compile,
        )
        self._jit_compile = jit_compile
        self._segments = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, prefix, jit_compile=False, style=None):
        """The runtime for a checkpoint, and its metadata (dict).

        Args:
            prefix: checkpoint prefix.
            jit_compile: bool, whether XLA compiles the network.
            style: which of several styles, see `fast_style.checkpoints.styles`.

        Raises:
            ValueError: `style` is missing, unknown, or given for a network of one.
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoints.store.CheckpointError: it is damaged.
        """
        network, metadata = store.load_network(prefix, style=style)
        if style is None:  # which is an error for a network of several
            chosen_mixture(metadata, getattr(network, "styles", 1), prefix, None)
        return cls(network, jit_compile), metadata

    def choose_style(self, number):
        """Paints in one style (int) of a network of several from now on, not in their mean."""
        if self._style is not None:
            self._style.assign(tf.one_hot(number, self._style.shape[0]))

    def prepare(self):
        """Traces the network, which the first pass does otherwise (about a second)."""
        self.paint(np.zeros((1, 8, 8, 3), np.uint8))

    def paint(self, images):
        """Stylizes uint8 RGB `[N, H, W, 3]`; returns uint8, `factor` times as high and wide.

        Raises:
            OutOfMemory: there is too little memory for all of it at once.
        """
        with tensorflow_memory.reporting_out_of_memory(None):
            return self._function(images, self._centres(images)).numpy()

    @contextlib.contextmanager
    def segment_pass(self, segment, statistics, shape, axis):
        """Context of a `SegmentPass`; as `OpenVINORuntime.segment_pass`."""
        with self._lock:
            if (segment, axis) not in self._segments:
                self._segments[segment, axis] = self._trace(segment, axis)
        yield SegmentPass(self, segment, statistics, shape, self._segments[segment, axis])

    def release(self):
        """Frees the memory that passes keep for later ones: none here."""

    def device_memory(self):
        """Bytes that a GPU, if there is one, has left for passes; None on the processor."""
        return tensorflow_memory.gpu_left()

    def _centres(self, images):
        architecture = getattr(self.network, "architecture", None)
        if architecture is None:
            return np.zeros((len(images), 3), np.float32)
        return centres(architecture, images)

    def _forward(self, images, centres):
        images = tf.cast(images, tf.float32) - centres[:, None, None]
        options = {}
        if self._style is not None:
            options["styles"] = tf.repeat(self._style[None], tf.shape(images)[0], axis=0)
        with moments_from(self._moments):
            return to_uint8(self.network(images, training=False, **options))

    def _moments(self, _, x):
        """Mean and variance over height and width, for `moments_from`."""
        rest, near = _less_near_mean(x)
        mean = tf.reduce_mean(rest, (1, 2), keepdims=True)
        if self._jit_compile:
            square = tf.reduce_mean(tf.square(rest), (1, 2), keepdims=True)
        else:  # makes no copy of the squares
            size = tf.cast(tf.shape(x)[1] * tf.shape(x)[2], x.dtype)
            square = tf.square(tf.math.reduce_euclidean_norm(rest, (1, 2), keepdims=True)) / size
        return near + mean, square - tf.square(mean)

    def _trace(self, segment, axis):
        inputs = {}
        for name in segment.inputs:
            _, channels, dtype = segment_input(self.architecture, segment, name)
            inputs[name] = tf.TensorSpec([1, None, None, channels], dtype)
        factors = half_factors(self.architecture, self._weight)

        @tf.function(
            input_signature=[
                inputs,
                tf.TensorSpec([3], tf.float32),
                tf.TensorSpec([2, None], tf.float32),
                tf.TensorSpec([None], tf.float32),
                tf.TensorSpec([None], tf.float32),
            ],
            autograph=False,
        )
        def run(inputs, centre, moments, row_weights, inside):
            operations = _Operations(
                self.network, centre, moments, row_weights, inside, axis, factors
            )
            inputs = {name: operations.turned(x) for name, x in inputs.items()}
            outputs = compute(segment, inputs, operations)
            return {
                name: x if name == "moments" else operations.turned(x)
                for name, x in outputs.items()
            }

        return run

    def _weight(self, path):
        """A weight by its path, such as "down1/conv/kernel"."""
        weight = self.network
        for part in path.split("/"):
            weight = getattr(weight, part)
        return weight.numpy()


class SegmentPass:
    """One segment, and the memory of its inputs; as OpenVINO's `SegmentPass`."""

    def __init__(self, runtime, segment, statistics, shape, function):
        self._function = function
        self._statistics = (tf.constant(statistics.centre), tf.constant(statistics.moments))
        self.inputs = {}
        for name in segment.inputs:
            scale, channels, dtype = segment_input(runtime.architecture, segment, name)
            border, _ = border_of(runtime.architecture, segment.name)
            sides = (scale * side + 2 * border for side in shape)
            self.inputs[name] = np.empty((1, *sides, channels), dtype)

    def __call__(self, row_weights, inside):
        """One band; as OpenVINO's `SegmentPass`."""
        with tensorflow_memory.reporting_out_of_memory(None):
            tensors = {name: tf.constant(value) for name, value in self.inputs.items()}
            rows = (tf.constant(row_weights), tf.constant(inside))
            outputs = self._function(tensors, *self._statistics, *rows)
            return {name: value.numpy() for name, value in outputs.items()}


class _Operations:
    """The operations of `fast_style.painting.segments.compute`; tensors are float32 `[N, H, W, C]`.

    So they are where the blocks compute in half precision: segments exchange float32.
    """

    def __init__(self, network, centre, moments, row_weights, inside, axis, factors):
        self.network = network
        self.factors = factors
        self.centre = centre
        self.given_moments = moments
        self.row_weights = row_weights
        self.inside = inside
        self.axis = axis
        self.slices = network.architecture.normalized

    def turned(self, x):
        """An image whose rows are those of bands to one whose rows are rows, or back."""
        return x if self.axis == 1 else tf.transpose(x, (0, 2, 1, 3))

    def pack(self, name, x):
        return tf.cast(x * self.factors[name], tf.float16) if name in self.factors else x

    def unpack(self, name, x):
        if x.dtype == tf.float16:
            x = tf.cast(x, tf.float32) / self.factors[name]
        return x

    def from_pixels(self, pixels):
        return tf.cast(pixels, tf.float32) - self.centre

    def to_pixels(self, x):
        if self.network.output_activation == "tanh":
            x = 127.5 * (ops.tanh(x) + 1)
        return to_uint8(x)

    def add(self, x, y):
        return x + y

    def moments(self, _, x):
        rest, near = _less_near_mean(x)
        mean = self._mean(rest)
        variance = self._mean(tf.square(rest)) - tf.square(mean)
        return tf.concat([near + mean, variance], 0)[:, 0, 0]

    def _mean(self, x):
        """Mean over both axes, rows (or columns) weighted by `row_weights`: `[1, 1, 1, C]`."""
        lines = tf.reduce_mean(x, 3 - self.axis)  # `[1, rows, C]`
        return tf.einsum("nlc,l->nc", lines, self.row_weights)[:, None, None]

    def masked(self, name, x):
        border, mode = border_of(self.network.architecture, name)
        if mode != "zero":
            return x
        columns = tf.pad(tf.ones(tf.shape(x)[3 - self.axis] - 2 * border), [[border, border]])
        rows = (self.inside, columns) if self.axis == 1 else (columns, self.inside)
        return x * rows[0][:, None, None] * rows[1][:, None]

    def convolve(self, name, x):
        block = self._block(name)
        x = tf.cast(block.convolve(x), tf.float32)
        return x if name in self.slices else block.finish(x, False)

    def finish(self, name, raw):
        if name not in self.slices:
            return raw
        mean, variance = tf.unstack(self.given_moments[:, self.slices[name]])
        with moments_from(lambda *_: (mean, variance)):
            return tf.cast(self._block(name).finish(raw, False), tf.float32)

    def _block(self, name):
        block = self.network
        for part in name.split("/"):
            block = getattr(block, part)
        return block


def _less_near_mean(x):
    """Features less a number near each channel's mean, and these numbers, `[N, 1, 1, C]`.

    Sums of numbers around zero keep their digits, without which rounding errors would normalize a
    channel that is nearly constant.
    """
    near = tf.reduce_mean(x[:, ::_STEP, ::_STEP], (1, 2), keepdims=True)
    return x - near, near


def to_uint8(images):
    """Rounds and clips float images of 0..255 to uint8."""
    return tf.cast(tf.clip_by_value(tf.round(images), 0, 255), tf.uint8)
