"""A transformation network as OpenVINO's graph, made from its weights alone.

Channels first, as OpenVINO's kernels want it, and the costly convolutions in forms that compute
the same sums in less time.
"""

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fast_style.networks.architecture import EPSILON, STRIDE
from fast_style.networks.kernels import nearest_kernel, with_batch_normalization
from fast_style.painting.segments import compute

# Side of the blocks of pixels that the last convolution computes at once: the fastest of those
# measured (`benchmarks.convolution_forms`), 48 channels in place of 3.
_BLOCK = 4


def whole(architecture, weights):
    """The network on batches: uint8 RGB `[N, H, W, 3]`, sides divisible by 4, to the same shape.

    Its inputs are "pixels" and "centres", float32 `[N, 3]`
    (`fast_style.painting.segments.centres`).

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `fast_style.checkpoints.tensor_bundle.load` returns it.

    Returns:
        `openvino.Model`.
    """
    pixels = ops.parameter(ov.PartialShape([-1, -1, -1, 3]), np.uint8, name="pixels")
    centres = ops.parameter(ov.PartialShape([-1, 3]), np.float32, name="centres")
    graph = _Graph(architecture, weights, centres)
    x = graph.from_pixels(pixels)
    for name in architecture.convolutions:
        if name.endswith("/first"):
            entering = x
        x = graph.finish(name, graph.convolve(name, x))
        if name.endswith("/second"):
            x = graph.add(entering, x)
    return ov.Model([graph.to_pixels(x)], [pixels, centres], "network")


def segment_model(architecture, weights, segment, statistics, shape, axis):
    """One segment of the network, for bands of one image.

    Its inputs are those of the segment, uint8 or float32 `[1, H, W, C]`, and "row_weights",
    float32 `[H]` or `[W]`, the weights of the bottleneck's rows or columns in the moments.

    Args:
        architecture, weights: as in `whole`.
        segment: `fast_style.painting.segments.Segment`.
        statistics: `fast_style.painting.segments.Statistics`, those of the segments before. They
            become constants, which OpenVINO folds into the convolutions: worth compiling the
            segment for each image.
        shape: (H, W) of the band in the bottleneck. With a known size OpenVINO reuses buffers.
        axis: int, 1 if the band consists of rows, 2 if of columns.

    Returns:
        `openvino.Model`, its outputs those of the segment in their order.
    """
    row_weights = ops.parameter([shape[axis - 1]], np.float32, name="row_weights")
    graph = _Graph(
        architecture,
        weights,
        _floats(statistics.centre[None]),
        statistics.moments,
        row_weights,
        axis,
    )
    parameters = {}
    for name in segment.inputs:
        if name == "pixels":
            sides = [STRIDE * side for side in shape]
            parameters[name] = ops.parameter([1, *sides, 3], np.uint8, name=name)
        else:
            channels = 4 * architecture.width
            parameters[name] = ops.parameter([1, *shape, channels], np.float32, name=name)
    inputs = {
        name: p if name == "pixels" else graph.channels_first(p) for name, p in parameters.items()
    }
    outputs = [
        graph.channels_last(tensor) if name in ("raw", "x") else tensor
        for name, tensor in compute(segment, inputs, graph).items()
    ]
    return ov.Model(outputs, [*parameters.values(), row_weights], segment.name)


class _Graph:
    """The operations of `fast_style.painting.segments.compute`; tensors are `[N, C, H, W]`.

    Batch normalization is folded into the convolution before it, which then ends with its ReLU.
    Convolutions before an instance normalization have biases with which an image of one colour
    gives zeros (`_responses`).
    """

    def __init__(self, architecture, weights, centres, moments=None, row_weights=None, axis=1):
        self.architecture = architecture
        self.weights = weights
        self.convolutions = architecture.convolutions
        self.slices = architecture.normalized
        self.centres = centres
        self.responses = _responses(architecture, weights)
        self.given_moments = moments
        self.row_weights = row_weights
        self.axis = axis + 1  # of height and width in [N, C, H, W]

    def channels_first(self, x):
        return ops.transpose(x, _ints(0, 3, 1, 2))

    def channels_last(self, x):
        return ops.transpose(x, _ints(0, 2, 3, 1))

    def from_pixels(self, pixels):
        x = self.channels_first(ops.convert(pixels, "f32"))
        return ops.subtract(x, ops.unsqueeze(self.centres, _ints(2, 3)))

    def to_pixels(self, x):
        if self.architecture.output == "tanh":
            x = ops.multiply(ops.add(ops.tanh(x), _floats(1)), _floats(127.5))
        x = ops.clamp(ops.round(x, "half_to_even"), 0, 255)
        return ops.convert(self.channels_last(x), "u8")

    def add(self, x, y):
        return ops.add(x, y)

    def moments(self, x):
        mean = self._mean(x)
        distance = ops.subtract(x, mean)
        variance = self._mean(ops.multiply(distance, distance))
        rows = [ops.reshape(value, _ints(1, -1), False) for value in (mean, variance)]
        return ops.concat(rows, 0)

    def _mean(self, x):
        """Mean over both axes, rows (or columns) weighted by `row_weights`: `[1, C, 1, 1]`."""
        lines = ops.reduce_mean(x, _ints(5 - self.axis))
        groups = ops.reshape(lines, _ints(0, 0, self.row_weights.shape[0], -1), True)
        weighted = ops.multiply(ops.reduce_mean(groups, _ints(3)), self.row_weights)
        return ops.unsqueeze(ops.reduce_sum(weighted, _ints(2), True), _int(3))

    def convolve(self, name, x):
        convolution = self.convolutions[name]
        kernel, bias = self._folded(name)
        if name == "out":
            return self._blocks_of_pixels(x, kernel, bias)
        if name in ("up1", "up2"):
            enlarge = self._transposed if self.architecture.upsampling == "transpose" else None
            x = (enlarge or self._enlarged)(x, kernel)
        else:
            stride = 2 if name in ("down2", "down3") else 1
            kernel = kernel.transpose(3, 2, 0, 1)
            x = self._convolution(x, kernel, stride, (convolution.kernel_size - 1) // 2)
        x = ops.add(x, _floats(bias.reshape(1, -1, 1, 1)))
        return x if name in self.slices else self._activate(name, x)

    def finish(self, name, raw):
        """Instance normalization, then ReLU."""
        if name not in self.slices:
            return raw
        gamma, beta = (self._per_channel(name, part) for part in ("gamma", "beta"))
        if self.given_moments is None:
            x = ops.mvn(raw, _ints(2, 3), True, EPSILON, "INSIDE_SQRT")
            x = ops.add(ops.multiply(x, _floats(gamma)), _floats(beta))
        else:
            mean, variance = self.given_moments[:, self.slices[name]].reshape(2, 1, -1, 1, 1)
            scale = gamma / np.sqrt(variance + EPSILON)
            x = ops.add(ops.multiply(raw, _floats(scale)), _floats(beta - mean * scale))
        return self._activate(name, x)

    def _activate(self, name, x):
        return x if name == "out" or name.endswith("/second") else ops.relu(x)

    def _per_channel(self, name, part):
        return self.weights[f"{name}/norm/{part}"].reshape(1, -1, 1, 1)

    def _folded(self, name):
        """Kernel, its output channels last, and bias; with batch normalization in them."""
        kernel, bias = (self.weights[f"{name}/conv/{part}"] for part in ("kernel", "bias"))
        if self.architecture.upsampling == "transpose" and name in ("up1", "up2"):
            kernel = kernel.swapaxes(2, 3)
        if self.architecture.normalization == "batch" and name != "out":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
            normalization = (self.weights[f"{name}/norm/{part}"] for part in parts)
            kernel, bias = with_batch_normalization(kernel, bias, *normalization, EPSILON)
        elif name in self.slices:
            bias = -self.responses[name]
        return kernel, bias

    def _convolution(self, x, kernel, stride, border):
        """Kernel `[outputs, inputs, height, width]`; `border` pixels on each side."""
        if self.architecture.padding == "reflect":
            x, border = _pad(x, border, "reflect"), 0
        return ops.convolution(x, _floats(kernel), [stride] * 2, [border] * 2, [border] * 2, [1, 1])

    def _enlarged(self, x, kernel):
        """Twice as large by nearest neighbour, then a 3x3 convolution.

        Both as one transposed convolution with a kernel of 4x4 (`nearest_kernel`).
        """
        taps = nearest_kernel(kernel).swapaxes(2, 3)
        if self.architecture.padding == "zero":
            return _transposed_convolution(x, taps, (1, 1))
        # Reflected after enlarging, the border consists of copies of the pixels at the edge.
        return _transposed_convolution(_pad(x, 1, "edge"), taps, (3, 3))

    def _transposed(self, x, kernel):
        """Keras's Conv2DTranspose of stride 2, cropped as `TransposedUpBlock` crops it."""
        return _transposed_convolution(x, kernel, (1, len(kernel) - 3))

    def _blocks_of_pixels(self, x, kernel, bias):
        """The last convolution, for 4 x 4 pixels at once.

        Three output channels leave most of a CPU's vector lanes idle. So a block of pixels is
        computed as 48 channels, with a kernel that holds the 9x9 one at each pixel's offset.
        """
        size, _, inputs, outputs = kernel.shape
        side = size - 1 + _BLOCK
        taps = np.zeros((side, side, inputs, outputs, _BLOCK, _BLOCK), np.float32)
        for row in range(_BLOCK):
            for column in range(_BLOCK):
                taps[row : row + size, column : column + size, :, :, row, column] = kernel
        taps = taps.transpose(3, 4, 5, 2, 0, 1).reshape(-1, inputs, side, side)
        x = self._convolution(x, taps, _BLOCK, size // 2)
        x = ops.add(x, _floats(np.repeat(bias, _BLOCK**2).reshape(1, -1, 1, 1)))
        return ops.depth_to_space(x, "depth_first", _BLOCK)


def _responses(architecture, weights):
    """What each normalized convolution, without its bias, makes of an image of one colour.

    Far from the border, if the colour is subtracted from it: every normalization then returns its
    own shift. Instance normalization subtracts any bias again; with minus this one it has small
    numbers to sum up, as in `fast_style.painting.segments.centres`.

    Returns:
        dict from the name of a convolution to float64 `[C]`.
    """
    found, x, entering = {}, np.zeros(3), None
    for name in architecture.normalized:
        kernel, beta = (
            weights[f"{name}/{part}"].astype(np.float64) for part in ("conv/kernel", "norm/beta")
        )
        taps = kernel.sum((0, 1))
        if architecture.upsampling == "transpose" and name in ("up1", "up2"):
            taps = taps.T / 4  # each pixel gets a quarter of the taps, on average
        if name.endswith("/first"):
            entering = x
        found[name] = x @ taps
        x = entering + beta if name.endswith("/second") else np.maximum(beta, 0)
    return found


def _pad(x, border, mode):
    border = _ints(0, 0, border, border)
    return ops.pad(x, border, border, mode)


def _transposed_convolution(x, kernel, crop):
    """Stride 1/2, kernel `[height, width, inputs, outputs]`; `crop`: rows cropped (start, end)."""
    return ops.convolution_backprop_data(
        x,
        _floats(kernel.transpose(2, 3, 0, 1)),
        [2, 2],
        pads_begin=[crop[0]] * 2,
        pads_end=[crop[1]] * 2,
    )


def _floats(values):
    return ops.constant(np.ascontiguousarray(values, np.float32))


def _ints(*values):
    return ops.constant(np.array(values, np.int64))


def _int(value):
    return ops.constant(np.int64(value))
