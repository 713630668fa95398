"""Painting with TensorFlow, on a GPU if there is one."""

import contextlib
import threading

import keras
import numpy as np
import tensorflow as tf

from fast_style.checkpoints import store
from fast_style.checkpoints.styles import chosen_mixture
from fast_style.machine import tensorflow_memory
from fast_style.networks.normalization import moments_from
from fast_style.painting.segments import centres
from fast_style.painting.tensorflow_segments import (
    SegmentPass,
    less_near_mean,
    to_uint8,
    trace,
)


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
    precision = "float32"
    """Of the convolutions; also of a network that was given, which may have policies of its own."""
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
    def load(cls, prefix, jit_compile=False, style=None, precision="float32"):
        """The runtime for a checkpoint, and its metadata (dict).

        Args:
            prefix: checkpoint prefix.
            jit_compile: bool, whether XLA compiles the network.
            style: which of several styles, see `fast_style.checkpoints.styles`.
            precision: "float32", "bfloat16" or "float16", of convolutions; normalizations compute
                in float32.

        Raises:
            ValueError: `style` is missing, unknown, or given for a network of one.
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoints.store.CheckpointError: it is damaged.
        """
        with _policy(precision):
            network, metadata = store.load_network(prefix, style=style)
        if style is None:  # which is an error for a network of several
            chosen_mixture(metadata, getattr(network, "styles", 1), prefix, None)
        runtime = cls(network, jit_compile)
        runtime.precision = precision
        return runtime, metadata

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
                self._segments[segment, axis] = trace(self.network, segment, axis)
        yield SegmentPass(
            self.architecture, segment, statistics, shape, self._segments[segment, axis]
        )

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
        rest, near = less_near_mean(x)
        mean = tf.reduce_mean(rest, (1, 2), keepdims=True)
        if self._jit_compile:
            square = tf.reduce_mean(tf.square(rest), (1, 2), keepdims=True)
        else:  # makes no copy of the squares
            size = tf.cast(tf.shape(x)[1] * tf.shape(x)[2], x.dtype)
            square = tf.square(tf.math.reduce_euclidean_norm(rest, (1, 2), keepdims=True)) / size
        return near + mean, square - tf.square(mean)


@contextlib.contextmanager
def _policy(precision):
    """Context in which Keras makes layers that compute in a precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if precision == "float32" else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
