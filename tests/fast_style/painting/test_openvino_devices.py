"""What OpenVINO is asked of the processor, and what it is told."""

import types

import numpy as np
import pytest

from fast_style.machine import resources
from fast_style.painting import openvino_devices


def with_core(monkeypatch, name="AMD EPYC", capabilities=("FP32", "BF16")):
    """Pretends to be another processor; returns the options with which models are compiled."""
    asked = []
    told = {"FULL_DEVICE_NAME": name, "OPTIMIZATION_CAPABILITIES": list(capabilities)}
    core = types.SimpleNamespace(
        get_property=lambda device, key: told[key],
        compile_model=lambda model, device, options: asked.append(options) or np,
    )
    monkeypatch.setattr(openvino_devices, "core", lambda: core)
    return asked


def test_threads_keep_to_the_control_group(monkeypatch):
    asked = with_core(monkeypatch)
    for limit in (3, None):
        monkeypatch.setattr(resources, "thread_limit", lambda limit=limit: limit)
        openvino_devices.compile_model(None)
    assert [options.get("INFERENCE_NUM_THREADS") for options in asked] == [3, None]
    # Others paint on the rest of the cores: nobody may hold to the first ones.
    assert asked[0]["ENABLE_CPU_PINNING"] is False


@pytest.mark.parametrize(
    ("precision", "hint"), [("float32", "f32"), ("bfloat16", "bf16"), ("int8", "f32")]
)
def test_models_are_compiled_for_a_precision(monkeypatch, precision, hint):
    asked = with_core(monkeypatch)
    openvino_devices.compile_model(None, precision)
    assert asked[0]["INFERENCE_PRECISION_HINT"] == hint


@pytest.mark.parametrize(
    ("name", "capabilities", "flags", "faster"),
    [
        ("AMD EPYC 9R14", ("FP32", "BF16"), (), True),
        ("AMD EPYC 7R13", ("FP32",), (), False),
        ("Intel(R) Xeon(R)", ("FP32", "BF16"), ("avx512_bf16", "amx_bf16"), True),
        ("Intel(R) Xeon(R)", ("FP32", "BF16"), ("avx512_bf16",), False),
    ],
)
def test_bfloat16_is_faster_on_some_processors(monkeypatch, name, capabilities, flags, faster):
    with_core(monkeypatch, name, capabilities)
    monkeypatch.setattr(resources, "processor_flags", lambda: set(flags))
    assert openvino_devices.multiplies_bfloat16_faster() is faster
