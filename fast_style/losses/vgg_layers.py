"""Which of the convolutions in a file are a VGG's.

They are found by the names that Keras gives them, block1_conv1 and so on, and where a file has none
(Keras's .keras and .weights.h5, PyTorch), by the order and the shapes of its 3x3 convolutions. What
else is in it, such as a head, is left alone.
"""

import dataclasses
import re
from collections.abc import Callable

import numpy as np

from fast_style.errors import InvalidValue

_BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
_FILTERS = (64, 128, 256, 512, 512)
_NAME = re.compile(r"block[1-5]_conv\d+")
_PIECES = re.compile(r"(\d+)")


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A 3x3 convolution in a file.

    Attributes:
        path: the names that lead to it, tuple of str.
        shape: (input channels, filters).
        read: called without arguments, returns its kernel `[3, 3, in, out]` and bias `[out]`.
    """

    path: tuple
    shape: tuple
    read: Callable


def expected(architecture):
    """dict from layer name to (input channels, filters) of "vgg16" or "vgg19"."""
    shapes, channels = {}, 3
    for block, count in enumerate(_BLOCKS[architecture], start=1):
        for number in range(1, count + 1):
            filters = _FILTERS[block - 1]
            shapes[f"block{block}_conv{number}"] = (channels, filters)
            channels = filters
    return shapes


def choose(found, architecture):
    """Reads those of the convolutions in a file that are a VGG's.

    Args:
        found: list of `Convolution`s, in any order.
        architecture: "vgg16" or "vgg19".

    Returns:
        dict from layer name to kernel and bias (float32), from shallow to deep.

    Raises:
        ValueError: there is none, or more than one, or it holds NaN or infinite values.
    """
    named = _by_name(found)
    networks = _fitting(named, found, architecture)
    if not networks:
        for other in _BLOCKS:
            if _fitting(named, found, other):
                raise InvalidValue(f"its convolutions are those of {other}")
        raise InvalidValue(_what_is_wrong(named, found, architecture))
    if len(networks) > 1:
        raise InvalidValue(f"it holds {len(networks)} such networks, one is expected")
    layers = {}
    for name, convolution in networks[0].items():
        kernel, bias = (np.asarray(value, np.float32) for value in convolution.read())
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise InvalidValue(f"{name} has values that are NaN or infinite")
        layers[name] = kernel, bias
    return layers


def _fitting(named, found, architecture):
    return _complete(named, architecture) if named else _in_order(found, architecture)


def _by_name(found):
    """dict from the path of each model to its convolutions by the names that Keras gives them."""
    networks = {}
    for one in found:
        for index, part in enumerate(one.path):
            if _NAME.fullmatch(part):
                networks.setdefault(one.path[:index], {}).setdefault(part, one)
                break
    return networks


def _complete(named, architecture):
    """Those networks that have all layers of a VGG and no other, from shallow to deep."""
    wanted = expected(architecture)
    return [
        {name: network[name] for name in wanted}
        for network in named.values()
        if {name: one.shape for name, one in network.items()} == wanted
    ]


def _in_order(found, architecture):
    """The runs of convolutions whose shapes are a VGG's, in the order of their paths."""
    wanted = expected(architecture)
    found = sorted(found, key=lambda one: [_natural(part) for part in one.path])
    shapes = [one.shape for one in found]
    count = len(wanted)
    return [
        dict(zip(wanted, found[start : start + count], strict=True))
        for start in range(len(found) - count + 1)
        if shapes[start : start + count] == list(wanted.values())
    ]


def _natural(part):
    """Sorts conv2d, conv2d_1, conv2d_2 .. conv2d_10: numbers count as numbers."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in _PIECES.split(part)]


def _what_is_wrong(named, found, architecture):
    wanted = expected(architecture)
    if not named:
        return f"its {len(found)} 3x3 convolutions are not the {len(wanted)} in their order"
    network = max(named.values(), key=len)
    missing = [name for name in wanted if name not in network]
    if missing:
        return f"without {', '.join(missing)}"
    for name, (channels, filters) in wanted.items():
        if network[name].shape != (channels, filters):
            had = network[name].shape
            return f"{name} has {had[1]} filters of {had[0]}, not {filters} of {channels} channels"
    return f"{', '.join(name for name in network if name not in wanted)} is too many"
