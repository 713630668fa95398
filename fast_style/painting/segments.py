"""The segments of a network, divided where an instance normalization needs its whole input.

Within a segment an image can pass through the network band by band (`fast_style.painting.bands`).
docs/internals.md has a drawing.
"""

from dataclasses import dataclass

import numpy as np

# Rows and columns of an image from one that counts for its centre to the next.
_STEP = 8


@dataclass(frozen=True)
class Segment:
    """The part of a network that one pass over an image computes.

    Attributes:
        name: str, of the convolution at its end (`Architecture.convolutions`).
        previous: str, name of the convolution that made the input "raw"; None without that input.
        inputs: tuple of some of "pixels" (uint8 RGB), "raw" (float32 output of a convolution of the
            bottleneck, not yet normalized) and "x" (float32, the residual blocks' running sum).
        outputs: tuple of some of "moments" (float32 `[2, C]`, mean and variance of the output of
            the convolution), "raw" (that output), "x" (the running sum that entered the segment,
            with its normalized input added) and "pixels" (uint8 RGB).
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
    return np.round(images[:, ::_STEP, ::_STEP].mean((1, 2))).astype(np.float32)


def segments(architecture, measure=True):
    """The segments of a network, in order.

    Args:
        architecture: `fast_style.networks.architecture.Architecture`.
        measure: bool, whether to measure the moments of instance normalizations; if not, they are
            known already.

    Returns:
        list of `Segment`.
    """
    measured = ("moments",) if measure and architecture.normalization == "instance" else ()
    found = [
        Segment("down1", None, ("pixels",), measured),
        Segment("down2", None, ("pixels",), measured),
        Segment("down3", None, ("pixels",), (*measured, "raw")),
    ]
    x = ()
    for block in architecture.residuals:
        first, second = f"{block}/first", f"{block}/second"
        found.append(Segment(first, found[-1].name, ("raw", *x), (*measured, "raw", "x")))
        found.append(Segment(second, first, ("raw",), (*measured, "raw")))
        x = ("x",)
    found.append(Segment("up1", found[-1].name, ("raw", *x), (*measured, "x")))
    found.append(Segment("up2", None, ("x",), measured))
    found.append(Segment("out", None, ("x",), ("pixels",)))
    return [segment for segment in found if segment.outputs]


def compute(segment, inputs, operations):
    """The outputs of a segment, with the operations of one runtime.

    Args:
        segment: `Segment`.
        inputs: dict from the names in `segment.inputs` to tensors `[1, H, W, C]` of the runtime.
        operations: has `from_pixels(x)`, `to_pixels(x)`, `add(x, y)`, `convolve(name, x)`,
            `finish(name, raw)` (normalization and ReLU) and `moments(x)`.

    Returns:
        dict from the names in `segment.outputs` to tensors.
    """
    if "pixels" in inputs:
        x, chain = operations.from_pixels(inputs["pixels"]), ("down1", "down2", "down3")
    else:
        after = ("up1", "up2", "out")
        chain = after if segment.name in after else (segment.name,)
        if "raw" in inputs:
            x = operations.finish(segment.previous, inputs["raw"])
            x = operations.add(inputs["x"], x) if "x" in inputs else x
        else:
            x = inputs["x"]
    entering = x
    for name in chain[: chain.index(segment.name) + 1]:
        raw = operations.convolve(name, x)
        x = raw if name == segment.name else operations.finish(name, raw)
    makes = {
        "moments": lambda: operations.moments(raw),
        "raw": lambda: raw,
        "x": lambda: entering,
        "pixels": lambda: operations.to_pixels(raw),
    }
    return {name: makes[name]() for name in segment.outputs}
