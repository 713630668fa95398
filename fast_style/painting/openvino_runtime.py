"""Painting with OpenVINO, without TensorFlow or Keras."""

import contextlib
import threading
import weakref

import numpy as np

from fast_style.checkpoints import tensor_bundle
from fast_style.checkpoints.styles import choose
from fast_style.errors import OutOfMemory
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.networks.padding import pad_to_multiple
from fast_style.painting import openvino_devices, openvino_graph, openvino_segments, segments

# What OpenVINO, its libraries and C++ call a lack of memory.
_NO_MEMORY = ("failed to allocate", "bad_alloc", "bad allocation", "out of memory")


class OpenVINORuntime:
    """Runs one network on the processor; threads may share it and take turns.

    Compiling takes a tenth of a second, so nothing but int8 is kept on disk.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `fast_style.checkpoints.tensor_bundle.load` returns it.
        precision: "float32", "bfloat16" or "int8". Bands of int8 are painted in float32.
        calibration: folder of photographs for int8 (`fast_style.painting.quantization`), or None.

    Attributes:
        precision: as given.
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

    def __init__(self, architecture, weights, precision="float32", calibration=None):
        self.architecture = architecture
        self.network_width = architecture.width
        self.precision = precision
        self._calibration = calibration
        self._weights = openvino_graph.folded(architecture, weights)
        self._whole = None
        # For each thread the last segments that its image went through, compiled.
        self._requests = weakref.WeakKeyDictionary()
        # One pass uses every core already; two at once would only take twice the memory.
        self._lock = threading.Lock()

    @classmethod
    def load(cls, prefix, style=None, precision="float32", calibration=None):
        """The runtime for a checkpoint, and its metadata (dict).

        Args:
            prefix: checkpoint prefix.
            style: which of several styles, see `fast_style.checkpoints.styles`.
            precision, calibration: as in the constructor.

        Raises:
            ValueError: `style` is missing, unknown, or given for a network of one.
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoints.metadata.CheckpointError: it is damaged.
        """
        architecture, arrays, metadata = tensor_bundle.load(prefix)
        arrays, architecture = choose(arrays, architecture, metadata, prefix, style)
        return cls(architecture, arrays, precision, calibration), metadata

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

    @contextlib.contextmanager
    def segment_pass(self, segment, statistics, shape, axis):
        """Context of a `SegmentPass`: an image's bands on their way through one segment.

        Args:
            segment: `fast_style.painting.segments.Segment`.
            statistics: `fast_style.painting.segments.Statistics`, the moments those of the segments
                before.
            shape: (rows, columns) of a band in the bottleneck, without its border.
            axis: int, 1 if the rows of a band are those of the image, 2 if they are its columns.

        Raises:
            OutOfMemory: there is too little memory for the band; also in the context.
        """
        with self._lock, _reporting_out_of_memory():
            model, values = openvino_segments.segment_model(
                self.architecture, self._weights, segment, statistics, shape, axis
            )
            key = openvino_segments.same_model(segment)
            requests = self._requests.setdefault(threading.current_thread(), {})
            # Of all others the memory is needed; residual blocks share their models.
            if not ("/" in segment.name and all("/" in name for name, *_ in requests)):
                requests.clear()
            if key not in requests:
                precision = "float32" if self.precision == "int8" else self.precision
                compiled = openvino_devices.compile_model(model, precision)
                requests[key] = compiled.create_infer_request()
            for number, array in enumerate(values, len(segment.inputs) + 2):
                requests[key].get_input_tensor(number).data[:] = array
        yield SegmentPass(segment, requests[key], self._lock)

    def release(self):
        """Frees the memory that this thread's passes keep for later ones."""
        with self._lock:
            self._whole = None
            self._requests.pop(threading.current_thread(), None)

    def device_memory(self):
        """None: its memory is the process's."""

    def _prepared(self):
        if self._whole is None:
            model = openvino_graph.whole(self.architecture, self._weights)
            if self.precision == "int8":
                from fast_style.painting import quantization  # takes seconds where it quantizes

                model = quantization.quantized(model, self.architecture, self._calibration)
            compiled = openvino_devices.compile_model(model, self.precision)
            self._whole = compiled.create_infer_request()
        return self._whole


class SegmentPass:
    """One segment, compiled, and the memory of its inputs and outputs.

    Attributes:
        inputs: dict from the names in `Segment.inputs` to arrays `[1, H, W, C]`, to be filled
            before each call, with their border (`fast_style.painting.segments.border_of`).
    """

    def __init__(self, segment, request, lock):
        self._outputs = segment.outputs
        self._request = request
        self._lock = lock
        arrays = [request.get_input_tensor(n).data for n in range(len(segment.inputs) + 2)]
        *arrays, self._row_weights, self._inside = arrays
        self.inputs = dict(zip(segment.inputs, arrays, strict=True))

    def __call__(self, row_weights, inside):
        """One band.

        Args:
            row_weights: float32 `[H]`, the weights in the moments of the rows of what the
                convolution gives.
            inside: float32 `[H]`, 1 for rows of the inputs that are in the image, or 0.

        Returns:
            dict from the names in `Segment.outputs` to arrays, which the next call overwrites.
        """
        self._row_weights[:], self._inside[:] = row_weights, inside
        with self._lock, _reporting_out_of_memory():
            self._request.infer()
            return {
                name: self._request.get_output_tensor(number).data
                for number, name in enumerate(self._outputs)
            }


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
