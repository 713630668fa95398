"""A transformation network as OpenVINO's graph, made from its weights alone.

Channels first, as OpenVINO's kernels want it, and the costly convolutions in forms that compute
the same sums in less time.
"""

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fast_style.networks.architecture import EPSILON
from fast_style.networks.kernels import nearest_kernel, with_batch_normalization

# Side of the blocks of pixels that the last convolution computes at once: the fastest of those
# measured (`benchmarks.convolution_forms`), 48 channels in place of 3.
_BLOCK = 4
STRIDES = {"down2": 2, "down3": 2, "out": _BLOCK}
"""Those of convolutions, in the form in which they are computed, where they are not 1."""
ENLARGING = ("up1", "up2")
"""The convolutions of stride 1/2."""


def whole(architecture, weights):
    """The network on batches: uint8 RGB `[N, H, W, 3]`, sides divisible by 4, to the same shape.

    Its inputs are "pixels" and "centres", float32 `[N, 3]`
    (`fast_style.painting.segments.centres`).

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `folded` returns it.

    Returns:
        `openvino.Model`.
    """
    pixels = ops.parameter(ov.PartialShape([-1, -1, -1, 3]), np.uint8, name="pixels")
    centres = ops.parameter(ov.PartialShape([-1, 3]), np.float32, name="centres")
    painted = Graph(architecture, weights, centres).paint(pixels)
    return ov.Model([painted], [pixels, centres], "network")


def folded(architecture, weights):
    """Weights for `whole`, with biases and batch normalization as its convolutions take them.

    Batch normalization becomes a part of the convolution before it. Convolutions before an instance
    normalization get biases with which an image of one colour gives zeros (`_responses`).

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `fast_style.checkpoints.tensor_bundle.load` returns it.

    Returns:
        dict from path to array.
    """
    found = dict(weights)
    if architecture.normalization == "batch":
        for name in architecture.convolutions:
            if name != "out":
                found |= _with_batch_normalization(architecture, weights, name)
    for name, response in _responses(architecture, weights).items():
        found[f"{name}/conv/bias"] = -response
    return found


def _with_batch_normalization(architecture, weights, name):
    kernel, bias = (weights[f"{name}/conv/{part}"] for part in ("kernel", "bias"))
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    normalization = (weights[f"{name}/norm/{part}"] for part in parts)
    transposed = architecture.upsampling == "transpose" and name in ENLARGING
    kernel = kernel.swapaxes(2, 3) if transposed else kernel
    kernel, bias = with_batch_normalization(kernel, bias, *normalization, EPSILON)
    kernel = kernel.swapaxes(2, 3) if transposed else kernel
    return {f"{name}/conv/kernel": kernel, f"{name}/conv/bias": bias}


class Graph:
    """The operations of a network on whole images; tensors are `[N, C, H, W]`.

    Where batch normalization was folded into a convolution, it ends with its ReLU.

    Args:
        architecture, weights: as in `whole`.
        centres: node, float32 `[N, 3]`.
    """

    def __init__(self, architecture, weights, centres):
        self.architecture = architecture
        self.weights = weights
        self.slices = architecture.normalized
        self.centres = centres

    def paint(self, pixels):
        """The whole network: uint8 RGB `[N, H, W, 3]`, sides divisible by 4, to the same shape."""
        x = self.from_pixels(pixels)
        for name in self.architecture.convolutions:
            if name.endswith("/first"):
                entering = x
            x = self.finish(name, self.convolve(name, x))
            if name.endswith("/second"):
                x = self.add(entering, x)
        return self.to_pixels(x)

    def from_pixels(self, pixels):
        x = ops.transpose(ops.convert(pixels, "f32"), ints(0, 3, 1, 2))
        return ops.subtract(x, ops.unsqueeze(self.centres, ints(2, 3)))

    def to_pixels(self, x):
        if self.architecture.output == "tanh":
            x = ops.multiply(ops.add(ops.tanh(x), floats(1)), floats(127.5))
        x = ops.clamp(ops.round(x, "half_to_even"), 0, 255)
        return ops.convert(ops.transpose(x, ints(0, 2, 3, 1)), "u8")

    def add(self, x, y):
        return ops.add(x, y)

    def convolve(self, name, x):
        kernel, bias = self.form(name)
        border = (self.architecture.convolutions[name].kernel_size - 1) // 2
        if name not in ENLARGING:
            x = self._convolution(x, kernel, STRIDES.get(name, 1), border)
        elif self.architecture.upsampling == "transpose":
            # Keras's Conv2DTranspose of stride 2, cropped as `TransposedUpBlock` crops it.
            x = transposed_convolution(x, kernel, (1, kernel.shape[-1] - 3))
        elif self.architecture.padding == "zero":
            x = transposed_convolution(x, kernel, (1, 1))
        else:  # reflected after enlarging, the border consists of copies of the pixels at the edge
            x = transposed_convolution(_pad(x, 1, "edge"), kernel, (3, 3))
        return self.biased(name, x, bias)

    def biased(self, name, x, bias):
        """A convolution's output with its bias, in the form that its normalization takes."""
        x = ops.add(x, self.constant(name, bias))
        if name == "out":
            return ops.depth_to_space(x, "depth_first", _BLOCK)
        return x if name in self.slices else self.activate(name, x)

    def finish(self, name, raw):
        """Instance normalization, then ReLU."""
        if name not in self.slices:
            return raw
        gamma, beta = (self.per_channel(name, part) for part in ("gamma", "beta"))
        x = ops.mvn(raw, ints(2, 3), True, EPSILON, "INSIDE_SQRT")
        x = ops.add(ops.multiply(x, floats(gamma)), floats(beta))
        return self.activate(name, x)

    def constant(self, name, values):
        """The node of a weight of the convolution `name`."""
        return floats(values)

    def activate(self, name, x):
        """ReLU, where the convolution `name` has one."""
        return x if name == "out" or name.endswith("/second") else ops.relu(x)

    def per_channel(self, name, part):
        """A weight of a normalization, `[1, C, 1, 1]`."""
        return self.weights[f"{name}/norm/{part}"].reshape(1, -1, 1, 1)

    def form(self, name):
        """Kernel and bias of a convolution, in the form in which it is computed.

        Enlarging by nearest neighbour and the convolution after it are one transposed convolution
        with a kernel of 4x4 (`nearest_kernel`). The last convolution computes 4 x 4 pixels at once:
        three output channels would leave most of a CPU's vector lanes idle.

        Returns:
            float arrays `[outputs, inputs, height, width]`, or with inputs first where it enlarges,
            and `[1, outputs, 1, 1]`.
        """
        kernel, bias = self.kernel(name), self.weights[f"{name}/conv/bias"]
        if name == "out":
            kernel, bias = _blocks_of_pixels(kernel), np.repeat(bias, _BLOCK**2)
        if name in ENLARGING:
            if self.architecture.upsampling == "nearest":
                kernel = nearest_kernel(kernel).swapaxes(2, 3)
            kernel = kernel.swapaxes(2, 3)
        return kernel.transpose(3, 2, 0, 1), bias.reshape(1, -1, 1, 1)

    def kernel(self, name):
        """A convolution's kernel `[height, width, inputs, outputs]`."""
        kernel = self.weights[f"{name}/conv/kernel"]
        transposed = self.architecture.upsampling == "transpose" and name in ENLARGING
        return kernel.swapaxes(2, 3) if transposed else kernel

    def _convolution(self, x, kernel, stride, border):
        """Kernel `[outputs, inputs, height, width]`; `border` pixels on each side."""
        if self.architecture.padding == "reflect":
            x, border = _pad(x, border, "reflect"), 0
        return ops.convolution(x, floats(kernel), [stride] * 2, [border] * 2, [border] * 2, [1, 1])


def _blocks_of_pixels(kernel):
    """The kernel of `_BLOCK` x `_BLOCK` pixels as channels: the one of each, at its offset."""
    size, _, inputs, outputs = kernel.shape
    side = size - 1 + _BLOCK
    taps = np.zeros((side, side, inputs, outputs, _BLOCK, _BLOCK), np.float32)
    for row in range(_BLOCK):
        for column in range(_BLOCK):
            taps[row : row + size, column : column + size, :, :, row, column] = kernel
    return taps.reshape(side, side, inputs, -1)


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
        if architecture.upsampling == "transpose" and name in ENLARGING:
            taps = taps.T / 4  # each pixel gets a quarter of the taps, on average
        if name.endswith("/first"):
            entering = x
        found[name] = x @ taps
        x = entering + beta if name.endswith("/second") else np.maximum(beta, 0)
    return found


def _pad(x, border, mode):
    border = ints(0, 0, border, border)
    return ops.pad(x, border, border, mode)


def transposed_convolution(x, kernel, crop):
    """Stride 1/2, kernel `[inputs, outputs, height, width]`; `crop`: rows cropped (start, end)."""
    return ops.convolution_backprop_data(
        x, floats(kernel), [2, 2], pads_begin=[crop[0]] * 2, pads_end=[crop[1]] * 2
    )


def floats(values):
    """A float32 constant."""
    return ops.constant(np.ascontiguousarray(values, np.float32))


def ints(*values):
    """An int64 constant `[len(values)]`."""
    return ops.constant(np.array(values, np.int64))
