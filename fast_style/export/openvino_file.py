"""Writing a network in the format of OpenVINO: the graph that paints here, in a file of its own."""

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fast_style.checkpoints.styles import arrays_of
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.painting import openvino_graph, quantization, segments


def write(network, path, size=None, calibration=None):
    """Writes model.xml and model.bin: "pixels", uint8 RGB `[N, H, W, 3]`, to "stylized" likewise.

    Args:
        network: a built `TransformNet` of one style.
        path: path of model.xml.
        size: (height, width) in pixels for which the file is made, or None for any size.
        calibration: list of paths of photographs, with which int8 is calibrated; None: float32.
    """
    architecture = network.architecture
    model = _model(architecture, openvino_graph.folded(architecture, arrays_of(network)), size)
    if calibration is not None:
        batches = quantization.calibration_batches(calibration, size)
        model = quantization.quantize(model, [{"pixels": batch} for batch in batches])
    ov.save_model(model, path, compress_to_fp16=False)


def _model(architecture, weights, size):
    height, width = size or (-1, -1)
    pixels = ops.parameter(ov.PartialShape([-1, height, width, 3]), np.uint8, name="pixels")
    pixels.output(0).set_names({"pixels"})
    graph = openvino_graph.Graph(architecture, weights, _centres(architecture, pixels))
    shape = ops.shape_of(pixels, "i64")
    sides = ops.gather(shape, openvino_graph.ints(1, 2), openvino_graph.ints(0))
    zeros = openvino_graph.ints(0, 0, 0, 0)
    ends = ops.concat([openvino_graph.ints(0), _missing(sides), openvino_graph.ints(0)], 0)
    painted = graph.paint(ops.pad(pixels, zeros, ends, "edge"))
    painted = ops.slice(
        painted, openvino_graph.ints(0, 0), sides, openvino_graph.ints(1, 1), [1, 2]
    )
    painted.output(0).set_names({"stylized"})
    return ov.Model([painted], [pixels], "network")


def _missing(sides):
    """How many pixels an image lacks of the sides that the network takes."""
    stride = openvino_graph.ints(STRIDE)
    whole = ops.multiply(
        ops.divide(ops.add(sides, openvino_graph.ints(STRIDE - 1)), stride), stride
    )
    return ops.subtract(ops.maximum(whole, openvino_graph.ints(SMALLEST)), sides)


def _centres(architecture, pixels):
    """As `fast_style.painting.segments.centres` computes them."""
    if not architecture.ignores_colour:
        return openvino_graph.floats(np.zeros((1, 3)))
    first = openvino_graph.ints(0, 0)
    step = openvino_graph.ints(segments.CENTRE_STEP, segments.CENTRE_STEP)
    end = openvino_graph.ints(2**31 - 1, 2**31 - 1)
    some = ops.convert(ops.slice(pixels, first, end, step, [1, 2]), "f32")
    return ops.round(ops.reduce_mean(some, openvino_graph.ints(1, 2)), "half_to_even")
