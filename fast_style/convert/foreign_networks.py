"""Weights of networks that other projects trained, as a `TransformNet`.

Two kinds are known by the names of their arrays: PyTorch's `fast_neural_style` example, and the
network c1 c2 c3 r1..r5 d1 d2 d3. What a network is, its width and number of blocks, is read off its
shapes; an array that does not fit is named.
"""

import re
from dataclasses import dataclass

import numpy as np

from fast_style.checkpoints.store import network_of
from fast_style.errors import InvalidValue, check_choice
from fast_style.networks.architecture import MAX_RESIDUAL_BLOCKS, MAX_WIDTH, Architecture
from fast_style.networks.transform_net import TransformNet

ORDERS = ("bgr", "rgb")
_EXAMPLE, _PLAIN = "conv1.conv2d.weight", "c1.weight"  # the first array of each kind


class ForeignNetworkError(InvalidValue):
    """Arrays of no known kind of network; the message names the first one that does not fit."""


@dataclass(frozen=True)
class Foreign:
    """A network from elsewhere.

    Attributes:
        network: `TransformNet` with its weights.
        kind: str, what kind of network it was.
    """

    network: TransformNet
    kind: str


def recognize(arrays, order="bgr"):
    """Makes a `TransformNet` from the arrays of a foreign network.

    Args:
        arrays: dict of NumPy arrays by name.
        order: "bgr" or "rgb", the order of channels in a network c1 .. d3, input and output. The
            `TransformNet` takes RGB: for "bgr" its first and last kernels are reversed.

    Returns:
        `Foreign`.

    Raises:
        ForeignNetworkError: for the first array that is missing, unknown or of another shape.
    """
    check_choice("order", order, ORDERS)
    for first, make, kind in (
        (_EXAMPLE, _example_network, "pytorch/examples fast_neural_style"),
        (_PLAIN, _plain_network, "c1 c2 c3 r d1 d2 d3, no normalization"),
    ):
        below = _below(arrays, first)
        if below is not None:
            return Foreign(network_of(*make(below, order)), kind)
    first = next(iter(arrays), None)
    raise ForeignNetworkError(
        "neither conv1.conv2d.weight (pytorch/examples) nor c1.weight is in the file; "
        + (f"its first array is {first!r}" if first is not None else "it holds no arrays")
    )


def _below(arrays, first):
    """The arrays of a network without what comes before all their names; None without `first`.

    DataParallel calls the network that it holds "module", others "model" or "net".
    """
    found = [name for name in arrays if name == first or name.endswith(f".{first}")]
    if not found:
        return None
    start = min(found, key=len).removesuffix(first)
    if not all(name.startswith(start) for name in arrays):
        return arrays if first in arrays else None
    return {name.removeprefix(start): array for name, array in arrays.items()}


class _Arrays:
    """Takes arrays by name, each once, and checks them."""

    def __init__(self, arrays):
        self._arrays = arrays
        self._taken = set()

    def shape(self, name):
        if name not in self._arrays:
            raise ForeignNetworkError(f"{name!r} is missing")
        return self._arrays[name].shape

    def take(self, name, *shapes):
        """The array as float32; `shapes` are those it may have."""
        shape = self.shape(name)
        array = self._arrays[name]
        if shape not in shapes or array.dtype.kind != "f":
            wanted = " or ".join(str(list(wanted)) for wanted in shapes)
            raise ForeignNetworkError(
                f"{name!r} must be floating-point numbers of shape {wanted}; "
                f"received {array.dtype} {list(shape)}"
            )
        self._taken.add(name)
        with np.errstate(over="ignore"):  # too large for float32 is infinite: refused
            array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise ForeignNetworkError(f"{name!r} holds NaN or infinite values")
        return array

    def check_all_taken(self, ignored=None):
        for name in self._arrays:
            if name not in self._taken and not (ignored and ignored.fullmatch(name)):
                raise ForeignNetworkError(f"{name!r} does not belong to this kind of network")

    def count_blocks(self, pattern):
        """Number of residual blocks, from the names that match `pattern`."""
        found = [int(m[1]) for m in map(re.compile(pattern).match, self._arrays) if m]
        blocks = max(found, default=0)
        if blocks > MAX_RESIDUAL_BLOCKS:
            raise ForeignNetworkError(f"{blocks} residual blocks, {MAX_RESIDUAL_BLOCKS} at most")
        return blocks


def _check_width(name, width):
    if not 1 <= width <= MAX_WIDTH:
        raise ForeignNetworkError(f"{name!r}: width {width}, 1 to {MAX_WIDTH} are possible")


# PyTorch's example

_IGNORED = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")


def _example_network(arrays, _):
    """Arrays by path and `Architecture` of an example; see `fast_style.checkpoints.tensor_bundle`.

    Kernels are [out, in, height, width]; normalization follows all convolutions but the last.
    """
    source = _Arrays(arrays)
    shape = source.shape(_EXAMPLE)
    width = shape[0] if len(shape) == 4 else 0
    _check_width(_EXAMPLE, width)
    blocks = source.count_blocks(r"res(\d{1,3})\.")
    architecture = Architecture(
        width,
        blocks,
        normalization="instance",
        padding="reflect",
        upsampling="nearest",
        output="linear",
    )
    names = {"down1": ("conv1", "in1"), "down2": ("conv2", "in2"), "down3": ("conv3", "in3")}
    for number in range(1, blocks + 1):
        for part, place in (("first", 1), ("second", 2)):
            names[f"residual{number}/{part}"] = (
                f"res{number}.conv{place}",
                f"res{number}.in{place}",
            )
    names |= {"up1": ("deconv1", "in4"), "up2": ("deconv2", "in5"), "out": ("deconv3", None)}
    found = {}
    for block, one in architecture.convolutions.items():
        convolution, normalization = names[block]
        size, filters = one.kernel_size, one.outputs
        kernel = source.take(f"{convolution}.conv2d.weight", (filters, one.inputs, size, size))
        found[f"{block}/conv/kernel"] = kernel.transpose(2, 3, 1, 0)
        found[f"{block}/conv/bias"] = source.take(f"{convolution}.conv2d.bias", (filters,))
        if normalization:
            for name, part in (("gamma", "weight"), ("beta", "bias")):
                found[f"{block}/norm/{name}"] = source.take(f"{normalization}.{part}", (filters,))
    source.check_all_taken(_IGNORED)
    return found, architecture


# The network without normalization


def _plain_network(arrays, order):
    """Arrays by path and `Architecture` of a network c1 .. d3, for RGB."""
    return _PlainNetwork(arrays).read(order)


class _PlainNetwork:
    """A network c1 c2 c3 r1..r5 d1 d2 d3 without normalization.

    Zero padding, ReLU after every convolution but the last, transposed convolutions d1 d2 d3.

    Kernels are [out, in, height, width], transposed ones [in, out, height, width], as PyTorch and
    Chainer keep them, or [height, width, in, out] and [height, width, out, in] as TensorFlow does.
    Strided kernels are 3x3 or 4x4. With TensorFlow's order comes its padding: for 3x3 kernels of
    stride 2 the border lies at the end alone, as for a 4x4 kernel that begins with zeros.
    """

    def __init__(self, arrays):
        self.source = _Arrays(arrays)
        self.width, self.spatial_first = self._read_first_kernel()
        self.blocks = self.source.count_blocks(r"r(\d{1,3})\.")
        side = self.source.shape("c2.weight")[0 if self.spatial_first else -1 :][:1]
        self.shifted = self.spatial_first and side == (3,)
        self.strided_kernel = 4 if side == (4,) or self.shifted else 3

    def _read_first_kernel(self):
        """Width, and whether height and width come first in a kernel's shape."""
        shape = self.source.shape("c1.weight")
        if len(shape) == 4 and shape[1:] == (3, 9, 9):
            width, spatial_first = shape[0], False
        elif len(shape) == 4 and shape[:3] == (9, 9, 3):
            width, spatial_first = shape[3], True
        else:
            raise ForeignNetworkError(
                "'c1.weight' must be of shape [width, 3, 9, 9] or [9, 9, 3, width]; "
                f"received {list(shape)}"
            )
        _check_width("c1.weight", width)
        return width, spatial_first

    def read(self, order):
        """Arrays and `Architecture`; `order` of channels is "bgr" or "rgb"."""
        architecture = Architecture(
            self.width,
            self.blocks,
            normalization="none",
            padding="zero",
            upsampling="transpose",
            output="linear",
            strided_kernel=self.strided_kernel,
        )
        names = {"down1": "c1", "down2": "c2", "down3": "c3", "up1": "d1", "up2": "d2"}
        for number in range(1, self.blocks + 1):
            names[f"residual{number}/first"] = f"r{number}.c1"
            names[f"residual{number}/second"] = f"r{number}.c2"
        shapes, found = architecture.weight_shapes, {}
        for block in architecture.convolutions:
            kernel, bias = f"{block}/conv/kernel", f"{block}/conv/bias"
            if block == "out":
                found[kernel], found[bias] = self._take_last()
            else:
                shape, filters = shapes[kernel], shapes[bias]
                found[kernel], found[bias] = self._take(names[block], shape, filters)
        self.source.check_all_taken()
        if order == "bgr":
            found["down1/conv/kernel"] = found["down1/conv/kernel"][:, :, ::-1]
            found["out/conv/kernel"] = found["out/conv/kernel"][..., ::-1]
            found["out/conv/bias"] = found["out/conv/bias"][::-1]
        return found, architecture

    def _take(self, name, shape, filters):
        """Kernel and bias of the shapes that Keras gives them."""
        height, _, *channels = shape
        strided = height in (3, 4) and name[0] in "cd"
        stored = 3 if self.shifted and strided else height
        axes = (0, 1, 2, 3) if self.spatial_first else (2, 3, 1, 0)
        # Of Keras's [height, width, a, b], a and b in the file are b and a at its front.
        size = (stored, stored)
        wanted = (*size, *channels) if self.spatial_first else (*channels[::-1], *size)
        kernel = self.source.take(f"{name}.weight", wanted).transpose(axes)
        if stored != height:
            kernel = np.pad(kernel, [(1, 0), (1, 0), (0, 0), (0, 0)])
        return kernel, self.source.take(f"{name}.bias", filters)

    def _take_last(self):
        """d3 as a convolution: a transposed one of stride 1 is one with the kernel flipped."""
        width, spatial_first = self.width, self.spatial_first
        convolution = (9, 9, width, 3) if spatial_first else (3, width, 9, 9)
        transposed = (9, 9, 3, width) if spatial_first else (width, 3, 9, 9)
        # Of width 3 both shapes are the same: taken as transposed, as d1 and d2 are.
        is_transposed = self.source.shape("d3.weight") == transposed
        kernel = self.source.take("d3.weight", transposed, convolution)
        if not spatial_first:
            kernel = kernel.transpose(2, 3, 0, 1) if is_transposed else kernel.transpose(2, 3, 1, 0)
        elif is_transposed:
            kernel = kernel.transpose(0, 1, 3, 2)
        if is_transposed:
            kernel = kernel[::-1, ::-1]
        return kernel, self.source.take("d3.bias", (3,))
