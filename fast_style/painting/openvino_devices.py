"""What OpenVINO knows of the processor, and how it compiles for it."""

import threading

import openvino as ov

from fast_style.machine import resources

# OpenVINO's names. int8 is in the model; between quantized operations float32 is computed.
_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
_CORE = None
_LOCK = threading.Lock()


def core():
    """The one `openvino.Core` of the process."""
    global _CORE
    with _LOCK:
        if _CORE is None:
            _CORE = ov.Core()
    return _CORE


def compile_model(model, precision="float32"):
    """Compiles for the processor.

    Args:
        model: `openvino.Model`, or the path of one.
        precision: "float32", "bfloat16" or "int8".

    Returns:
        `openvino.CompiledModel`.
    """
    return core().compile_model(model, "CPU", options(precision))


def options(precision):
    """dict of the options with which `compile_model` compiles: for one pass on all cores."""
    found = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
    # It counts the processors that the process is bound to, but knows nothing of control groups.
    if (threads := resources.thread_limit()) is not None:
        found["INFERENCE_NUM_THREADS"] = threads
        # Processes side by side would all hold to the same cores, the first ones.
        found["ENABLE_CPU_PINNING"] = False
    return found


def computes(capability):
    """Whether the processor has instructions for, such as, "BF16"."""
    return capability in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def multiplies_bfloat16_faster():
    """Whether a product of bfloat16 takes less time than one of float32.

    It takes about half on AMD's processors with AVX512_BF16, and less with Intel's AMX. The
    AVX512_BF16 of Intel's processors alone takes twice the time.
    """
    if not computes("BF16"):
        return False
    name = core().get_property("CPU", "FULL_DEVICE_NAME")
    return name.startswith("AMD") or "amx_bf16" in resources.processor_flags()
