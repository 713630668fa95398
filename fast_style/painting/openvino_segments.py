"""The segments of a network as OpenVINO's graphs, for bands of an image.

Features lie as they wait, channels last (`[1, H, W, C]`), up to the convolution, whose kernels want
them so: no tensor is transposed in memory, and none is padded.
"""

import re

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fast_style.networks.architecture import EPSILON
from fast_style.painting.openvino_graph import (
    ENLARGING,
    STRIDES,
    Graph,
    floats,
    ints,
    transposed_convolution,
)
from fast_style.painting.segments import border_of, compute, half_factors, segment_input


def segment_model(architecture, weights, segment, statistics, shape, axis):
    """One segment of the network, for bands of one size.

    What differs between images, and between residual blocks, are inputs: one model serves all.

    Args:
        architecture, weights: as in `fast_style.painting.openvino_graph.whole`.
        segment: `fast_style.painting.segments.Segment`.
        statistics: `fast_style.painting.segments.Statistics`, the moments those of the segments
            before.
        shape: (rows, columns) of a band in the bottleneck, without border. With a known size
            OpenVINO reuses buffers.
        axis: int, 1 if the rows of a band are those of the image, 2 if they are its columns.

    Returns:
        `openvino.Model` and the values of its further inputs, a list of arrays. The first inputs
        are "pixels", "raw" and "x" as the segment has them, `[1, H, W, C]` with their border; the
        row weights, float32 `[H]`, of what the convolution gives, in its moments; and float32
        `[H]`, 1 for rows of the image and 0 for those of its border. The outputs are the segment's.
    """
    graph = _SegmentGraph(architecture, weights, segment, statistics, axis)
    border, _ = border_of(architecture, segment.name)
    graph.row_weights = ops.parameter(
        [shape[0] * architecture.convolutions[segment.name].scale], np.float32
    )
    inputs = {}
    for name in segment.inputs:
        scale, channels, dtype = segment_input(architecture, segment, name)
        sides = [scale * side + 2 * border for side in shape]
        inputs[name] = ops.parameter([1, *sides, channels], dtype, name=name)
    graph.inside = ops.parameter([sides[0]], np.float32)
    outputs = compute(segment, inputs, graph)
    parameters = [*inputs.values(), graph.row_weights, graph.inside, *graph.parameters]
    return ov.Model(list(outputs.values()), parameters, segment.name), graph.values


def same_model(segment):
    """A key that two segments share if `segment_model` makes the same of both."""
    names = (re.sub(r"\d+/", "/", name or "") for name in (segment.name, segment.previous))
    return (*names, segment.inputs, segment.outputs)


class _SegmentGraph(Graph):
    """The operations of `fast_style.painting.segments.compute`.

    Tensors are `[1, H, W, C]` before the convolution, `[1, C, H, W]` after it.
    """

    def __init__(self, architecture, weights, segment, statistics, axis):
        super().__init__(architecture, weights, None)
        self.statistics = statistics
        self.transposed = axis == 2
        self.factors = half_factors(architecture, weights.__getitem__)
        self.parameters, self.values = [], []

    def _given(self, values):
        """An input of the model, and its values."""
        self.values.append(np.ascontiguousarray(values, np.float32))
        self.parameters.append(ops.parameter(list(values.shape), np.float32))
        return self.parameters[-1]

    def from_pixels(self, pixels):
        centre = self._given(self.statistics.centre.reshape(1, 1, 1, 3))
        return ops.subtract(ops.convert(pixels, "f32"), centre)

    def kernel(self, name):
        kernel = super().kernel(name)
        return kernel.swapaxes(0, 1) if self.transposed else kernel

    def masked(self, name, x):
        border, mode = border_of(self.architecture, name)
        if mode != "zero":
            return x
        columns = np.ones((1, 1, x.shape[2], 1))
        columns[:, :, :border] = columns[:, :, -border:] = 0
        x = ops.multiply(x, ops.unsqueeze(self.inside, ints(0, 2, 3)))
        return ops.multiply(x, floats(columns))

    def convolve(self, name, x):
        kernel, bias = self.form(name)
        factor = self.factors.get(name, 1)
        x = ops.transpose(x, ints(0, 3, 1, 2))
        if name in ENLARGING:
            crop = (3, 3 if kernel.shape[-1] == 4 else 2)
            x = transposed_convolution(x, factor * kernel, crop)
        else:
            kernel = self.constant(name, factor * kernel)
            x = ops.convolution(x, kernel, [STRIDES.get(name, 1)] * 2, [0, 0], [0, 0], [1, 1])
        return self.biased(name, x, factor * bias)

    def constant(self, name, values):
        """An input for those of residual blocks, which share a model."""
        return self._given(values) if "/" in name else super().constant(name, values)

    def finish(self, name, raw):
        if name not in self.slices:
            return raw
        mean, variance = self.statistics.moments[:, self.slices[name]]
        scale = self.weights[f"{name}/norm/gamma"] / np.sqrt(variance + EPSILON)
        shift = self.weights[f"{name}/norm/beta"] - mean * scale
        scale = scale / self.factors.get(name, 1)
        scale, shift = (self._given(part.reshape(1, 1, 1, -1)) for part in (scale, shift))
        return self.activate(name, ops.add(ops.multiply(raw, scale), shift))

    def moments(self, name, x):
        mean = self._mean(x)
        distance = ops.subtract(x, mean)
        variance = self._mean(ops.multiply(distance, distance))
        rows = [ops.reshape(value, ints(1, -1), False) for value in (mean, variance)]
        factor = self.factors.get(name, 1)
        return ops.multiply(ops.concat(rows, 0), floats([[1 / factor], [1 / factor**2]]))

    def _mean(self, x):
        """Mean over both axes, rows weighted by `row_weights`: `[1, C, 1, 1]`."""
        weights = ops.unsqueeze(self.row_weights, ints(0, 1, 3))
        rows = ops.multiply(ops.reduce_mean(x, ints(3), True), weights)
        return ops.reduce_sum(rows, ints(2), True)

    def pack(self, name, x):
        x = ops.transpose(x, ints(0, 2, 3, 1))
        if name not in self.factors:
            return x
        # Of another shape, or OpenVINO would convert first and transpose in memory.
        return ops.convert(ops.reshape(x, ints(1, x.shape[1], -1), False), "f16")

    def unpack(self, name, x):
        return ops.convert(x, "f32") if name in self.factors else x
