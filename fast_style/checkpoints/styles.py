"""The styles of a network: their names, choosing and mixing them (Dumoulin et al. 2017).

Styles share a network's weights but for the scales and shifts after its convolutions. Those of a
mixture of styles are the weighted sums of theirs, so a network of one style, chosen or mixed, is
made of the arrays alone.
"""

import dataclasses
import hashlib
import math
import re

import numpy as np

from fast_style.checkpoints.metadata import CheckpointError, metadata_path
from fast_style.errors import InvalidValue


def style_names(metadata):
    """The names of a network's styles, in the order of its rows.

    Args:
        metadata: dict as `read_metadata` returns it.

    Returns:
        list of str; of a network of one style its painting's name, or none where it has no name.
    """
    styles = metadata.get("styles")
    if not isinstance(styles, list):
        styles = [metadata.get("style")]
    return [s["name"] for s in styles if isinstance(s, dict) and isinstance(s.get("name"), str)]


def check_names(names, styles, prefix):
    """Raises `CheckpointError` unless metadata name as many styles as the network has.

    Args:
        names: list as `style_names` returns it.
        styles: how many the network has, as its options say.
        prefix: str, its checkpoint's.
    """
    if len(names) != styles:
        raise CheckpointError(
            f"{metadata_path(prefix)}: names {len(names)} styles, the network has {styles!r}"
        )


def parse_mixture(text, names):
    """How much of each style a text such as "starry_night:2,wave:1" asks for.

    Args:
        text: str, names with weights after colons, 1 where there is none.
        names: list of str, those that there are.

    Returns:
        float32 `[len(names)]`, parts of 1.

    Raises:
        ValueError: an unknown name, one twice, or weights that are negative, not finite or all 0.
    """
    weights = {}
    for part in text.split(","):
        name, colon, weight = part.strip().partition(":")
        if name not in names:
            raise InvalidValue(f"`style` must be among {', '.join(names)}; received {name!r}")
        if name in weights:
            raise InvalidValue(f"`style` names {name} twice; received {text!r}")
        try:
            weights[name] = float(weight) if colon else 1.0
        except ValueError:
            weights[name] = math.nan
        if not 0 <= weights[name] < math.inf:
            raise InvalidValue(
                f"`style` must have weights that are finite and not negative; received {part!r}"
            )
    total = sum(weights.values())
    if not total:
        raise InvalidValue(f"`style` must have a weight that is not 0; received {text!r}")
    return np.array([weights.get(name, 0) / total for name in names], np.float32)


def mix(arrays, architecture, mixtures):
    """The arrays of a network whose styles are mixtures of another's.

    Args:
        arrays: dict from path (`Architecture.weight_shapes`) to float32 array.
        architecture: `Architecture` of that network, with instance normalization.
        mixtures: float `[S, architecture.styles]`, a row for each style that is wanted: how much
            of each old one it has.

    Returns:
        Such a dict, and its `Architecture`, of S styles: with one it is a plain network.
    """
    mixtures = np.asarray(mixtures, np.float32)
    result = dataclasses.replace(architecture, styles=len(mixtures))
    mixed = dict(arrays)
    for path, array in arrays.items():
        if re.search(r"/norm/(gamma|beta)$", path):
            rows = mixtures @ array.reshape(architecture.styles, -1)
            mixed[path] = rows if result.styles > 1 else rows[0]
    scale, shift = (mixed.pop(f"out/norm/{part}", None) for part in ("gamma", "beta"))
    if result.styles > 1:
        shape = result.weight_shapes["out/norm/gamma"]
        mixed["out/norm/gamma"] = np.ones(shape, np.float32) if scale is None else scale
        mixed["out/norm/beta"] = np.zeros(shape, np.float32) if shift is None else shift
    elif scale is not None:
        # A scale and a shift after the last convolution are another kernel and bias.
        mixed["out/conv/kernel"] = arrays["out/conv/kernel"] * scale
        mixed["out/conv/bias"] = arrays["out/conv/bias"] * scale + shift
    return {path: mixed[path] for path in result.weight_shapes}, result


def chosen_mixture(metadata, styles, prefix, style):
    """How much of each of a network's styles is chosen.

    Args:
        metadata: dict as `read_metadata` returns it.
        styles: int, how many styles the network has.
        prefix: str, how errors call the network.
        style: str as in `parse_mixture`, or None for the only one that there is.

    Returns:
        float32 `[styles]`, parts of 1.

    Raises:
        ValueError: none chosen of several, one chosen of a network of one, or as `parse_mixture`.
    """
    names = style_names(metadata)
    if styles == 1:
        if style is not None:
            raise InvalidValue(
                f"`style` is for a network of several styles; {prefix} has one"
                + (f", {names[0]}" if names else "")
            )
        return np.ones(1, np.float32)
    check_names(names, styles, prefix)
    if style is None:
        raise InvalidValue(
            f"{prefix} has several styles, `style` must name one: {', '.join(names)}"
        )
    return parse_mixture(style, names)


def choose(arrays, architecture, metadata, prefix, style):
    """The plain network of one style, or of a mixture, of a network.

    Args:
        arrays, architecture: as in `mix`.
        metadata, prefix, style: as in `chosen_mixture`.

    Returns:
        As `mix`.

    Raises:
        As `chosen_mixture`.
    """
    mixture = chosen_mixture(metadata, architecture.styles, prefix, style)
    if architecture.styles == 1:
        return arrays, architecture
    return mix(arrays, architecture, mixture[None])


def arrays_of(network):
    """A built network's weights as a dict from path to float32 array."""
    return {_path(weight): np.asarray(weight, np.float32) for weight in network.weights}


def assign_arrays(network, arrays):
    """Sets a built network's weights from a dict from path to array."""
    for weight in network.weights:
        weight.assign(arrays[_path(weight)])


def arrays_hash(arrays):
    """SHA-256, in hexadecimal digits, of the names, shapes and numbers of arrays.

    Args:
        arrays: dict from name to array, in any order.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name], np.float32)
        digest.update(f"{name} {array.shape}".encode())
        digest.update(array)
    return digest.hexdigest()


def _path(weight):
    """The path of a weight below its network, such as "down1/conv/kernel"."""
    return weight.path.split("/", 1)[1]
