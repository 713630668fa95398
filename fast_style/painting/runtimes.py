"""The runtimes that can execute a network, and the choice between them."""

import importlib.util
import logging
import os

from fast_style.checkpoints.metadata import check_task, read_metadata, task_of
from fast_style.errors import InvalidValue, check_choice
from fast_style.machine import resources
from fast_style.networks.architecture import STYLE
from fast_style.painting import precisions

RUNTIMES = ("auto", "openvino", "tensorflow")


def choose(runtime="auto", jit_compile=False, task=STYLE):
    """The runtime that a name stands for on this machine.

    "auto" takes TensorFlow if it finds a GPU or XLA is wanted; otherwise OpenVINO if it is
    installed, which is faster on CPUs and quicker to start. Networks for super-resolution run on
    TensorFlow only.

    Args:
        runtime: one of `RUNTIMES`.
        jit_compile: bool, whether XLA is wanted.
        task: what the network was trained for, one of `fast_style.checkpoints.metadata.TASKS`.

    Returns:
        "openvino" or "tensorflow".

    Raises:
        ValueError: an unsupported name, or OpenVINO where it is not installed, with `jit_compile`,
            or for super-resolution.
    """
    check_choice("runtime", runtime, RUNTIMES)
    installed = importlib.util.find_spec("openvino") is not None
    if runtime == "openvino":
        if not installed:
            raise InvalidValue(
                "`runtime` openvino: its package, a part of every installation, is missing: "
                "pip install openvino"
            )
        if jit_compile:
            raise InvalidValue("`jit_compile` is TensorFlow's: `runtime` must not be openvino")
        if task != STYLE:
            raise InvalidValue(
                f"`runtime` openvino runs networks for {STYLE} only; one for {task} needs "
                "tensorflow"
            )
    if runtime != "auto":
        return runtime
    faster = installed and task == STYLE and not jit_compile and not _has_gpu()
    return "openvino" if faster else "tensorflow"


def load(
    prefix,
    runtime="auto",
    jit_compile=False,
    task=None,
    style=None,
    precision="float32",
    calibration=None,
):
    """A runtime with the network of a checkpoint.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".
        runtime, jit_compile: as in `choose`.
        task: what the network must have been trained for, or None for any.
        style: which of several styles, see `fast_style.checkpoints.styles`.
        precision: as in `fast_style.painting.precisions.choose`.
        calibration: folder of photographs for int8 (`fast_style.painting.quantization`); None:
            those that come with the program.

    Returns:
        `OpenVINORuntime` or `TensorFlowRuntime`, and the checkpoint's metadata (dict).

    Raises:
        ValueError: as in `choose` and `fast_style.painting.precisions.choose`; `style` is missing,
            unknown, or given for a network of one; or `calibration` is given without int8.
        FileNotFoundError: there is no checkpoint at `prefix`.
        fast_style.checkpoints.metadata.CheckpointError: it is damaged, or of another task.
    """
    metadata = read_metadata(prefix)
    check_task(prefix, metadata, task)
    if calibration is not None and precision != "int8":
        raise InvalidValue("`calibration` is for `precision` int8 only")
    chosen = choose(runtime, jit_compile, task_of(metadata))
    # Imported only if it is used: TensorFlow takes seconds.
    if chosen == "openvino":
        runtime = openvino()
        precision = precisions.choose(precision, chosen, task_of(metadata))
        return runtime.load(prefix, style, precision, calibration)
    resources.limit_tensorflow()
    precision = precisions.choose(precision, chosen, task_of(metadata))
    from fast_style.painting.tensorflow_runtime import TensorFlowRuntime

    return TensorFlowRuntime.load(prefix, jit_compile, style, precision)


def openvino():
    """The class `OpenVINORuntime`, imported only now."""
    handlers = logging.root.handlers[:]
    from fast_style.painting.openvino_runtime import OpenVINORuntime

    for handler in handlers:  # importing OpenVINO 2026.4 removes absl's
        if handler not in logging.root.handlers:
            logging.root.addHandler(handler)
    return OpenVINORuntime


def _has_gpu():
    """Whether TensorFlow finds a GPU; it takes seconds to tell, so a driver has to be loaded."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    if hidden or not resources.has_nvidia_driver():
        return False
    resources.limit_tensorflow()
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
