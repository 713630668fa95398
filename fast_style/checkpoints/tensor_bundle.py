"""Reading the weights of a TensorFlow checkpoint without TensorFlow, whose import takes seconds.

PREFIX.index is a sorted table in LevelDB's format (uncompressed) of protocol buffers: for each
tensor its dtype, shape, offset in the data file and checksum; one entry is the graph of the saved
objects, which names the tensor of each variable. Sizes are checked against the expected ones before
anything is read, checksums afterwards.
"""

import math
import os
import struct

import numpy as np

from fast_style.checkpoints import crc32c
from fast_style.checkpoints.metadata import (
    CheckpointError,
    check_task,
    from_options,
    metadata_path,
    read_metadata,
)
from fast_style.checkpoints.replacement import whole
from fast_style.networks.architecture import STYLE, Architecture

# The files may be untrusted; a run's index has about 20,000 bytes, its graph as many.
_MAX_INDEX = 1 << 24  # bytes
_MAX_GRAPH = 1 << 24  # bytes
# Constants of the formats: LevelDB's footer, TensorFlow's key of the graph, its DataType DT_FLOAT.
_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_FLOAT = 1


def load(prefix):
    """Reads the network that a checkpoint describes, with all its styles.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".

    Returns:
        `Architecture`; dict from the path of each weight (`Architecture.weight_shapes`) to a
        float32 array; the metadata (dict).

    Raises:
        FileNotFoundError: there is no checkpoint at `prefix`.
        CheckpointError: damaged, not for a style, or JSON and weights do not match.
    """
    return whole(prefix, _load)


def _load(prefix):
    metadata = read_metadata(prefix)
    check_task(prefix, metadata, STYLE)
    architecture = from_options(
        metadata, metadata_path(prefix), Architecture, Architecture.__dataclass_fields__
    )
    try:
        return architecture, _read_weights(prefix, architecture), metadata
    except CheckpointError:
        raise
    except (LookupError, ValueError, struct.error, OSError) as error:
        raise CheckpointError(f"{prefix}: damaged checkpoint ({error})") from error


def _read_weights(prefix, architecture):
    entries = _read_index(f"{prefix}.index")
    shards = _fields(entries[""]).get(1, [1])[0]
    graph = _read_graph(prefix, shards, _fields(entries[_GRAPH]))
    weights = {}
    for path, shape in architecture.weight_shapes.items():
        *blocks, kind = path.split("/")
        try:
            key = _key(graph, ["network", *blocks], kind)
            entry = _fields(entries[key])
        except LookupError:
            raise _mismatch(prefix, f"{path} is missing") from None
        found = _shape(entry)
        if found != shape or entry.get(1) != [_FLOAT]:
            raise _mismatch(prefix, f"{path} is {found} on disk, {shape} described")
        data = _read_data(prefix, shards, entry, 4 * math.prod(shape))
        if crc32c.masked(data) != entry[6][0]:
            raise ValueError(f"{path}: wrong checksum")
        weights[path] = np.frombuffer(data, "<f4").reshape(shape)
    # Counted by offset: a variable that two objects refer to is one array.
    stored = {_fields(entries[key]).get(4, [0])[0] for key in _keys_below(graph, "network")}
    if len(stored) != len(weights):
        raise _mismatch(prefix, f"{len(stored)} arrays on disk, {len(weights)} described")
    return weights


def _mismatch(prefix, reason):
    return CheckpointError(
        f"{prefix}: the weights do not fit the network that {metadata_path(prefix)} "
        f"describes ({reason})"
    )


def _read_data(prefix, shards, entry, size):
    """The bytes of one tensor, `size` of them."""
    found = entry.get(5, [0])[0]
    if found != size:
        raise ValueError(f"a tensor of {found} bytes, {size} are expected")
    with open(f"{prefix}.data-{entry.get(3, [0])[0]:05d}-of-{shards:05d}", "rb") as file:
        file.seek(entry.get(4, [0])[0])
        data = file.read(size)
    if len(data) != size:
        raise ValueError("the data file is too short")
    return data


def _shape(entry):
    """Shape in a BundleEntryProto, a tuple."""
    dimensions = _fields(entry.get(2, [b""])[0]).get(2, [])
    return tuple(_fields(dimension).get(1, [0])[0] for dimension in dimensions)


def _read_graph(prefix, shards, entry):
    """The saved objects: list of (dict from child to index, key of the variable or None)."""
    size = entry.get(5, [0])[0]
    if size > _MAX_GRAPH:
        raise ValueError(f"an object graph of {size} bytes")
    data = _read_data(prefix, shards, entry, size)
    length, start = _varint(data, 0)
    message = data[start + 4 : start + 4 + length]  # after a checksum of the length
    objects = []
    for node in map(_fields, _fields(message).get(1, [])):
        children = [_fields(child) for child in node.get(1, [])]
        children = {child[2][0].decode(): child.get(1, [0])[0] for child in children}
        keys = [_fields(attribute)[3][0].decode() for attribute in node.get(2, [])]
        objects.append((children, keys[0] if keys else None))
    return objects


def _key(graph, path, weight):
    """The key of the variable at a path of attributes, from the saved object."""
    number = 0
    for name in path:
        number = graph[number][0][name]
    children = graph[number][0]
    # Keras holds the kernels of some of its layers under the second name.
    key = graph[children[weight] if weight in children else children[f"_{weight}"]][1]
    if key is None:
        raise LookupError(weight)
    return key


def _keys_below(graph, name):
    """The keys of all variables below one child of the saved object."""
    found, open_numbers, keys = set(), [graph[0][0][name]], set()
    while open_numbers:
        number = open_numbers.pop()
        if number not in found:
            found.add(number)
            children, key = graph[number]
            open_numbers += [child for name, child in children.items() if name[:5] != "_self"]
            keys |= {key} - {None}
    return keys


def _read_index(path):
    """The table as a dict from key (str) to value (bytes)."""
    if os.path.getsize(path) > _MAX_INDEX:
        raise ValueError(f"an index of more than {_MAX_INDEX} bytes")
    with open(path, "rb") as file:
        table = file.read()
    if len(table) < _FOOTER or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise ValueError("the index is not a LevelDB table")
    numbers, place = [], 0
    for _ in range(4):  # offset and size of the metaindex, then of the index
        number, place = _varint(table[-_FOOTER:], place)
        numbers.append(number)
    entries = {}
    for handle in _block(table, *numbers[2:]).values():
        offset, place = _varint(handle, 0)
        entries |= _block(table, offset, _varint(handle, place)[0])
    return {key.decode(): value for key, value in entries.items()}


def _block(table, offset, size):
    """The entries of one block of the table: dict from bytes to bytes, in order."""
    block = table[offset : offset + size]
    if len(block) != size or offset + size + 5 > len(table):
        raise ValueError("the index is truncated")
    if table[offset + size] != 0:
        raise ValueError("the index is compressed")
    checksum = struct.unpack("<I", table[offset + size + 1 : offset + size + 5])[0]
    if crc32c.masked(block + b"\0") != checksum:
        raise ValueError("wrong checksum in the index")
    end = size - 4 * (1 + struct.unpack("<I", block[-4:])[0])
    entries, place, key = {}, 0, b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        entries[key] = block[place + own : place + own + length]
        place += own + length
    return entries


def _varint(data, place):
    """A number in base 128, and the position after it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _fields(message):
    """A protocol buffer as a dict from field number to the list of its values, undecoded.

    Wire types: 0 is a varint, 1 has 8 bytes, 5 has 4, and 2 begins with its length.
    """
    fields, place = {}, 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
        else:
            if kind == 2:
                size, place = _varint(message, place)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise ValueError(f"a field of type {kind}")
            value = message[place : place + size]
            if len(value) != size:
                raise ValueError("a field is truncated")
            place += size
            if kind != 2:
                value = int.from_bytes(value, "little")
        fields.setdefault(tag >> 3, []).append(value)
    return fields
