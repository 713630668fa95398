"""The segments of a network, divided where an instance normalization needs its whole input.

Each ends with a convolution. Within a segment an image can pass through the network band by band
(`fast_style.painting.bands`).
docs/internals.md has a drawing.
"""

from dataclasses import dataclass

import numpy as np

from fast_style.networks.architecture import STRIDE

CENTRE_STEP = 8
"""Rows and columns of an image from one that counts for its centre to the next."""
# A number of N that are normalized is at most the square root of N: enough for 2**30 pixels.
_NORMALIZED = 2.0**15
# 2**15 is the highest power of two in float16.
_HALF = 15


@dataclass(frozen=True)
class Segment:
    """The part of a network that one pass over an image computes.

    Attributes:
        name: str, of its convolution (`Architecture.convolutions`).
        previous: str, name of the convolution that made the input "raw"; None without that input.
        inputs: tuple of some of "pixels" (uint8 RGB), "raw" (output of a convolution, not yet
            normalized) and "x" (the residual blocks' running sum); all with the border that
            `border_of` tells.
        outputs: tuple of some of "moments" (float32 `[2, C]`, mean and variance of the output of
            the convolution), "raw" (that output), "x" (the running sum that entered the segment,
            with its normalized input added, and its border) and "pixels" (uint8 RGB).
    """

    name: str
    previous: str | None
    inputs: tuple
    outputs: tuple


@dataclass(frozen=True)
class Statistics:
    """What the normalizations of one runtime's network subtract and divide by, for a whole image.

    Attributes:
        centre: float32 `[3]`, the colour that is subtracted from all pixels; see `centres`.
        moments: float32 `[2, channels]`, means and variances in the order of
            `Architecture.normalized`. The means are those of the runtime's own convolutions, whose
            biases may differ from the network's.
    """

    centre: np.ndarray
    moments: np.ndarray


def centres(architecture, images):
    """A colour near the middle of each image, to be subtracted from its pixels.

    Where that changes nothing but rounding (`Architecture.ignores_colour`). Sums of small numbers
    keep more digits: on smooth images whole channels of features are nearly constant, and dividing
    them by their standard deviation shows every digit that is lost.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        images: uint8 RGB `[N, H, W, 3]`.

    Returns:
        float32 `[N, 3]`, whole numbers; zeros for other networks.
    """
    if not architecture.ignores_colour:
        return np.zeros((len(images), 3), np.float32)
    return np.round(images[:, ::CENTRE_STEP, ::CENTRE_STEP].mean((1, 2))).astype(np.float32)


def segments(architecture, measure=True):
    """The segments of a network, in order: one for each convolution.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        measure: bool, whether to measure the moments of instance normalizations; if not, they are
            known already.

    Returns:
        list of `Segment`.
    """
    found, previous, running_sum = [], None, ()
    for name in architecture.convolutions:
        outputs = ("moments",) if measure and name in architecture.normalized else ()
        outputs += ("pixels",) if name == "out" else ("raw",)
        inputs = ("pixels",) if previous is None else ("raw",)
        if name.endswith("/first"):
            inputs, outputs = inputs + running_sum, (*outputs, "x")
            running_sum = ("x",)
        elif name == "up1":
            inputs += running_sum
        found.append(Segment(name, previous, inputs, outputs))
        previous = name
    return found


def border_of(architecture, name):
    """The border that the input of a convolution needs.

    Returns:
        int, pixels on each side; and what they are: "reflect" (the image mirrored, without its edge
        pixel), "edge" (its edge pixels) or "zero" (anything finite: `compute` puts zeros there).
    """
    if name in ("up1", "up2"):
        reflects = architecture.upsampling == "nearest" and architecture.padding == "reflect"
        return 1, "edge" if reflects else "zero"
    return (architecture.convolutions[name].kernel_size - 1) // 2, architecture.padding


def waiting(architecture, name):
    """How the output of a convolution waits for the next segment.

    At full resolution it is float16, so that it takes no more memory than what waits at half
    resolution, or twice at a quarter of it ("raw" and "x"); float32 where no normalization keeps
    numbers within what float16 can hold.

    Returns:
        int, its rows for one row of the bottleneck; int, channels; NumPy dtype.
    """
    convolution = architecture.convolutions[name]
    half = convolution.scale == STRIDE and name in architecture.normalized
    return convolution.scale, convolution.outputs, np.dtype(np.float16 if half else np.float32)


def segment_input(architecture, segment, name):
    """Rows for one row of the bottleneck, channels and NumPy dtype of an input of a segment."""
    if name == "pixels":
        return STRIDE, 3, np.dtype(np.uint8)
    return waiting(architecture, "down3" if name == "x" else segment.previous)


def half_factors(architecture, weights):
    """Powers of two by which features are multiplied that wait in float16.

    Then none is beyond its largest number, and those that are far smaller than others keep all
    digits.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        weights: function from a path, such as "down1/conv/kernel", to an array.

    Returns:
        dict from the name of a convolution to a float.
    """
    if architecture.normalization != "instance":
        return {}
    largest = {
        "down1": 255,
        "up2": _NORMALIZED * np.abs(weights("up1/norm/gamma")).max()
        + np.abs(weights("up1/norm/beta")).max(),
    }
    found = {}
    for name, most in largest.items():
        # Twice, as a runtime's bias is at most as large as what the kernel makes of an image.
        most = 2 * most * np.abs(weights(f"{name}/conv/kernel")).sum(dtype=np.float64)
        most += np.abs(weights(f"{name}/conv/bias")).max()
        found[name] = float(2.0 ** (_HALF - np.ceil(np.log2(most)))) if most else 1.0
    return found


def compute(segment, inputs, operations):
    """The outputs of a segment, with the operations of one runtime.

    Args:
        segment: `Segment`.
        inputs: dict from the names in `segment.inputs` to tensors `[1, H, W, C]` of the runtime,
            with their border.
        operations: has `from_pixels(x)`, `to_pixels(x)`, `add(x, y)`, `masked(name, x)` (zeros in
            place of a border "zero"), `convolve(name, x)` (whose output has no border),
            `finish(name, raw)` (normalization and ReLU), `moments(name, x)`, and `pack(name, x)`
            and `unpack(name, x)`, to what `waiting` says and back.

    Returns:
        dict from the names in `segment.outputs` to tensors.
    """
    if "pixels" in inputs:
        x = operations.from_pixels(inputs["pixels"])
    else:
        raw = operations.unpack(segment.previous, inputs["raw"])
        x = operations.finish(segment.previous, raw)
        x = operations.add(inputs["x"], x) if "x" in inputs else x
    raw = operations.convolve(segment.name, operations.masked(segment.name, x))
    makes = {
        "moments": lambda: operations.moments(segment.name, raw),
        "raw": lambda: operations.pack(segment.name, raw),
        "x": lambda: x,
        "pixels": lambda: operations.to_pixels(raw),
    }
    return {name: makes[name]() for name in segment.outputs}
