"""A transformation network as an ONNX graph for browsers.

Nothing in it depends on the pixels but their values: padding is static, normalization is one
operation, so that WebGPU runs all of it. A network of several styles takes how much of each as an
input, and so blends without another file.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fast_style.networks.architecture import EPSILON
from fast_style.networks.kernels import nearest_kernel, with_batch_normalization

PRECISIONS = ("int8", "float16", "float32")
"""How the kernels may be stored, the smallest first; they are computed with in float32."""

_OPSET = 17
_IR_VERSION = 8  # of ONNX 1.12, which has that opset
_LARGEST = 127  # of int8, symmetric
_BLOCKS = {"down1": 2, "out": 4}  # sides of the blocks of pixels that convolutions compute at once


def build(architecture, weights, precision="float32"):
    """The network for one image: "pixels", float32 `[1, 3, H, W]`, sides divisible by 4 and at
    least 8, 0..255, to "painted", of the same shape, clipped to 0..255.

    Of a network of several styles it takes "styles", float32 `[1, styles]`, parts of 1, as well.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: dict from path to array, as `fast_style.checkpoints.tensor_bundle.load` returns it.
        precision: one of `PRECISIONS`.

    Returns:
        `onnx.ModelProto`.
    """
    graph = _Graph(architecture, weights, precision)
    x = "pixels"
    for name in architecture.convolutions:
        if name.endswith("/first"):
            entering = x
        x = graph.block(name, x)
        if name.endswith("/second"):
            x = graph.add("Add", entering, x)
    if architecture.output == "tanh":
        x = graph.add("Tanh", x)
        x = graph.add("Mul", graph.add("Add", x, graph.number(1)), graph.number(127.5))
    # Not rounded: WebGPU would leave that to the processor, and whoever stores bytes does it.
    graph.add("Clip", x, graph.number(0), graph.number(255), output="painted")
    return graph.model()


class _Graph:
    def __init__(self, architecture, weights, precision):
        self._architecture = architecture
        self._weights = weights
        self._precision = precision
        self._nodes, self._constants, self._numbers = [], [], {}

    def add(self, operation, *inputs, output=None, **attributes):
        """Adds a node; returns the name of its output."""
        output = output or f"{operation.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def number(self, value):
        if value not in self._numbers:
            self._numbers[value] = self._constant(np.float32(value))
        return self._numbers[value]

    def block(self, name, x):
        """A convolution with its normalization and activation."""
        architecture = self._architecture
        kernel, bias = (self._weights[f"{name}/conv/{part}"] for part in ("kernel", "bias"))
        transposed = architecture.upsampling == "transpose" and name in ("up1", "up2")
        if transposed:
            kernel = kernel.swapaxes(2, 3)
        if architecture.normalization == "batch" and name != "out":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
            normalization = (self._weights[f"{name}/norm/{part}"] for part in parts)
            kernel, bias = with_batch_normalization(kernel, bias, *normalization, EPSILON)
        if transposed:
            x = self._transposed(x, kernel, bias, (1, len(kernel) - 3))
        elif name in ("up1", "up2"):
            x = self._enlarged(x, kernel, bias)
        elif name in _BLOCKS:
            x = self._in_blocks(x, kernel.transpose(3, 2, 0, 1), bias, _BLOCKS[name])
        else:
            stride = 2 if name in ("down2", "down3") else 1
            x = self._convolution(
                x, kernel.transpose(3, 2, 0, 1), bias, stride, (len(kernel) - 1) // 2
            )
        if name in architecture.normalized:
            gamma, beta = (self._of_style(f"{name}/norm/{part}") for part in ("gamma", "beta"))
            x = self.add("InstanceNormalization", x, gamma, beta, epsilon=EPSILON)
        elif name == "out" and architecture.styles > 1:
            gamma, beta = (
                self._of_style(f"{name}/norm/{part}", [1, 3, 1, 1]) for part in ("gamma", "beta")
            )
            x = self.add("Add", self.add("Mul", x, gamma), beta)
        return x if name == "out" or name.endswith("/second") else self.add("Relu", x)

    def model(self):
        sides = [1, 3, "height", "width"]
        inputs = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, sides)]
        if self._architecture.styles > 1:
            shape = [1, self._architecture.styles]
            inputs.append(helper.make_tensor_value_info("styles", TensorProto.FLOAT, shape))
        outputs = [helper.make_tensor_value_info("painted", TensorProto.FLOAT, sides)]
        graph = helper.make_graph(self._nodes, "network", inputs, outputs, self._constants)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        return model

    def _convolution(self, x, kernel, bias, stride, border):
        """Kernel `[outputs, inputs, height, width]`; `border` pixels on each side."""
        if self._architecture.padding == "reflect":
            x, border = self._pad(x, border, "reflect"), 0
        kernel = self._kernel(kernel, 0)
        bias = self._constant(bias)
        return self.add("Conv", x, kernel, bias, strides=[stride] * 2, pads=[border] * 4)

    def _in_blocks(self, x, kernel, bias, block):
        """A convolution that computes `block` x `block` pixels at once, of few inputs or outputs.

        Such a one would spend its time on gathering pixels, or on vectors that are nearly empty.
        Each pixel of a block has the kernel at an offset of its own. The file holds it once, and
        runtimes compute what is made of constants when they load the network.
        """
        outputs, inputs, size, _ = kernel.shape
        side, border, left = size - 1 + block, (size - 1) // 2, block - 1
        once = self._reshape(self._kernel(kernel, 0), [outputs, 1, inputs, size, size])
        shifted = [
            self._padded(once, [0, 0, 0, row, column, 0, 0, 0, left - row, left - column])
            for row in range(block)
            for column in range(block)
        ]
        blocks = self.add("Concat", *shifted, axis=1)
        blocks = self._reshape(blocks, [outputs * block**2, inputs, side, side])
        if self._architecture.padding == "reflect":
            x, border = self._pad(x, border, "reflect"), 0
        bias = self._constant(np.repeat(bias, block**2))
        x = self.add("Conv", x, blocks, bias, strides=[block] * 2, pads=[border] * 4)
        return self.add("DepthToSpace", x, blocksize=block, mode="CRD")

    def _reshape(self, x, shape):
        return self.add("Reshape", x, self._constant(np.int64(shape)))

    def _enlarged(self, x, kernel, bias):
        """Nearest neighbour x2 and a 3x3 convolution, as one transposed convolution."""
        taps = nearest_kernel(kernel).swapaxes(2, 3)
        if self._architecture.padding == "zero":
            return self._transposed(x, taps, bias, (1, 1))
        # Reflected after enlarging, the border consists of copies of the pixels at the edge.
        return self._transposed(self._pad(x, 1, "edge"), taps, bias, (3, 3))

    def _transposed(self, x, kernel, bias, crop):
        """Stride 1/2; kernel `[height, width, inputs, outputs]`; rows cropped (start, end)."""
        kernel = self._kernel(kernel.transpose(2, 3, 0, 1), 1)
        bias = self._constant(bias)
        pads = [crop[0]] * 2 + [crop[1]] * 2
        return self.add("ConvTranspose", x, kernel, bias, strides=[2, 2], pads=pads)

    def _pad(self, x, border, mode):
        return self._padded(x, [0, 0, border, border] * 2, mode)

    def _padded(self, x, pads, mode="constant"):
        return self.add("Pad", x, self._constant(np.int64(pads)), mode=mode)

    def _of_style(self, path, shape=None):
        """A scale or shift; of several styles the sum of theirs, as much as is asked of each."""
        values = self._weights[path]
        if self._architecture.styles == 1:
            return self._constant(values)
        mixed = self.add("MatMul", "styles", self._constant(values))
        return self._reshape(mixed, shape or [values.shape[1]])

    def _kernel(self, kernel, outputs):
        """A kernel in the precision in which it is stored; `outputs`: axis of its outputs."""
        if self._precision == "float32":
            return self._constant(kernel)
        if self._precision == "float16":
            stored = self._constant(kernel.astype(np.float16))
            return self.add("Cast", stored, to=TensorProto.FLOAT)
        axes = tuple(axis for axis in range(kernel.ndim) if axis != outputs)
        scale = np.abs(kernel).max(axes, keepdims=True) / np.float32(_LARGEST)
        scale = np.maximum(scale, np.finfo(np.float32).tiny)
        stored = self._constant(np.round(kernel / scale).astype(np.int8))
        whole = self.add("Cast", stored, to=TensorProto.FLOAT)
        return self.add("Mul", whole, self._constant(scale))

    def _constant(self, values):
        name = f"constant{len(self._constants)}"
        if np.asarray(values).dtype not in (np.int64, np.int8, np.float16):
            values = np.asarray(values, np.float32)
        values = np.ascontiguousarray(values).reshape(np.shape(values))
        self._constants.append(numpy_helper.from_array(values, name))
        return name
