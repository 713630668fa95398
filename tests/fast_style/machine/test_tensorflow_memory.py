"""Memory of GPUs, made up, and work that is refused beforehand."""

import ctypes
import types

import pytest
import tensorflow as tf

from fast_style.errors import OutOfMemory
from fast_style.machine import resources, tensorflow_memory

GIB = 2**30


@pytest.fixture
def gpu(monkeypatch):
    """Makes up a GPU of 8 GiB of which TensorFlow uses 3; returns what limits it."""
    limits = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"])
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", lambda _: limits)
    monkeypatch.setattr(
        tf.config.experimental, "get_memory_info", lambda _: {"current": 3 * GIB, "peak": 5 * GIB}
    )
    monkeypatch.setattr(tensorflow_memory, "gpu_total", lambda: 8 * GIB)
    return limits


def test_a_gpu_has_left_what_tensorflow_does_not_use(gpu):
    assert tensorflow_memory.gpu_left() == 5 * GIB
    assert tensorflow_memory.left() == 5 * GIB
    gpu.append(types.SimpleNamespace(memory_limit=4096))  # MiB, as a program may set it
    assert tensorflow_memory.gpu_left() == GIB


def test_without_a_gpu_the_machine_counts(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(resources, "available_memory", lambda: 7 * GIB)
    assert tensorflow_memory.gpu_left() is None
    assert tensorflow_memory.left() == 7 * GIB


@pytest.mark.parametrize("status", [0, 100])
def test_the_driver_tells_how_much_there_is(monkeypatch, status):
    class Driver:
        def cuInit(self, flags):
            return status

        def cuDeviceGet(self, device, number):
            return 0

        def cuDeviceTotalMem_v2(self, total, device):
            total._obj.value = 10 * GIB
            return 0

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    total = tensorflow_memory.gpu_total()
    assert total is None if status else 8 * GIB < total < 10 * GIB


def test_no_driver_tells_nothing(monkeypatch):
    def fail(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", fail)
    assert tensorflow_memory.gpu_total() is None


def test_what_cannot_fit_is_refused(monkeypatch):
    monkeypatch.setattr(tensorflow_memory, "left", lambda: 2 * GIB)
    tensorflow_memory.check_fits("this", GIB, 2**31 - 1, "lower that")
    with pytest.raises(OutOfMemory, match="this .* 3.0 GiB.* 2.0 GiB.*lower that"):
        tensorflow_memory.check_fits("this", 3 * GIB, 1, "lower that")
    with pytest.raises(OutOfMemory, match="this .*lower that"):
        tensorflow_memory.check_fits("this", GIB, 2**31, "lower that")
