"""What a network can run on, and which of it is taken."""

import importlib.util
import os

from fast_style.checkpoints.metadata import check_task, read_metadata, task_of
from fast_style.errors import InvalidValue, check_choice
from fast_style.networks.architecture import STYLE

RUNTIMES = ("auto", "openvino", "tensorflow")


def choose(runtime="auto", jit_compile=False, task=STYLE):
    """The runtime that a name stands for on this machine.

    "auto" takes TensorFlow where there is a GPU for it or where XLA is wanted, else OpenVINO, the
    faster one on processors and the quicker to start, if it is installed. Super-resolution is
    TensorFlow's.

    Args:
        runtime: one of `RUNTIMES`.
        jit_compile: bool, whether XLA is wanted.
        task: what the network was trained for, one of `fast_style.checkpoints.metadata.TASKS`.

    Returns:
        "openvino" or "tensorflow".

    Raises:
        ValueError: another name, or OpenVINO where it is not installed, with `jit_compile`, or for
            another task than a style.
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
                f"`runtime` openvino is for networks for {STYLE}: one for {task} needs tensorflow"
            )
    if runtime != "auto":
        return runtime
    faster = installed and task == STYLE and not jit_compile and not _has_gpu()
    return "openvino" if faster else "tensorflow"


def load(prefix, runtime="auto", jit_compile=False, task=None):
    """A runtime with the network of a checkpoint.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".
        runtime, jit_compile: as in `choose`.
        task: what the network must have been trained for, or None for any.

    Returns:
        `OpenVINORuntime` or `TensorFlowRuntime`, and the checkpoint's metadata (dict).

    Raises:
        ValueError: as in `choose`.
        FileNotFoundError: there is no checkpoint at `prefix`.
        fast_style.checkpoints.metadata.CheckpointError: it is damaged, or of another task.
    """
    metadata = read_metadata(prefix)
    check_task(prefix, metadata, task)
    # Each is imported only where it is used: TensorFlow takes seconds.
    if choose(runtime, jit_compile, task_of(metadata)) == "openvino":
        from fast_style.painting.openvino_runtime import OpenVINORuntime

        return OpenVINORuntime.load(prefix)
    from fast_style.painting.tensorflow_runtime import TensorFlowRuntime

    return TensorFlowRuntime.load(prefix, jit_compile)


def _has_gpu():
    """Whether an Nvidia driver is at work, which TensorFlow could ask for itself in seconds."""
    return os.path.exists("/proc/driver/nvidia/version") and (
        os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1")
    )
