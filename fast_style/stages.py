"""The network cut where an instance normalization needs its whole input's moments.

Between two cuts an image can pass through the network part by part: see `fast_style.bands`.
"""

from dataclasses import dataclass

import numpy as np

from fast_style.architecture import SMALLEST, STRIDE


@dataclass(frozen=True)
class Stage:
    """What one pass over an image computes.

    Attributes:
        name: str, of the convolution at its end (`Architecture.convolutions`).
        previous: str, of the convolution that made the input "raw"; None where there is none.
        inputs: of "pixels" (uint8), "raw" (what a convolution of the bottleneck gave, not yet
            normalized) and "x" (what the residual blocks add to).
        outputs: of "moments" (mean and variance of what the convolution gives, float32 `[2, C]`),
            "raw" (that itself), "x" (the stage's input, normalized and added up) and "pixels".
    """

    name: str
    previous: str | None
    inputs: tuple
    outputs: tuple


def stages(architecture, measure=True):
    """The stages of a network, in order.

    Args:
        architecture: `fast_style.architecture.Architecture`.
        measure: bool, whether the moments are to be measured; if not, they are known, or there
            is nothing to measure (batch normalization).

    Returns:
        list of `Stage`.
    """
    measured = ("moments",) if measure and architecture.normalization == "instance" else ()
    found = [
        Stage("down1", None, ("pixels",), measured),
        Stage("down2", None, ("pixels",), measured),
        Stage("down3", None, ("pixels",), (*measured, "raw")),
    ]
    x = ()
    for block in architecture.residuals:
        first, second = f"{block}/first", f"{block}/second"
        found.append(Stage(first, found[-1].name, ("raw", *x), (*measured, "raw", "x")))
        found.append(Stage(second, first, ("raw",), (*measured, "raw")))
        x = ("x",)
    found.append(Stage("up1", found[-1].name, ("raw", *x), (*measured, "x")))
    found.append(Stage("up2", None, ("x",), measured))
    found.append(Stage("out", None, ("x",), ("pixels",)))
    return [stage for stage in found if stage.outputs]


def compute(stage, inputs, operations):
    """The outputs of a stage, with the operations of one runtime.

    Args:
        stage: `Stage`.
        inputs: dict from the names in `stage.inputs` to tensors `[1, H, W, C]` of the runtime.
        operations: has `from_pixels(x)`, `to_pixels(x)`, `add(x, y)`, `convolve(name, x)`,
            `finish(name, raw)` (normalization and ReLU) and `moments(x)`.

    Returns:
        dict from the names in `stage.outputs` to tensors.
    """
    if "pixels" in inputs:
        x, chain = operations.from_pixels(inputs["pixels"]), ("down1", "down2", "down3")
    else:
        chain = ("up1", "up2", "out") if stage.name in ("up1", "up2", "out") else (stage.name,)
        if "raw" in inputs:
            x = operations.finish(stage.previous, inputs["raw"])
            x = operations.add(inputs["x"], x) if "x" in inputs else x
        else:
            x = inputs["x"]
    entering = x
    for name in chain[: chain.index(stage.name) + 1]:
        raw = operations.convolve(name, x)
        x = raw if name == stage.name else operations.finish(name, raw)
    makes = {
        "moments": lambda: operations.moments(raw),
        "raw": lambda: raw,
        "x": lambda: entering,
        "pixels": lambda: operations.to_pixels(raw),
    }
    return {name: makes[name]() for name in stage.outputs}


def padded(side):
    """The side in pixels, or rows of an image, that the network makes of `side`."""
    return max(-(-side // STRIDE) * STRIDE, SMALLEST)


def pad_edges(images, height, width):
    """Repeats the last row and column of `[..., H, W, C]` until there are so many."""
    missing = (height - images.shape[-3], width - images.shape[-2])
    if missing == (0, 0):
        return images
    edges = [(0, 0)] * (images.ndim - 3) + [(0, missing[0]), (0, missing[1]), (0, 0)]
    return np.pad(images, edges, mode="edge")
