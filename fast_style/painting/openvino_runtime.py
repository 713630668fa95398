"""Painting with OpenVINO, without TensorFlow or Keras."""

import contextlib
import threading
import weakref
from dataclasses import astuple

import numpy as np
import openvino as ov

from fast_style.checkpoints import tensor_bundle
from fast_style.checkpoints.styles import choose
from fast_style.errors import OutOfMemory
from fast_style.machine import resources
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.networks.padding import pad_to_multiple
from fast_style.painting import openvino_graph, segments

# What OpenVINO, its libraries and C++ call a lack of memory.
_NO_MEMORY = ("failed to allocate", "bad_alloc", "bad allocation", "out of memory")
_CORE = None
_CORE_LOCK = threading.Lock()


class OpenVINORuntime:
    """Runs one network on the processor; threads may share it and take turns.

    Compiling takes a tenth of a second, so nothing is kept on disk.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `fast_style.checkpoints.tensor_bundle.load` returns it.
    """

    name = "openvino"
    factor = 1
    """Its output is as large as the input."""
    # `benchmarks.pass_memory` measures 305 for the whole network and 567 for bands on two cores;
    # the rest is a margin: for threads of more cores, and for a new segment compiled beside buffers
    # that the allocator has not returned yet.
    bytes_per_pixel = 340
    """Peak memory of a pass of the whole network at width 32, for each pixel."""
    bytes_per_band_pixel = 1100
    """Peak memory of a pass of the costliest segment at width 32, for each pixel of a band."""
    most_numbers = None
    """Of a tensor: any number."""

    def __init__(self, architecture, weights):
        self.architecture = architecture
        self.network_width = architecture.width
        self._weights = weights
        self._whole = None
        # For each thread the segment that its image goes through: (key, request).
        self._segments = weakref.WeakKeyDictionary()
        # One pass uses every core already; two at once would only take twice the memory.
        self._lock = threading.Lock()

    @classmethod
    def load(cls, prefix, style=None):
        """The runtime for a checkpoint, and its metadata (dict).

        Args:
            prefix: checkpoint prefix.
            style: which of several styles, see `fast_style.checkpoints.styles`.

        Raises:
            ValueError: `style` is missing, unknown, or given for a network of one.
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoints.metadata.CheckpointError: it is damaged.
        """
        architecture, arrays, metadata = tensor_bundle.load(prefix)
        arrays, architecture = choose(arrays, architecture, metadata, prefix, style)
        return cls(architecture, arrays), metadata

    def prepare(self):
        """Compiles the network, which the first pass does otherwise."""
        with self._lock, _reporting_out_of_memory():
            self._prepared()

    def paint(self, images):
        """Stylizes uint8 RGB `[N, H, W, 3]`; returns the same shape and dtype.

        Raises:
            OutOfMemory: there is too little memory for all of it at once.
        """
        height, width = images.shape[1:3]
        batch = pad_to_multiple(images, STRIDE, SMALLEST)
        with self._lock, _reporting_out_of_memory():
            centres = segments.centres(self.architecture, images)
            painted = self._prepared().infer([np.ascontiguousarray(batch), centres])[0]
            return painted[:, :height, :width].copy()  # the request's memory is used again

    def run_segment(self, segment, inputs, statistics, row_weights, axis):
        """One pass over a band of an image; see `fast_style.painting.segments.Segment`.

        Args:
            segment: `Segment`.
            inputs: dict from the names in `segment.inputs` to arrays `[1, H, W, C]`.
            statistics: `fast_style.painting.segments.Statistics`, the moments those of the segments
                before.
            row_weights: float32 `[H]` or `[W]` of the bottleneck, the weight of each row or column
                in the moments to be measured; their sum is 1.
            axis: 1 if the band consists of rows, 2 if of columns.

        Returns:
            dict from the names in `segment.outputs` to arrays.

        Raises:
            OutOfMemory: there is too little memory for the band.
        """
        with self._lock, _reporting_out_of_memory():
            shape = next(iter(inputs.values())).shape[1:3]
            if "pixels" in inputs:
                shape = tuple(side // STRIDE for side in shape)
            # Compiled once for all bands of an image, which one thread paints; the next segment
            # takes its place.
            key = (segment, shape, axis, *(part.tobytes() for part in astuple(statistics)))
            thread = threading.current_thread()
            if self._segments.get(thread, (None,))[0] != key:
                self._segments.pop(thread, None)
                model = openvino_graph.segment_model(
                    self.architecture, self._weights, segment, statistics, shape, axis
                )
                self._segments[thread] = (key, _compile(model).create_infer_request())
            request = self._segments[thread][1]
            values = {**inputs, "row_weights": row_weights}
            names = [port.get_any_name() for port in request.model_inputs]
            results = request.infer([np.ascontiguousarray(values[name]) for name in names])
            # Copies: the request's memory is used again.
            return {name: results[n].copy() for n, name in enumerate(segment.outputs)}

    def release(self):
        """Frees the memory that this thread's passes keep for later ones: compiled networks."""
        with self._lock:
            self._whole = None
            self._segments.pop(threading.current_thread(), None)

    def device_memory(self):
        """None: its memory is the process's."""

    def _prepared(self):
        if self._whole is None:
            model = openvino_graph.whole(self.architecture, self._weights)
            self._whole = _compile(model).create_infer_request()
        return self._whole


def _compile(model):
    global _CORE
    with _CORE_LOCK:
        if _CORE is None:
            _CORE = ov.Core()
    # bfloat16, where the processor has it, would change colours by several steps of 255.
    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    # It counts the processors that the process is bound to, but knows nothing of control groups.
    if (threads := resources.thread_limit()) is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    return _CORE.compile_model(model, "CPU", options)


@contextlib.contextmanager
def _reporting_out_of_memory():
    """Context that turns OpenVINO's errors about memory into `OutOfMemory`."""
    try:
        yield
    except RuntimeError as error:
        for line in str(error).splitlines():
            if any(words in line.lower() for words in _NO_MEMORY):
                raise OutOfMemory(line) from error
        raise
