"""A checkpoint that is overwritten is the old one or the new one, whatever happens meanwhile."""

import errno
import os

import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import replacement, store, tensor_bundle
from fast_style.checkpoints.styles import arrays_hash, arrays_of
from fast_style.networks.transform_net import TransformNet
from tests import disk
from tests.checks import build

FILES = ["ckpt-done.data-00000-of-00001", "ckpt-done.index", "ckpt-done.json"]


@pytest.fixture(scope="module")
def networks():
    """Three networks that differ in nothing but their weights."""
    return [build(TransformNet, seed, width=4, residual_blocks=1) for seed in range(3)]


def save(networks, number, folder):
    store.save_network(networks[number], folder / "ckpt-done", {"step": number})


def read(networks, folder):
    """The number of the network that is there, weights and metadata; None if there is none."""
    try:
        _, arrays, metadata = tensor_bundle.load(folder / "ckpt-done")
    except FileNotFoundError as error:
        assert "no such checkpoint" in str(error)
        return None
    assert arrays_hash(arrays) == arrays_hash(arrays_of(networks[metadata["step"]]))
    return metadata["step"]


def replace(networks, folder, monkeypatch, old=True):
    """Notes all states while the second network is written over the first, if that is there."""
    folder.mkdir()
    if old:
        save(networks, 0, folder)
    with disk.Recording(folder, monkeypatch) as recording:
        save(networks, 1, folder)
    assert sorted(os.listdir(folder)) == FILES
    return recording


def no_links(*_, **__):
    raise OSError(errno.ENOTSUP, "no links here")


@pytest.mark.parametrize("old", [True, False], ids=["over another", "anew"])
@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_one(
    networks, tmp_path, monkeypatch, links, old
):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    recording = replace(networks, tmp_path / "run", monkeypatch, old)
    found = []
    for number, state in enumerate(recording.killed):
        disk.write(state, tmp_path / str(number))
        found.append(read(networks, tmp_path / str(number)))
    first = found.count(0 if old else None)
    assert found == [0 if old else None] * first + [1] * (len(found) - first)
    assert first > 3 and len(found) - first > 5


def test_a_power_cut_at_any_moment_leaves_the_old_or_the_new_one(networks, tmp_path, monkeypatch):
    recording = replace(networks, tmp_path / "run", monkeypatch)
    found = set()
    for number, state in enumerate(recording.cut):
        disk.write(state, tmp_path / str(number))
        found.add(read(networks, tmp_path / str(number)))
    assert found == {0, 1}
    assert len(recording.cut) > len(recording.killed)
    # What comes back from the saving is there after a power cut.
    assert read(networks, tmp_path / str(len(recording.cut) - 1)) == 1


def test_after_a_kill_the_next_writer_leaves_three_whole_files(networks, tmp_path, monkeypatch):
    recording = replace(networks, tmp_path / "run", monkeypatch)
    begun = [state for state in recording.killed if ".ckpt-done.new" in state]
    assert len(begun) > 5
    for number, state in enumerate(begun):
        folder = tmp_path / str(number)
        disk.write(state, folder)
        replacement.finish_all(folder)
        assert [name for name in sorted(os.listdir(folder)) if name[0] != "."] == FILES
        # What TensorFlow's own reader makes of the files by themselves.
        reader = tf.train.load_checkpoint(str(folder / "ckpt-done"))
        names = [n for n in reader.get_variable_to_shape_map() if n.startswith("network/")]
        found = sorted(float(np.sum(reader.get_tensor(name))) for name in names)
        assert found == sorted(float(np.sum(weight)) for weight in networks[1].weights)
    disk.write(begun[len(begun) // 2], tmp_path / "more")
    save(networks, 2, tmp_path / "more")
    assert read(networks, tmp_path / "more") == 2
    assert ".ckpt-done.new" not in os.listdir(tmp_path / "more")


def test_files_that_are_replaced_while_they_are_read_are_read_anew(networks, tmp_path):
    save(networks, 0, tmp_path)
    seen = []

    def read_slowly(prefix):
        metadata = store.read_metadata(prefix)
        if not seen:
            save(networks, 1, tmp_path)
        seen.append(prefix)
        loaded, _ = store.load_network(prefix)
        return metadata["step"], arrays_hash(arrays_of(loaded))

    step, found = replacement.whole(tmp_path / "ckpt-done", read_slowly)
    assert (step, found) == (1, arrays_hash(arrays_of(networks[1])))
    assert len(seen) == 2


def test_an_error_while_writing_leaves_the_old_one_and_names_the_prefix(
    networks, tmp_path, monkeypatch
):
    save(networks, 0, tmp_path)

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=r"could not be written \(No space left") as caught:
        save(networks, 1, tmp_path)
    assert caught.value.filename == str(tmp_path / "ckpt-done")
    assert read(networks, tmp_path) == 0
    assert sorted(os.listdir(tmp_path)) == FILES


def test_data_in_another_number_of_files_go_with_the_checkpoint(networks, tmp_path):
    save(networks, 0, tmp_path)
    (tmp_path / "ckpt-done.data-00001-of-00002").write_bytes(b"old")
    (tmp_path / "ckpt-done.index.txt").write_bytes(b"mine")
    (tmp_path / "ckpt-done2.index").write_bytes(b"mine")
    save(networks, 1, tmp_path)
    assert sorted(os.listdir(tmp_path)) == [*FILES[:2], "ckpt-done.index.txt", FILES[2]] + [
        "ckpt-done2.index"
    ]
    replacement.remove(tmp_path / "ckpt-done")
    assert sorted(os.listdir(tmp_path)) == ["ckpt-done.index.txt", "ckpt-done2.index"]


@pytest.mark.parametrize("name", ["a[1]", "b]c", "d*", "e?", "f\\g", "[!a-z]*"])
def test_names_that_look_like_patterns_are_read_as_they_are(networks, tmp_path, name):
    folder = tmp_path / name
    prefix = folder / name
    store.save_network(networks[0], prefix, {"step": 0})
    loaded, _ = store.load_network(prefix)
    for weight, expected in zip(loaded.weights, networks[0].weights, strict=True):
        np.testing.assert_array_equal(weight, expected)
    _, arrays, _ = tensor_bundle.load(prefix)
    assert arrays_hash(arrays) == arrays_hash(arrays_of(networks[0]))
    store.save_network(networks[1], prefix, {"step": 1})
    assert store.load_network(prefix)[1]["step"] == 1
    os.truncate(f"{prefix}.index", 100)
    with pytest.raises(store.CheckpointError, match="damaged checkpoint"):
        store.load_network(prefix)
