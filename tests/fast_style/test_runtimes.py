"""Choosing a runtime; all of them make one picture."""

import sys

import numpy as np
import pytest

from fast_style import Stylizer, checkpoint, runtimes
from tests.checks import make_painter


@pytest.fixture
def without_openvino(monkeypatch):
    find_spec = runtimes.importlib.util.find_spec
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(
        runtimes.importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "openvino" else find_spec(name, *rest),
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"residual_blocks": 0, "output": "tanh", "padding": "zero"},
        {"upsampling": "transpose"},
        {"upsampling": "transpose", "strided_kernel": 4, "normalization": "batch"},
        {"normalization": "batch", "padding": "zero"},
        {"normalization": "none"},
    ],
    ids=str,
)
def test_pictures_agree_within_one_step(options, photo, tmp_path):
    pytest.importorskip("openvino")
    network = make_painter(**options)
    checkpoint.save_network(network, tmp_path / "ckpt", {})
    painters = [Stylizer.load(tmp_path / "ckpt", runtime=r) for r in ("openvino", "tensorflow")]
    for shape in ((1, 1), (5, 30), (33, 50)):
        batch = np.stack([photo(*shape, seed=0), photo(*shape, seed=1)])
        ours, theirs = (painter(batch).astype(int) for painter in painters)
        assert ours.shape == batch.shape
        assert ours.std() > 5 or shape == (1, 1)  # there is a picture to compare
        assert np.abs(ours - theirs).max() <= 1


def test_auto_takes_openvino_unless_xla_or_a_gpu_speaks_for_tensorflow(monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setattr(runtimes, "_has_gpu", lambda: False)
    assert runtimes.choose() == "openvino"
    assert runtimes.choose(jit_compile=True) == "tensorflow"
    monkeypatch.setattr(runtimes, "_has_gpu", lambda: True)
    assert runtimes.choose() == "tensorflow"
    assert runtimes.choose("openvino") == "openvino"


def test_auto_takes_tensorflow_without_openvino(without_openvino):
    assert runtimes.choose() == "tensorflow"


def test_a_missing_package_is_named_with_its_extra(without_openvino, prefix):
    with pytest.raises(ValueError, match=r"pip install fast-style\[openvino\]"):
        Stylizer.load(prefix, runtime="openvino")


def test_other_names_are_refused(prefix):
    with pytest.raises(ValueError, match="`runtime` must be one of auto, openvino, tensorflow"):
        Stylizer.load(prefix, runtime="torch")


def test_xla_is_tensorflows():
    pytest.importorskip("openvino")
    with pytest.raises(ValueError, match="`jit_compile`"):
        runtimes.choose("openvino", jit_compile=True)
