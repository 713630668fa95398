"""Checkpoints read without TensorFlow, against what TensorFlow reads; damage is told."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import store, tensor_bundle
from fast_style.checkpoints.metadata import CheckpointError
from fast_style.networks.transform_net import TransformNet
from tests.checks import randomize

FILES = ("ckpt.index", "ckpt.data-00000-of-00001", "ckpt.json")


@pytest.fixture
def copy(prefix, tmp_path):
    """A copy of the tiny network's checkpoint that a test may damage; its prefix."""
    for name in FILES:
        shutil.copy(prefix.parent / name.replace("ckpt", "ckpt-done", 1), tmp_path / name)
    return tmp_path / "ckpt"


def assert_same_weights(weights, network):
    for path, value in weights.items():
        layer = network
        *parts, name = path.split("/")
        for part in parts:
            layer = getattr(layer, part)
        np.testing.assert_array_equal(value, getattr(layer, name))
    assert len(weights) == len(network.weights)


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
def test_weights_are_those_of_the_network(normalization, tmp_path):
    network = TransformNet(width=3, residual_blocks=1, normalization=normalization)
    network.build()
    randomize(network)
    store.save_network(network, tmp_path / "ckpt", {"step": 7})
    architecture, weights, metadata = tensor_bundle.load(tmp_path / "ckpt")
    assert architecture == network.architecture
    assert metadata["step"] == 7
    assert_same_weights(weights, network)


def test_a_checkpoint_of_a_run_holds_its_optimizer_too(network, copy):
    optimizer = keras.optimizers.Adam()
    optimizer.build(network.trainable_variables)
    tf.train.Checkpoint(optimizer=optimizer, network=network).write(str(copy))
    assert_same_weights(tensor_bundle.load(copy)[1], network)


def test_tensorflow_is_not_imported(prefix):
    code = (
        "import sys; from fast_style import Stylizer; import numpy as np;"
        f"Stylizer.load({str(prefix)!r}, runtime='openvino')(np.zeros((8, 8, 3), np.uint8));"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", FILES[:2])
def test_every_changed_byte_is_noticed(copy, name):
    path = copy.parent / name
    whole = path.read_bytes()
    expected = tensor_bundle.load(copy)[1]
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            found = tensor_bundle.load(copy)[1]
        except CheckpointError as error:
            assert str(copy) in str(error)
        else:  # a byte that nothing depends on
            for path_, value in found.items():
                np.testing.assert_array_equal(value, expected[path_])


@pytest.mark.parametrize("name", FILES[:2])
@pytest.mark.parametrize("length", [0, 20, 1000])
def test_files_cut_short_are_damaged(copy, name, length):
    with open(copy.parent / name, "r+b") as file:
        file.truncate(length)
    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        tensor_bundle.load(copy)


def test_a_missing_data_file_is_damage(copy):
    (copy.parent / FILES[1]).unlink()
    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        tensor_bundle.load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 8}, "weights do not fit"),
        ({"residual_blocks": 2}, "weights do not fit"),
        ({"residual_blocks": 0}, "weights do not fit"),
        ({"normalization": "none"}, "weights do not fit"),
        ({"normalization": "batch"}, "weights do not fit"),
        ({"width": 10**9}, "`width` must be"),
        ({"colour": "blue"}, "unknown network option 'colour'"),
    ],
)
def test_metadata_of_another_network_are_refused(copy, change, message):
    path = copy.parent / FILES[2]
    metadata = json.loads(path.read_text())
    metadata["network"] |= change
    path.write_text(json.dumps(metadata))
    with pytest.raises(CheckpointError, match=message):
        tensor_bundle.load(copy)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such checkpoint"):
        tensor_bundle.load(tmp_path / "nowhere")
