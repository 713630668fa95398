"""PyTorch's files are read without PyTorch; all but dicts of tensors are refused and never run."""

import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

from fast_style.array_files import torch_files, unpickler
from fast_style.array_files.pickled_tensors import UnsafePickle
from tests import foreign_files as files
from tests import fuzz
from tests.mutations import replace

ARRAYS = {
    "conv1.conv2d.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "in1.bias": np.array([1.5, -2.0], np.float32),
    "empty": np.zeros((0, 3), np.float32),
}
BOTH = pytest.mark.parametrize("kind", ["zip", "legacy"])


def wrap(kind, pickled, storages=None, **options):
    return {"zip": files.zip_file, "legacy": files.legacy_file}[kind](
        pickled, storages or {}, **options
    )


def read(tmp_path, data):
    return torch_files.read(replace(tmp_path / "network.pth", data))


@BOTH
def test_tensors_come_back(tmp_path, kind):
    arrays = torch_files.read(files.write_torch(tmp_path / "network.pth", ARRAYS, kind))
    assert list(arrays) == list(ARRAYS)
    for name, expected in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], expected)
        assert arrays[name].dtype == expected.dtype


@BOTH
def test_strides_and_shared_storages_are_followed(tmp_path, kind):
    numbers = np.arange(10, dtype=np.float32)
    pickled = files.state(
        {
            "transposed": files.tensor("0", [2, 3], [1, 2], count=10),
            "part": files.tensor("0", [4], [2], count=10, offset=3),
        }
    )
    arrays = read(tmp_path, wrap(kind, pickled, {"0": numbers.tobytes()}))
    np.testing.assert_array_equal(arrays["transposed"], numbers[:6].reshape(3, 2).T)
    np.testing.assert_array_equal(arrays["part"], numbers[3:10:2])


@pytest.mark.parametrize("legacy", [False, True])
def test_files_of_pytorch_itself(tmp_path, legacy):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    path = tmp_path / "network.pth"
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    arrays = torch_files.read(path)
    assert list(arrays) == list(state)
    for name, value in state.items():
        np.testing.assert_array_equal(arrays[name], value.numpy())


def test_the_pretrained_network_is_a_legacy_file(shared):
    arrays = torch_files.read(shared / "pretrained" / "candy_nc16.pth")
    assert arrays["conv1.conv2d.weight"].shape == (16, 3, 9, 9)
    assert len(arrays) == 62


# Hostile files


class Evil:
    """Unpickled by Python, it makes a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def evil_pickles(marker):
    command = files.text(f"touch {marker}")
    system = b"cposix\nsystem\n"
    call = system + b"(" + command + b"tR"
    tensor = files.tensor("0", [1])
    return {
        "object": pickle.dumps(Evil(marker), 2),
        "protocol 4": pickle.dumps(Evil(marker), 4),
        "text": pickle.dumps(Evil(marker), 0),
        "value": files.state({"conv1.conv2d.weight": call}),
        "beside tensors": files.state({"a": tensor, "b": call}),
        "argument of a tensor": files.state({"a": tensor[:-2] + call + b"tR"}),
        "argument of a dict": b"\x80\x02ccollections\nOrderedDict\n((" + call + b"ltR.",
        "harmless name": b"\x80\x02cbuiltins\nlist\n)R.",
        "getattr": b"\x80\x02cbuiltins\ngetattr\n(cos\nsystem\n" + command + b"tR.",
        "method": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2.__globals__\n)R.",
        "called twice": b"\x80\x02" + files.DICT + b"(" + command + b"tR.",
        "name as value": files.state({"a": system}),
        "inst": b"\x80\x02(" + command + b"iposix\nsystem\n.",
        "obj": b"\x80\x02(" + system + command + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n(" + command + b"t\x81.",
        "build": b"\x80\x02" + files.DICT + call + b"b.",
        "build of a name": b"\x80\x02" + system + b"}b.",
        "storage type": files.state(
            {"a": files.tensor("0", [1]).replace(b"ctorch\nFloatStorage\n", call)}
        ),
        "extension": b"\x80\x02\x82\x01.",
        "text persistent id": b"\x80\x02P" + b"0\n.",
    }


@BOTH
@pytest.mark.parametrize("trick", sorted(evil_pickles("")))
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path, kind, trick):
    marker = tmp_path / "marker"
    pickled = evil_pickles(marker)[trick]
    with pytest.raises(UnsafePickle):
        read(tmp_path, wrap(kind, pickled, {"0": bytes(4)}))
    assert not marker.exists()


def test_the_evil_object_does_run_where_it_is_unpickled(tmp_path):
    pickle.loads(evil_pickles(tmp_path / "marker")["object"])
    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize("place", ["system", "keys"])
def test_no_pickle_of_a_legacy_file_is_run(tmp_path, place):
    evil = Evil(tmp_path / "marker")
    options = {"system": evil} if place == "system" else {"keys": pickle.dumps(evil, 2)}
    data = files.legacy_file(files.state_of(ARRAYS), files.storages_of(ARRAYS), **options)
    with pytest.raises(UnsafePickle, match=r"posix\.system"):
        read(tmp_path, data)
    assert not (tmp_path / "marker").exists()


# Damaged files


@BOTH
def test_files_truncated_anywhere_are_refused(tmp_path, kind):
    data = wrap(kind, files.state_of(ARRAYS), files.storages_of(ARRAYS))
    for length in range(len(data)):
        with pytest.raises(UnsafePickle):
            read(tmp_path, data[:length])


@pytest.mark.parametrize("reader", ["torch", "pickle"])
def test_changed_files_are_refused_or_read(tmp_path, reader):
    assert 0 < fuzz.run(reader, tmp_path, 1500) < 700


@BOTH
@pytest.mark.parametrize(
    "value, message",
    [
        (files.tensor("0", [1 << 15, 1 << 15], [0, 0], count=1), r"shape \[32768, 32768\]"),
        (files.tensor("0", [2], count=1), r"shape \[2\] in 1 elements"),
        (files.tensor("0", [1], count=1, offset=1), r"in 1 elements"),
        (files.tensor("0", [-1], count=1), "without storage, shape or strides"),
        (files.tensor("0", [1 << 30]), "0"),
        (files.tensor("1", [1]), "missing|match"),
        (files.tensor("0", [1]).replace(b"Float", b"Bloat"), r"torch\.BloatStorage"),
        (files.number(3), "'a' is a int, not a tensor"),
        (b"}", "'a' is a dict, not a tensor"),
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path, kind, value, message):
    with pytest.raises(UnsafePickle, match=message):
        read(tmp_path, wrap(kind, files.state({"a": value}), {"0": bytes(4)}))


@pytest.mark.parametrize(
    "pickled", [b"\x80\x02]q\x00h\x00a.", b"\x80\x02K\x01.", b"\x80\x02.", b""]
)
def test_anything_but_a_dict_is_refused(tmp_path, pickled):
    with pytest.raises(UnsafePickle):
        read(tmp_path, files.zip_file(pickled, {}))


def test_keys_must_be_names():
    # Tuples of tuples of ... : hashing one takes 2^50 steps.
    bomb = b"\x80\x02)" + b"".join(b"q\x00h\x00\x86" for _ in range(50))
    for pickled in (b"\x80\x02}" + bomb[2:] + b"K\x01s.", b"\x80\x02}NK\x02s."):
        with pytest.raises(UnsafePickle, match="not a name"):
            unpickler.read(_stream(pickled))


def test_a_pickle_of_too_many_operations_is_refused(monkeypatch):
    monkeypatch.setattr(unpickler, "MAX_OPERATIONS", 100)
    with pytest.raises(UnsafePickle, match="more than 100 operations"):
        unpickler.read(_stream(b"\x80\x02" + b"N" * 200 + b"."))


def _stream(data):
    return io.BytesIO(data)


def test_a_compressed_archive_is_refused(tmp_path):
    data = files.zip_file(files.state_of(ARRAYS), {"0": bytes(10**6)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(UnsafePickle, match="compressed"):
        read(tmp_path, data)


def test_big_endian_numbers_are_refused(tmp_path):
    system = {**files.SYSTEM, "little_endian": False}
    data = files.legacy_file(files.state_of({}), {}, system=system)
    with pytest.raises(UnsafePickle, match="big-endian"):
        read(tmp_path, data)


def test_a_long_pickle_and_a_long_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_files, "MAX_PICKLE", 10)
    with pytest.raises(UnsafePickle, match="too long"):
        read(tmp_path, files.zip_file(files.state_of(ARRAYS), files.storages_of(ARRAYS)))
    monkeypatch.setattr(torch_files, "MAX_FILE", 10)
    with pytest.raises(UnsafePickle, match="larger than 10 bytes"):
        read(tmp_path, files.legacy_file(files.state_of({}), {}))


def test_a_legacy_count_that_differs_is_refused(tmp_path):
    data = files.legacy_file(files.state_of({"a": np.ones(2, np.float32)}), {"0": bytes(8)})
    data = data[:-16] + struct.pack("<q", 1 << 40) + data[-8:]
    with pytest.raises(UnsafePickle, match="has 1099511627776 elements, 2 are expected"):
        read(tmp_path, data)


# State dicts inside others


def wrapped(**parts):
    """A pickled dict of pickled values."""
    return b"\x80\x02}(" + b"".join(files.text(n) + value for n, value in parts.items()) + b"u."


def inner(*arrays, key=0):
    """A pickled dict of tensors a0, a1 ..., of float32 on storages `key`, `key` + 1 ..."""
    tensors = [files.tensor(str(key + i), a.shape) for i, a in enumerate(arrays)]
    return b"}(" + b"".join(files.text(f"a{i}") + t for i, t in enumerate(tensors)) + b"u"


MOMENTS = b"}(" + files.text("state") + b"}" + files.number(0) + b"}" + files.text("exp_avg")
MOMENTS += files.tensor("1", [2]) + b"ss" + files.text("param_groups") + b"]}a" + b"u"


@BOTH
@pytest.mark.parametrize("name", ["state_dict", "model_state_dict", "model", "student"])
def test_the_network_is_taken_out_of_a_training_checkpoint(tmp_path, kind, name):
    first, moments = np.float32([1, 2, 3]), np.float32([4, 5])
    epoch = files.number(7)
    pickled = wrapped(epoch=epoch, **{name: inner(first)}, optimizer=MOMENTS, best=b"G" + bytes(8))
    storages = {"0": first.tobytes(), "1": moments.tobytes()}
    arrays = read(tmp_path, wrap(kind, pickled, storages))
    assert list(arrays) == ["a0"]
    np.testing.assert_array_equal(arrays["a0"], first)


@BOTH
def test_of_several_networks_the_usual_name_is_taken_or_they_are_named(tmp_path, kind):
    arrays = [np.float32([1]), np.float32([2])]
    storages = {"0": arrays[0].tobytes(), "1": arrays[1].tobytes()}
    pickled = wrapped(teacher=inner(arrays[0]), state_dict=inner(arrays[1], key=1))
    assert read(tmp_path, wrap(kind, pickled, storages))["a0"] == 2
    pickled = wrapped(teacher=inner(arrays[0]), student=inner(arrays[1], key=1))
    with pytest.raises(UnsafePickle, match="several dicts of tensors: 'teacher', 'student'"):
        read(tmp_path, wrap(kind, pickled, storages))


# Small files that would take long or much


def test_one_list_can_not_be_made_into_dicts_again_and_again():
    """20,000 pairs, and 100,000 times OrderedDict(them): 2 x 10^9 steps."""
    pairs = b"](" + b"".join(files.text(str(i)) + b"N\x86" for i in range(20_000)) + b"e"
    again = b"ccollections\nOrderedDict\nh\x00\x85R"
    pickled = b"\x80\x02" + pairs + b"q\x00" + again * 100_000 + b"."
    with pytest.raises(UnsafePickle, match="operations"):
        unpickler.read(_stream(pickled))


@BOTH
def test_tensors_that_share_elements_can_not_claim_more_than_the_file_has(tmp_path, kind):
    numbers = np.ones(1000, np.float32)
    tensors = {f"a{i}": files.tensor("0", [1000]) for i in range(200)}
    with pytest.raises(UnsafePickle, match="claim 800,000 bytes"):
        read(tmp_path, wrap(kind, files.state(tensors), {"0": numbers.tobytes()}))


def test_names_in_a_message_can_not_steer_a_terminal(tmp_path):
    with pytest.raises(UnsafePickle) as caught:
        unpickler.read(_stream(b"\x80\x02c\x1b[2J\x1b]0;\nowned\n)R."))
    assert str(caught.value).isprintable()
