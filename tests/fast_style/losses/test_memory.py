"""Images that the loss network could never hold."""

import pytest

from fast_style.errors import OutOfMemory
from fast_style.losses import memory
from fast_style.machine import tensorflow_memory


def test_81_megapixels_are_refused_with_16_gib(monkeypatch):
    monkeypatch.setattr(tensorflow_memory, "left", lambda: 2**34)
    with pytest.raises(OutOfMemory, match="the painting .* GiB .*lower that"):
        memory.check_fits("the painting", 9000**2, "lower that")
    memory.check_fits("the painting", 2000**2, "lower that")


def test_what_tensorflow_crashes_on_is_refused_whatever_there_is(monkeypatch):
    monkeypatch.setattr(tensorflow_memory, "left", lambda: 2**50)
    with pytest.raises(OutOfMemory, match="lower that"):
        memory.check_fits("the painting", 9000**2, "lower that")


def test_gradients_take_more(monkeypatch):
    monkeypatch.setattr(tensorflow_memory, "left", lambda: 2**30)
    memory.check_fits("this", 1000**2, "lower that")
    with pytest.raises(OutOfMemory):
        memory.check_fits("this", 1000**2, "lower that", gradient=True)
