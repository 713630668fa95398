import json
import os

import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import leveldb_table, store
from fast_style.checkpoints.metadata import MAX_METADATA
from fast_style.checkpoints.store import CheckpointError
from fast_style.networks.transform_net import TransformNet
from tests import bundles, disk

OPTIONS = {"width": 4, "residual_blocks": 2, "upsampling": "transpose", "output": "linear"}


@pytest.fixture
def network():
    network = TransformNet(**OPTIONS)
    network.build()
    return network


@pytest.fixture
def prefix(network, tmp_path):
    prefix = tmp_path / "ckpt-done"
    store.save_network(network, prefix, {"step": 7, "style": {"name": "Gemälde.jpg"}})
    return prefix


def edit_metadata(prefix, **changes):
    path = store.metadata_path(prefix)
    with open(path, encoding="utf-8") as file:
        metadata = json.load(file)
    for name, value in changes.items():
        metadata[name] = value
    with open(path, "w", encoding="utf-8") as file:
        json.dump(metadata, file)


def test_a_network_comes_back_from_its_prefix_alone(network, prefix):
    loaded, metadata = store.load_network(prefix)
    image = np.random.default_rng(0).uniform(0, 255, (1, 12, 8, 3)).astype("float32")
    np.testing.assert_array_equal(loaded(image), network(image))
    assert metadata["network"] == {**store.network_config(network)}
    assert metadata["step"] == 7
    assert metadata["style"]["name"] == "Gemälde.jpg"


def test_a_saved_network_is_three_files_and_nothing_else(prefix):
    assert sorted(os.listdir(prefix.parent)) == [
        "ckpt-done.data-00000-of-00001",
        "ckpt-done.index",
        "ckpt-done.json",
    ]


def test_an_option_that_came_later_is_named_only_where_it_is_used():
    usual, wide = TransformNet(width=4), TransformNet(width=4, strided_kernel=4)
    assert "strided_kernel" not in store.network_config(usual)
    assert store.network_config(wide)["strided_kernel"] == 4


def test_a_network_is_saved_over_another(prefix):
    other = TransformNet(width=6, residual_blocks=1)
    other.build()
    store.save_network(other, prefix, {})
    loaded, _ = store.load_network(prefix)
    assert (loaded.width, loaded.residual_blocks) == (6, 1)


def test_every_weight_is_in_the_file(network, prefix):
    stored = tf.train.load_checkpoint(str(prefix)).get_variable_to_shape_map()
    weights = [name for name in stored if name.startswith("network/")]
    assert len(weights) == len(network.weights)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such checkpoint"):
        store.load_network(tmp_path / "nowhere")


def test_a_file_of_the_checkpoint_given_for_the_prefix_gets_a_hint(prefix):
    with pytest.raises(FileNotFoundError, match="without .index"):
        store.load_network(f"{prefix}.index")


def test_missing_metadata_are_named(prefix):
    os.remove(store.metadata_path(prefix))
    with pytest.raises(FileNotFoundError, match=r"ckpt-done\.json"):
        store.load_network(prefix)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {**OPTIONS, "width": 8}}, "weights do not fit"),
        ({"network": {**OPTIONS, "residual_blocks": 3}}, "weights do not fit"),
        ({"network": {**OPTIONS, "residual_blocks": 1}}, "weights do not fit"),
        ({"network": {**OPTIONS, "normalization": "none"}}, "weights do not fit"),
        ({"network": {**OPTIONS, "depth": 3}}, "unknown network option 'depth'"),
        ({"network": {**OPTIONS, "width": "wide"}}, "`width` must be"),
        ({"network": {**OPTIONS, "width": 10**9}}, "`width` must be"),
        ({"network": {**OPTIONS, "padding": "mirror"}}, "`padding` must be one of"),
        ({"network": None}, 'no "network"'),
        ({"format": 99}, '"format" must be 1'),
    ],
)
def test_metadata_that_do_not_fit_are_refused(prefix, changes, message):
    edit_metadata(prefix, **changes)
    with pytest.raises(CheckpointError, match=message):
        store.load_network(prefix)


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 100_000, "\x00", '{"network": 3}'])
def test_json_that_is_not_metadata_is_refused(prefix, content):
    with open(store.metadata_path(prefix), "w", encoding="utf-8") as file:
        file.write(content)
    with pytest.raises(CheckpointError, match=r"ckpt-done\.json"):
        store.load_network(prefix)


def test_huge_metadata_are_refused_unread(prefix):
    os.truncate(store.metadata_path(prefix), MAX_METADATA + 1)
    with pytest.raises(CheckpointError, match="larger than"):
        store.load_network(prefix)


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "gone"])
def test_damaged_weights_are_refused(prefix, suffix, damage):
    path = f"{prefix}{suffix}"
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if damage == "gone":
        os.remove(path)
    else:
        if damage == "flipped":
            data[len(data) // 2] ^= 0xFF
        with open(path, "wb") as file:
            file.write({"cut": data[: len(data) // 2], "empty": b"", "flipped": data}[damage])
    error = FileNotFoundError if (damage, suffix) == ("gone", ".index") else CheckpointError
    with pytest.raises(error, match="ckpt-done"):
        store.load_network(prefix)


@pytest.mark.parametrize(
    "message", [bundles.entry(0, 0, (1 << 62, 1 << 62, 0)), b"\x0b", b"\x12\x04\x12\x02\x12\x05"]
)
def test_tensorflow_is_not_given_an_index_that_ends_the_process(prefix, message):
    with open(f"{prefix}.index", "rb") as file:
        entries = leveldb_table.read(file.read())
    entries = {key.decode(): value for key, value in entries.items()}
    with open(f"{prefix}.index", "wb") as file:
        file.write(bundles.index_of(entries | {"more": message}))
    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        store.load_network(prefix)


def test_a_description_alone_makes_no_huge_network(prefix, monkeypatch):
    """Of 64 blocks of width 512: 19,000,000,000 bytes."""
    network = {**OPTIONS, "width": 512, "residual_blocks": 64}
    edit_metadata(prefix, network=network)
    monkeypatch.setattr(TransformNet, "build", None)
    with pytest.raises(CheckpointError, match="weights do not fit .* at least 19,327,352,832"):
        store.load_network(prefix)


def test_set_aside_moves_a_run_but_not_its_finished_network(tmp_path):
    for name in ("ckpt-5.index", "ckpt-5.json", "ckpt-done.index", "checkpoint", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "log").mkdir()
    first = store.set_aside(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["ckpt-done.index", "notes.txt", "previous-1"]
    assert sorted(os.listdir(first)) == ["checkpoint", "ckpt-5.index", "ckpt-5.json", "log"]
    second = store.set_aside(tmp_path, "ckpt-done")
    assert second.endswith("previous-2")
    assert os.listdir(second) == ["ckpt-done.index"]
    assert store.set_aside(tmp_path) is None


def test_names_that_are_no_utf8_come_back(network, tmp_path):
    store.save_network(network, tmp_path / "ckpt", {"photos": "bad\udcff", "style": {"name": "é"}})
    metadata = store.read_metadata(tmp_path / "ckpt")
    assert metadata["photos"] == "bad\udcff"
    assert metadata["style"]["name"] == "é"


@pytest.mark.parametrize("name", [None, "ckpt-done"])
def test_a_kill_or_a_power_cut_while_a_run_is_set_aside_loses_no_file(tmp_path, monkeypatch, name):
    folder = tmp_path / "run"
    (folder / "log").mkdir(parents=True)
    names = [f"ckpt-{step}.{end}" for step in (4, "done") for end in ("index", "data-0")]
    for each in names:
        (folder / each).write_text(each)
    with disk.Recording(folder, monkeypatch) as recording:
        store.set_aside(folder, name)
    for state in recording.killed + recording.cut:
        aside = state.get("previous-1", {})
        for step in (4, "done"):
            files = [each for each in names if each.startswith(f"ckpt-{step}.")]
            # Whole in one of the two places, not half in each.
            assert any(
                all(place.get(each) == each.encode() for each in files) for place in (state, aside)
            )
    left = os.listdir(folder)
    assert ("ckpt-done.index" in left) and ("ckpt-4.index" in left) == (name is not None)
