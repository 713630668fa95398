"""The index of a checkpoint: what TensorFlow reads of it is read here, all else is refused."""

import os

import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import tensor_bundle
from fast_style.checkpoints.bundle_index import GRAPH, BundleIndex
from fast_style.checkpoints.metadata import CheckpointError
from tests import bundles, fuzz
from tests.bundles import entry, field

A, B, STEP = fuzz.ARRAYS


def write(folder, changes=None, objects=fuzz.OBJECTS, message=None):
    """A small checkpoint, some entries of which are replaced."""
    entries, data = bundles.bundle(fuzz.ARRAYS, objects, message)
    return bundles.write(folder / "ckpt", bundles.index_of(entries | (changes or {})), data)


def test_what_tensorflow_reads_is_read(tmp_path):
    prefix = write(tmp_path)
    theirs = tf.train.load_checkpoint(prefix)
    index = BundleIndex(prefix)
    assert {key: list(found.shape) for key, found in index.entries.items()} == (
        theirs.get_variable_to_shape_map()
    )
    for key, array in fuzz.ARRAYS.items():
        np.testing.assert_array_equal(theirs.get_tensor(key), array)
        assert index.data(key) == array.tobytes()
    assert index.graph() == fuzz.OBJECTS
    message = tf.train.load_checkpoint(prefix).get_tensor(GRAPH)
    assert message == bundles.graph(fuzz.OBJECTS)


DAMAGED = {
    "array of another type on the wire": {A: field(1, b"x")},
    "shape that is a number": {A: field(1, 1) + field(2, 3) + field(5, 24)},
    "negative side": {A: entry(0, 24, (-2, -3))},
    "negative offset": {A: entry(-8, 24, (2, 3))},
    "negative size": {A: entry(0, -24, (2, 3))},
    "product beyond 64 bits": {A: entry(0, 24, (1 << 32, 1 << 32, 4))},
    "product that wraps to the size": {A: entry(0, 24, (1 << 62, 4, 6))},
    "empty, but with sides beyond 64 bits": {A: entry(0, 0, (1 << 62, 1 << 62, 0))},
    "beyond the data": {A: entry(4, 1 << 40, (1 << 38,))},
    "offset beyond the data": {A: entry(1 << 40, 24, (2, 3))},
    "size of another shape": {A: entry(0, 24, (2, 4))},
    "overlapping": {B: entry(20, 16, (4,))},
    "unknown type": {A: entry(0, 24, (2, 3), dtype=99)},
    "text": {A: entry(0, 24, (2, 3), dtype=bundles.STRING)},
    "resource": {A: entry(0, 24, (2, 3), dtype=20)},
    "another data file": {A: entry(0, 24, (2, 3), more=field(3, 1))},
    "data file of a huge number": {A: entry(0, 24, (2, 3), more=field(3, 1 << 60))},
    "slices": {A: entry(0, 24, (2, 3), more=field(7, b""))},
    "shape twice": {A: entry(0, 24, (2, 3), more=field(2, b""))},
    "shape that nobody knows": {A: field(1, 1) + field(2, field(3, 1)) + field(5, 24)},
    "many dimensions": {A: entry(0, 24, (1,) * 60 + (6,))},
    "cut off": {A: entry(0, 24, (2, 3))[:-2]},
    "number without an end": {A: b"\x08\xff"},
    "no header": {"": b""},
    "no data files": {"": field(1, 0)},
    "more data files than can be": {"": field(1, 1 << 31)},
    "big-endian": {"": field(1, 1) + field(2, 1)},
    "graph of another type": {GRAPH: entry(44, 24, (6,))},
    "graph of a huge size": {GRAPH: entry(44, 1 << 62, (), bundles.STRING)},
    "graph of no size": {GRAPH: entry(44, 0, (), bundles.STRING)},
    "graph with another checksum": {GRAPH: None},
    "key that is no text": {"network/\udcff": entry(0, 0, (0,))},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_malformed_index_is_a_damaged_checkpoint(tmp_path, name):
    changes = dict(DAMAGED[name])
    if name == "graph with another checksum":
        found = BundleIndex(write(tmp_path)).entries[GRAPH]
        changes[GRAPH] = entry(found.offset, found.size, (), bundles.STRING, found.checksum ^ 1)
    if name == "key that is no text":
        entries, data = bundles.bundle(fuzz.ARRAYS, fuzz.OBJECTS)
        keys = [
            (key.encode("utf-8", "surrogateescape"), v) for key, v in (entries | changes).items()
        ]
        table = bundles.table([bundles.block([(b"", field(1, 1)), *sorted(keys)])])
        prefix = bundles.write(tmp_path / "ckpt", table, data)
    else:
        prefix = write(tmp_path, changes)
    with pytest.raises(CheckpointError, match="ckpt: damaged checkpoint"):
        tensor_bundle.check(prefix)


NODE = field(1, b"")
GRAPHS = {
    "empty": b"",
    "child that is missing": field(1, field(1, field(1, 7) + field(2, b"a"))),
    "child before the first": field(1, field(1, field(1, -1) + field(2, b"a"))),
    "two children of one name": field(1, 2 * field(1, field(1, 0) + field(2, b"a"))),
    "key that is missing": field(1, field(2, field(3, b"nowhere"))),
    "name that is no text": field(1, field(1, field(2, b"\xff"))),
    "child that is a number": field(1, field(1, 3)),
    "node that is a number": field(1, 3),
    "saver of its own": field(1, field(4, field(1, b"tf.Anything"))),
    "slot of a missing variable": field(1, field(3, field(1, 9))),
    "slot cut off": field(1, field(3, b"\x0a\x05")),
    "flag cut off": field(1, field(5, b"\x08")),
    "more objects than a network has": NODE * 30_000,
    "cut off": NODE + b"\x0a\x05",
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_malformed_graph_is_a_damaged_checkpoint(tmp_path, name):
    prefix = write(tmp_path, message=GRAPHS[name])
    with pytest.raises(CheckpointError, match="ckpt: damaged checkpoint"):
        tensor_bundle.check(prefix)


def test_a_graph_of_circles_is_read(tmp_path):
    circle = [({"network": 0, "self": 0}, None)]
    prefix = write(tmp_path, objects=circle)
    assert BundleIndex(prefix).graph() == circle


def test_a_long_index_is_refused_unread(tmp_path):
    prefix = write(tmp_path)
    os.truncate(f"{prefix}.index", 1 << 32)
    with pytest.raises(CheckpointError, match="more than 1,048,576 bytes"):
        tensor_bundle.check(prefix)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_pipe_is_no_file_of_a_checkpoint(tmp_path, suffix):
    prefix = write(tmp_path)
    os.remove(f"{prefix}{suffix}")
    os.mkfifo(f"{prefix}{suffix}")
    with pytest.raises(CheckpointError, match="not a regular file"):
        tensor_bundle.check(prefix)


def test_changed_files_are_refused_or_read(tmp_path):
    assert 0 < fuzz.run("index", tmp_path, 3000) < 2000
