"""Writing a network in the formats of other runtimes: TensorFlow Lite, ONNX, Keras.

Each file takes and returns uint8 RGB `[N, H, W, 3]`, but Keras's, which holds the network itself
(float32 of 0..255). Input and output are called `pixels` and `stylized`.
"""

import contextlib
import importlib.util

import numpy as np
import tensorflow as tf

from fast_style.errors import InvalidValue, check_choice
from fast_style.networks.layers import NearestUpBlock
from fast_style.painting import quantization
from fast_style.painting.tensorflow_runtime import to_uint8

QUANTIZATIONS = ("float32", "float16", "int8")
"""How TensorFlow Lite files may store their numbers."""
_OPSET = 18  # of ONNX, the newest that tf2onnx 1.17 writes
# What instance normalization consists of in ONNX, which stays in float.
_NORMALIZING = {"Add", "Div", "Mul", "ReduceMean", "Reciprocal", "Sqrt", "Sub"}


def write_tflite(network, path, quantize="float32", size=None):
    """Writes a TensorFlow Lite file for one image at a time.

    Args:
        network: a built `TransformNet`.
        path: path of the file.
        quantize: "float32"; "float16" (weights stored in half the bytes); or "int8" (dynamic
            range: weights in a quarter of the bytes, computed with 8-bit activations).
        size: (height, width) in pixels for which the file is made, or None for any size (the
            interpreter's input is resized before it is run).

    Raises:
        ValueError: an unsupported `quantize`.
    """
    check_choice("quantize", quantize, QUANTIZATIONS)
    module, function = _pixels_function(network, (1, *(size or (None, None))))
    with _enlarging_in_two_steps(network):
        concrete = function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    if quantize != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with open(path, "wb") as file:
        file.write(converter.convert())


@contextlib.contextmanager
def _enlarging_in_two_steps(network):
    """Context in which upsampling blocks enlarge and convolve in separate steps.

    TFLite's convolution of stride 1/2 is slow: int8 networks take 12 times as long with it.
    """

    def enlarge(images):
        height, width = tf.unstack(tf.shape(images)[1:3])
        return tf.image.resize(images, (2 * height, 2 * width), method="nearest")

    blocks = [block for block in network.blocks if isinstance(block, NearestUpBlock)]
    for block in blocks:
        block.enlarge = enlarge
    try:
        yield
    finally:
        for block in blocks:
            block.enlarge = None


def write_onnx(network, path, size=None, calibration=None):
    """Writes an ONNX file for batches.

    Args:
        network: a built `TransformNet`.
        path: path of the file.
        size: (height, width) in pixels for which the file is made, or None for any size.
        calibration: list of paths of photographs, with which int8 is calibrated, for every style;
            None: float32.

    Raises:
        ValueError: a package that is needed is missing.
    """
    check_onnx(calibrated=calibration is not None)
    import tf2onnx

    _, function = _pixels_function(network, (None, *(size or (None, None))))
    tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, opset=_OPSET, output_path=path
    )
    if calibration is not None:
        import onnx

        onnx.save(_in_int8(onnx.load(path), network.styles, size, calibration), path)


def _in_int8(model, styles, size, calibration):
    """An `onnx.ModelProto` in int8, calibrated for each of its styles."""
    inputs = [{"pixels": batch} for batch in quantization.calibration_batches(calibration, size)]
    if styles > 1:
        rows = np.eye(styles, dtype=np.float32)[:, None]
        inputs = [{**given, "style_weights": row} for given in inputs for row in rows]
    first = next(node.name for node in model.graph.node if node.op_type == "Conv")
    present = {node.op_type for node in model.graph.node}
    return quantization.quantize_with(model, inputs, first, sorted(_NORMALIZING & present))


def check_onnx(calibrated=False):
    """Raises `ValueError` if the package that writes ONNX, or calibrates its int8, is missing."""
    if importlib.util.find_spec("tf2onnx") is None:
        raise InvalidValue("format onnx needs the package tf2onnx: pip install tf2onnx onnx")
    if (
        calibrated and importlib.util.find_spec("onnxruntime") is None
    ):  # NNCF runs the network on it
        raise InvalidValue(
            "int8 of format onnx needs the package onnxruntime: pip install onnxruntime"
        )


def write_keras(network, path):
    """Writes a .keras file, which `keras.saving.load_model` reads on each of Keras's backends.

    Loading needs `fast_style.networks.transform_net` imported, or `TransformNet` in its custom
    objects.

    Args:
        network: a built `TransformNet`.
        path: path of the file.
    """
    network.save(path)


def _pixels_function(network, shape):
    """A function of uint8 images of `shape` (N, H, W), and a module that holds its variables.

    Of a network of several styles it takes "style_weights", float32 `[N, styles]`, too.
    """
    module = tf.Module()
    module.weights = [weight.value for weight in network.weights]
    pixels = tf.TensorSpec([*shape, 3], tf.uint8, name="pixels")
    if network.styles == 1:

        @tf.function(input_signature=[pixels], autograph=False)
        def stylize(pixels):
            return {"stylized": to_uint8(network(tf.cast(pixels, tf.float32), training=False))}

        return module, stylize
    weights = tf.TensorSpec([shape[0], network.styles], tf.float32, name="style_weights")

    @tf.function(input_signature=[pixels, weights], autograph=False)
    def stylize_in(pixels, style_weights):
        images = tf.cast(pixels, tf.float32)
        return {"stylized": to_uint8(network(images, training=False, styles=style_weights))}

    return module, stylize_in
