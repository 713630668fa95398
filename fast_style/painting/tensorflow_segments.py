"""The segments of a network as TensorFlow's functions, for bands of an image."""

import functools

import numpy as np
import tensorflow as tf
from keras import ops

from fast_style.machine import tensorflow_memory
from fast_style.networks.normalization import moments_from
from fast_style.painting.segments import border_of, compute, half_factors, segment_input

_STEP = 8  # rows and columns from one pixel that counts for a number near the mean to the next


def trace(network, segment, axis):
    """The function that computes a segment, for bands of every size.

    Args:
        network: `TransformNet`.
        segment: `fast_style.painting.segments.Segment`.
        axis: int, 1 if the rows of a band are those of the image, 2 if they are its columns.
    """
    inputs = {}
    for name in segment.inputs:
        _, channels, dtype = segment_input(network.architecture, segment, name)
        inputs[name] = tf.TensorSpec([1, None, None, channels], dtype)
    factors = half_factors(network.architecture, functools.partial(_weight, network))

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
        operations = _Operations(network, centre, moments, row_weights, inside, axis, factors)
        inputs = {name: operations.turned(x) for name, x in inputs.items()}
        outputs = compute(segment, inputs, operations)
        return {
            name: x if name == "moments" else operations.turned(x) for name, x in outputs.items()
        }

    return run


def _weight(network, path):
    """A weight by its path, such as "down1/conv/kernel"."""
    weight = network
    for part in path.split("/"):
        weight = getattr(weight, part)
    return weight.numpy()


class SegmentPass:
    """One segment, and the memory of its inputs; as OpenVINO's `SegmentPass`."""

    def __init__(self, architecture, segment, statistics, shape, function):
        self._function = function
        self._statistics = (tf.constant(statistics.centre), tf.constant(statistics.moments))
        self.inputs = {}
        for name in segment.inputs:
            scale, channels, dtype = segment_input(architecture, segment, name)
            border, _ = border_of(architecture, segment.name)
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
        rest, near = less_near_mean(x)
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


def less_near_mean(x):
    """Features less a number near each channel's mean, and these numbers, `[N, 1, 1, C]`.

    Sums of numbers around zero keep their digits, without which rounding errors would normalize a
    channel that is nearly constant.
    """
    near = tf.reduce_mean(x[:, ::_STEP, ::_STEP], (1, 2), keepdims=True)
    return x - near, near


def to_uint8(images):
    """Rounds and clips float images of 0..255 to uint8."""
    return tf.cast(tf.clip_by_value(tf.round(images), 0, 255), tf.uint8)
