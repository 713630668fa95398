"""The precisions in which a network may be computed, and the choice between them."""

from fast_style.errors import InvalidValue, check_choice
from fast_style.networks.architecture import STYLE

PRECISIONS = ("auto", "float32", "bfloat16", "int8")
UNQUANTIZED = PRECISIONS[:3]
"""For commands that paint in many styles, each of which would be quantized on its own."""
# Of a network for super-resolution there is float32 alone, or what a GPU takes.
_MIXED = ("bfloat16", "int8")


def choose(precision, runtime, task=STYLE):
    """The precision that a name stands for on this machine.

    "auto" is float16 where TensorFlow has a GPU, bfloat16 where OpenVINO's processor multiplies it
    faster than float32, and else float32.

    Args:
        precision: one of `PRECISIONS`.
        runtime: "openvino" or "tensorflow".
        task: what the network was trained for, one of `fast_style.checkpoints.metadata.TASKS`.

    Returns:
        "float32", "bfloat16", "float16" or "int8".

    Raises:
        ValueError: an unsupported name, or a precision that the processor, the runtime or the task
            does not have.
    """
    check_choice("precision", precision, PRECISIONS)
    if task != STYLE:
        if precision in _MIXED:
            raise InvalidValue(f"`precision` {precision} is for {STYLE} only; {task} has float32")
        return "float32"
    if runtime == "tensorflow":
        if precision == "int8":
            raise InvalidValue("`precision` int8 is OpenVINO's: `runtime` must not be tensorflow")
        return precision if precision != "auto" else _of_tensorflow()
    if precision in ("auto", "bfloat16"):
        from fast_style.painting import openvino_devices

        if precision == "auto":
            return "bfloat16" if openvino_devices.multiplies_bfloat16_faster() else "float32"
        if not openvino_devices.computes("BF16"):
            raise InvalidValue(
                "`precision` bfloat16: this processor does not compute it; float32 is as fast"
            )
    return precision


def _of_tensorflow():
    import tensorflow as tf

    return "float16" if tf.config.list_physical_devices("GPU") else "float32"
