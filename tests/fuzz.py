"""Feeds readers of untrusted files with thousands of changed files.

    python -m tests.fuzz --reader=index --count=100000

prints how many were read and how many refused, within an address space of 2 GiB (with TensorFlow
of 8). An exception that is not the reader's own ends it, and so does a file that takes long.
"""

import copy
import functools
import io
import json
import pathlib
import pickle
import random
import resource
import shutil
import signal
import tempfile

import h5py
import numpy as np
from absl import app, flags

from fast_style.array_files import hdf5_files, torch_files, unpickler
from fast_style.array_files.hdf5_structure import UnsafeHdf5
from fast_style.array_files.pickled_tensors import UnsafePickle
from fast_style.checkpoints import crc32c, leveldb_table, tensor_bundle
from fast_style.checkpoints.bundle_index import GRAPH, BundleIndex
from fast_style.checkpoints.metadata import CheckpointError, from_options, read_metadata
from fast_style.checkpoints.protocol_buffers import varint
from fast_style.checkpoints.styles import chosen_mixture, style_names
from fast_style.networks.architecture import Architecture
from tests import bundles, foreign_files
from tests.mutations import ODD, addresses, misdirected, mutated, replace

ARRAYS = {
    "network/a/.ATTRIBUTES/VARIABLE_VALUE": np.ones((2, 3), np.float32),
    "network/b/.ATTRIBUTES/VARIABLE_VALUE": np.zeros(4, np.float32),
    "step/.ATTRIBUTES/VARIABLE_VALUE": np.zeros((), np.float32),
}
OBJECTS = [
    ({"network": 1, "step": 4}, None),
    ({"a": 2, "b": 3}, None),
    *(({}, key) for key in ARRAYS),
]
METADATA = {
    "format": 1,
    "task": "style",
    "network": {"width": 4, "residual_blocks": 1, "styles": 2, "normalization": "instance"},
    "styles": [{"name": "wave", "distances": {"block1_conv2": 1.5}}, {"name": "night"}],
    "losses": {"style_weight": 1e5},
    "training": {"steps": 10, "photos": "photos"},
    "step": 10,
    "init_from": {"step": 3, "style": {"name": "candy"}},
}
_VALUES = (None, True, -1, 0, 2.5, 10**30, "", "x", [], {}, [[]], {"name": 3}, "\x1b[2J", "\ud800")


def run(reader, folder, count, seed=0):
    """Reads `count` changed files; returns how many could be read."""
    attempt, refusal = READERS[reader]
    read = 0
    for number in range(seed, seed + count):
        try:
            attempt(folder, random.Random(number))
        except refusal as error:
            assert len(str(error)) > 5, number
        except BaseException as error:
            error.add_note(f"seed {number}")
            raise
        else:
            read += 1
    return read


# Checkpoints


def _index(folder, chance):
    """Bytes of the table, of one message in it, or of the graph, below right checksums."""
    entries, data = bundles.bundle(ARRAYS, OBJECTS)
    match chance.randrange(3):
        case 0:
            table = _resealed(mutated(bundles.index_of(entries), chance))
        case 1:
            entries = {"": bundles.field(1, 1), **entries}
            key = chance.choice(list(entries))
            entries[key] = mutated(entries[key], chance)
            table = bundles.index_of(entries)
        case _:
            message = mutated(bundles.graph(OBJECTS), chance)
            entries, data = bundles.bundle(ARRAYS, OBJECTS, message)
            table = bundles.index_of(entries)
    tensor_bundle.check(bundles.write(folder / "ckpt", table, data))


@functools.cache
def _network():
    """The files of a small network: metadata, entries of the index, data, graph."""
    from fast_style.checkpoints import store
    from fast_style.networks.transform_net import TransformNet

    network = TransformNet(width=1, residual_blocks=0, normalization="none")
    network.build()
    with tempfile.TemporaryDirectory() as folder:
        prefix = pathlib.Path(folder) / "ckpt"
        store.save_network(network, prefix, {})
        metadata, table, data = (
            prefix.with_name(f"ckpt{suffix}").read_bytes()
            for suffix in (".json", ".index", ".data-00000-of-00001")
        )
        place = BundleIndex(str(prefix)).entries[GRAPH].offset
    length, start = varint(data, place)
    entries = {key.decode(): value for key, value in leveldb_table.read(table).items()}
    return metadata, entries, data, data[start + 4 : start + 4 + length]


def _tensorflow(folder, chance):
    """What is left after the check is given to TensorFlow, which must survive it."""
    from fast_style.checkpoints import store

    metadata, entries, data, message = _network()
    entries = dict(entries)
    if chance.randrange(2):
        part, checksum = bundles.text(mutated(message, chance))
        entries[GRAPH] = bundles.entry(len(data), len(part), (), bundles.STRING, checksum)
        data += part
    else:
        key = chance.choice(list(entries))
        entries[key] = mutated(entries[key], chance)
    replace(folder / "ckpt.json", metadata)
    store.load_network(bundles.write(folder / "ckpt", bundles.index_of(entries), data))


def _resealed(table):
    """A table of one block, with right checksums as far as its blocks can be found."""
    handles, place = [], max(len(table) - 48, 0)
    try:
        for _ in range(2):  # the one that is not used, and the index
            handles.append([])
            for _ in range(2):
                number, place = varint(table, place)
                handles[-1].append(number)
        offset, place = varint(table, handles[1][0] + 4)  # its only key is one byte
        handles.append([offset, varint(table, place)[0]])
    except ValueError:
        handles = [handle for handle in handles if len(handle) == 2]
    table = bytearray(table)
    for offset, size in handles:
        end = offset + size + 1
        if end + 4 <= len(table):
            checksum = crc32c.masked(bytes(table[offset:end]))
            table[end : end + 4] = checksum.to_bytes(4, "little")
    return bytes(table)


def _description(folder, chance):
    """The JSON: its text, or values in it."""
    text = json.dumps(METADATA)
    if chance.randrange(2):
        text = mutated(text.encode(), chance)
    else:
        metadata = json.loads(text)
        for _ in range(chance.choice((1, 1, 3))):
            _replace(metadata, chance)
        text = json.dumps(metadata).encode()
    (folder / "ckpt.index").touch()
    replace(folder / "ckpt.json", text)
    metadata = read_metadata(folder / "ckpt")
    options = Architecture.__dataclass_fields__
    architecture = from_options(metadata, "ckpt.json", Architecture, options)
    names = style_names(metadata)
    if architecture.styles > 1:
        chosen_mixture(metadata, architecture.styles, "ckpt", names[0] if names else "wave")


def _replace(metadata, chance):
    """Puts another value in some place of a dict."""
    part, key = metadata, chance.choice(list(metadata))
    while isinstance(part[key], (dict, list)) and part[key] and chance.randrange(3):
        part = part[key]
        key = chance.choice(list(part) if isinstance(part, dict) else range(len(part)))
    part[key] = copy.deepcopy(chance.choice((*_VALUES, *ODD)))


# Networks from elsewhere


@functools.cache
def _pickles():
    arrays = foreign_files.example_arrays(width=1, blocks=0)
    plain = foreign_files.state_of(arrays)
    # Of protocol 4, and of what else PyTorch's files hold.
    other = {"a": [1, 2.5, None, True, ("x",)], "b": {}, 3: "é" * 300}
    return arrays, [plain, pickle.dumps(other, 4), pickle.dumps(other, 2)]


def _pickle(folder, chance):
    del folder
    unpickler.read(io.BytesIO(mutated(chance.choice(_pickles()[1]), chance)))


def _torch(folder, chance):
    """A changed pickle or size in a whole file, or a changed file."""
    arrays, pickles = _pickles()
    storages = foreign_files.storages_of(arrays)
    make = chance.choice((foreign_files.zip_file, foreign_files.legacy_file))
    if chance.randrange(2):
        data = make(mutated(pickles[0], chance), storages)
    else:
        data = mutated(make(pickles[0], storages), chance)
    torch_files.read(replace(folder / "network.pth", data))


@functools.cache
def _hdf5_files():
    """Pairs of a file and the places of addresses in it."""
    found = []
    for packed in ({}, {"compression": "gzip", "shuffle": True}, {"fletcher32": True}):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            for number in range(10):
                data = np.arange(24, dtype="f4").reshape(2, 3, 2, 2)
                chunks = {"chunks": (1, 3, 2, 2)} if packed else {}
                file.create_dataset(f"layers/c{number}/vars/0", data=data, **packed, **chunks)
            del file["layers/c3"]
            file["data_0/'x'"] = np.ones(3)
            file.attrs["names"] = [b"layer"] * 9
        found.append((stream.getvalue(), addresses(stream.getvalue())))
    return found


def _hdf5(folder, chance):
    data, places = chance.choice(_hdf5_files())
    data = misdirected(data, places, chance) if chance.randrange(2) else mutated(data, chance)
    hdf5_files.read(replace(folder / "network.hdf5", data))


READERS = {
    "index": (_index, CheckpointError),
    "tensorflow": (_tensorflow, CheckpointError),
    "description": (_description, CheckpointError),
    "pickle": (_pickle, UnsafePickle),
    "torch": (_torch, UnsafePickle),
    "hdf5": (_hdf5, UnsafeHdf5),
}


def main(_):
    values = flags.FLAGS
    space = (8 if values.reader == "tensorflow" else 2) << 30
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder = pathlib.Path(tempfile.mkdtemp())
    read, end = 0, values.seed + values.count
    for seed in range(values.seed, end, 100):
        signal.alarm(60)  # seconds for a hundred files; its default is to end the process
        read += run(values.reader, folder, min(100, end - seed), seed)
    shutil.rmtree(folder)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    refused = values.count - read
    print(f"{values.reader}: {read} read, {refused} refused, memory grew by {grown} MiB")


if __name__ == "__main__":
    flags.DEFINE_enum("reader", "index", READERS, "What reads the files.")
    flags.DEFINE_integer("count", 10_000, "How many files.")
    flags.DEFINE_integer("seed", 0, "Of the first; each has the next.")
    app.run(main)
