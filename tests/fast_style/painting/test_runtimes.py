"""Choosing a runtime; all of them make one picture."""

import sys

import numpy as np
import pytest

from fast_style import Stylizer
from fast_style.checkpoints import store
from fast_style.checkpoints.metadata import CheckpointError
from fast_style.machine import resources
from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.painting import runtimes
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
    network = make_painter(**options)
    store.save_network(network, tmp_path / "ckpt", {})
    painters = [Stylizer.load(tmp_path / "ckpt", runtime=r) for r in ("openvino", "tensorflow")]
    for shape in ((1, 1), (5, 30), (33, 50)):
        batch = np.stack([photo(*shape, seed=0), photo(*shape, seed=1)])
        ours, theirs = (painter(batch).astype(int) for painter in painters)
        assert ours.shape == batch.shape
        assert ours.std() > 5 or shape == (1, 1)  # there is a picture to compare
        assert np.abs(ours - theirs).max() <= 1


def test_auto_takes_openvino_unless_xla_or_a_gpu_speaks_for_tensorflow(monkeypatch):
    monkeypatch.setattr(runtimes, "_has_gpu", lambda: False)
    assert runtimes.choose() == "openvino"
    assert runtimes.choose(jit_compile=True) == "tensorflow"
    monkeypatch.setattr(runtimes, "_has_gpu", lambda: True)
    assert runtimes.choose() == "tensorflow"
    assert runtimes.choose("openvino") == "openvino"


def test_a_driver_without_a_gpu_that_tensorflow_finds_is_none(monkeypatch, tmp_path):
    import tensorflow as tf

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: found)
    monkeypatch.setattr(resources, "NVIDIA_DRIVER", str(tmp_path))  # is there
    assert runtimes.choose() == "openvino"
    found.append("a GPU")
    assert runtimes.choose() == "tensorflow"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert runtimes.choose() == "openvino"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(resources, "NVIDIA_DRIVER", str(tmp_path / "missing"))
    assert runtimes.choose() == "openvino"


def test_auto_takes_tensorflow_without_openvino(without_openvino):
    assert runtimes.choose() == "tensorflow"


def test_a_broken_install_says_what_to_do(without_openvino, prefix):
    with pytest.raises(ValueError, match="`runtime` openvino: .* missing: pip install openvino"):
        Stylizer.load(prefix, runtime="openvino")


def test_other_names_are_refused(prefix):
    with pytest.raises(ValueError, match="`runtime` must be one of auto, openvino, tensorflow"):
        Stylizer.load(prefix, runtime="torch")


def test_xla_is_tensorflows():
    with pytest.raises(ValueError, match="`jit_compile`"):
        runtimes.choose("openvino", jit_compile=True)


@pytest.fixture(scope="module")
def enlarger(tmp_path_factory):
    """Checkpoint prefix of a fresh network, which enlarges bicubically."""
    network = SuperResolutionNet(factor=2, width=4, residual_blocks=0)
    network.build()
    prefix = tmp_path_factory.mktemp("checkpoints") / "sr-x2"
    store.save_network(network, prefix, {})
    return prefix


def test_super_resolution_runs_on_tensorflow(enlarger, photo):
    stylizer = Stylizer.load(enlarger, task="super_resolution")
    assert stylizer.runtime.name == "tensorflow"
    assert stylizer.factor == 2
    assert stylizer(photo(5, 9)).shape == (10, 18, 3)
    assert stylizer(np.stack([photo(5, 9)] * 2)).shape == (2, 10, 18, 3)


def test_super_resolution_is_not_openvinos(enlarger):
    with pytest.raises(
        ValueError, match="`runtime` openvino runs networks for style only; one for"
    ):
        Stylizer.load(enlarger, runtime="openvino")


def test_super_resolution_has_no_bands(enlarger):
    with pytest.raises(ValueError, match="`tile` must be left out for super-res"):
        Stylizer.load(enlarger, tile=64)


@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
def test_a_network_for_another_task_is_refused(enlarger, prefix, runtime):
    with pytest.raises(CheckpointError, match="is a network for style, one for super_resolution"):
        Stylizer.load(prefix, runtime=runtime, task="super_resolution")
    with pytest.raises(CheckpointError, match="is a network for super_resolution, one for style"):
        Stylizer.load(enlarger, runtime=runtime, task="style")
