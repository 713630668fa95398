"""The index of a TensorFlow checkpoint: dtype, shape and place of each array, and the object graph.

PREFIX.index is a table of protocol buffers, one for each array in PREFIX.data-*; one of them is the
graph of the saved objects, which names the array of each variable. The files may be untrusted: all
that is read here is checked against the length of the files, so that afterwards nothing is larger
than they are, for this reader and for TensorFlow's.
"""

import math
import os
import stat
from dataclasses import dataclass

from fast_style.checkpoints import crc32c, leveldb_table
from fast_style.checkpoints.protocol_buffers import (
    BYTES,
    FOUR_BYTES,
    TEXT,
    VARINT,
    fields,
    signed,
    varint,
)

# Of the largest network that is possible, with Adam's moments: an index of 92,098 bytes, a graph of
# 257,580 with 2,219 objects.
MAX_INDEX = 1 << 20  # bytes
MAX_GRAPH = 1 << 22  # bytes
MAX_OBJECTS = 20_000
MAX_SHARDS = 1000
MAX_DIMENSIONS = 8  # kernels have 4
_MAX_ELEMENTS = 1 << 48
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key of the graph of objects."""
FLOAT, STRING = 1, 7
"""Of TensorFlow's DataType."""
# fmt: off
_ITEM_SIZES = {  # bytes, by DataType
    FLOAT: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4,
    23: 8,
}
# fmt: on


@dataclass(frozen=True)
class Entry:
    """Where an array is.

    Attributes:
        dtype: int, TensorFlow's DataType.
        shape: tuple of int.
        shard: int, number of the data file.
        offset: int, where it begins there, in bytes.
        size: int, bytes.
        checksum: int, masked CRC-32C.
    """

    dtype: int
    shape: tuple
    shard: int
    offset: int
    size: int
    checksum: int


class BundleIndex:
    """The arrays of a checkpoint, none of which is larger than its data files or overlaps another.

    Args:
        prefix: str, checkpoint prefix.

    Attributes:
        entries: dict from key to `Entry`.

    Raises:
        OSError: a file is missing or can't be read.
        ValueError: damaged, or its arrays are not within its data files.
    """

    def __init__(self, prefix):
        self._prefix = prefix
        table = {key.decode(): value for key, value in leveldb_table.read(self._read()).items()}
        self._shards = _shards(table.pop("", None))
        self.entries = {key: _entry(key, value) for key, value in table.items()}
        self._check_places()

    def _read(self):
        path = f"{self._prefix}.index"
        _size(path)  # a pipe would never end
        with open(path, "rb") as file:
            table = file.read(MAX_INDEX + 1)
        if len(table) > MAX_INDEX:
            raise ValueError(f"an index of more than {MAX_INDEX:,} bytes")
        return table

    def _check_places(self):
        """Checks that arrays lie in the data files, each in a place of its own."""
        sizes, before, end = {}, None, 0
        for key, entry in sorted(self.entries.items(), key=lambda e: (e[1].shard, e[1].offset)):
            if entry.shard >= self._shards:
                raise ValueError(f"{key!r} is in data file {entry.shard} of {self._shards}")
            if entry.shard not in sizes:
                sizes[entry.shard] = _size(self._path(entry.shard))
            if entry.offset + entry.size > sizes[entry.shard]:
                raise ValueError(f"{key!r} goes beyond the end of the data file")
            if entry.shard == before and entry.offset < end:
                raise ValueError(f"{key!r} overlaps another array")
            before, end = entry.shard, entry.offset + entry.size

    def _path(self, shard):
        return f"{self._prefix}.data-{shard:05d}-of-{self._shards:05d}"

    def data(self, key):
        """The bytes of an array.

        Raises:
            ValueError: its checksum is wrong.
        """
        data = self._bytes(key)
        if crc32c.masked(data) != self.entries[key].checksum:
            raise ValueError(f"{key!r}: wrong checksum")
        return data

    def _bytes(self, key):
        entry = self.entries[key]
        with open(self._path(entry.shard), "rb") as file:
            file.seek(entry.offset)
            data = file.read(entry.size)
        if len(data) != entry.size:
            raise ValueError("the data file is too short")
        return data

    def graph(self):
        """The saved objects.

        Returns:
            list of pairs: dict from the names of an object's children to their places in the list;
            the key of its array, or None.

        Raises:
            ValueError: no such graph, or it is damaged.
        """
        entry = self.entries.get(GRAPH)
        if entry is None:
            raise ValueError("no graph of objects")
        data = self._bytes(GRAPH)
        length, start = varint(data, 0)
        message = data[start + 4 :]
        if length != len(message) or length >= 1 << 32:
            raise ValueError("the graph of objects is truncated")
        # TensorFlow's checksums of a text: of its length in 4 bytes; of that, this sum, the text.
        size = length.to_bytes(4, "little")
        summed = data[start : start + 4]
        wrong = crc32c.masked(size) != int.from_bytes(summed, "little")
        if wrong or crc32c.masked(size + summed + message) != entry.checksum:
            raise ValueError("the graph of objects has a wrong checksum")
        nodes = fields(message, {}, {1: BYTES})[1]
        if not 0 < len(nodes) <= MAX_OBJECTS:
            raise ValueError(f"{len(nodes):,} objects")
        return [self._object(node, len(nodes)) for node in nodes]

    def _object(self, node, count):
        parts = fields(node, {4: BYTES, 5: BYTES}, {1: BYTES, 2: BYTES, 3: BYTES})
        if 4 in parts:
            raise ValueError("an object asks for a saver of its own")
        fields(parts.get(5, b""), {1: VARINT})
        for part in parts[3]:
            slot = fields(part, {1: VARINT, 2: TEXT, 3: VARINT})
            if max(slot.get(1, 0), slot.get(3, 0)) >= count:
                raise ValueError("an optimizer's variable is missing")
        children = {}
        for part in parts[1]:
            child = fields(part, {1: VARINT, 2: TEXT})
            name, number = child.get(2, ""), child.get(1, 0)
            if name in children or number >= count:
                raise ValueError(f"object {name!r} is there twice or missing")
            children[name] = number
        keys = [fields(part, {1: TEXT, 2: TEXT, 3: TEXT}).get(3, "") for part in parts[2]]
        for key in keys:
            if key not in self.entries:
                raise ValueError(f"array {key!r} is missing")
        return children, keys[0] if keys else None


def _shards(header):
    """How many data files there are, from the BundleHeaderProto."""
    if header is None:
        raise ValueError("the index has no header")
    found = fields(header, {1: VARINT, 2: VARINT, 3: BYTES})
    fields(found.get(3, b""), {1: VARINT, 2: VARINT})
    shards = found.get(1, 0)
    if not 1 <= shards <= MAX_SHARDS:
        raise ValueError(f"{shards} data files")
    if found.get(2, 0) != 0:
        raise ValueError("big-endian numbers")
    return shards


def _entry(key, message):
    """An `Entry` from its BundleEntryProto, with a size that fits its shape."""
    found = fields(
        message,
        {1: VARINT, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: FOUR_BYTES},
        {7: BYTES},
    )
    if found[7]:
        raise ValueError(f"{key!r} is stored in slices")
    shape = _shape(key, found.get(2, b""))
    numbers = (found.get(number, 0) for number in (1, 3, 4, 5, 6))
    dtype, shard, offset, size, checksum = numbers
    if key == GRAPH:
        fits = dtype == STRING and shape == () and 5 <= size <= MAX_GRAPH
    elif dtype not in _ITEM_SIZES:
        raise ValueError(f"{key!r} is of unsupported type {dtype}")
    else:
        fits = size == math.prod(shape) * _ITEM_SIZES[dtype]
    if not fits:
        raise ValueError(f"{key!r} of shape {list(shape)} has {size:,} bytes")
    return Entry(dtype, shape, shard, offset, size, checksum)


def _shape(key, message):
    """The shape in a TensorShapeProto, a tuple."""
    found = fields(message, {3: VARINT}, {2: BYTES})
    if found.get(3, 0) or len(found[2]) > MAX_DIMENSIONS:
        raise ValueError(f"{key!r} has no shape")
    shape = tuple(signed(fields(part, {1: VARINT, 2: TEXT}).get(1, 0)) for part in found[2])
    # TensorFlow ends the process where it can't count the elements, even of (2^62, 2^62, 0).
    if any(side < 0 for side in shape) or math.prod(max(n, 1) for n in shape) > _MAX_ELEMENTS:
        raise ValueError(f"{key!r} has the shape {list(shape)}")
    return shape


def _size(path):
    """Bytes of a regular file: of a pipe or a device nobody knows."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{os.path.basename(path)} is not a regular file")
    return found.st_size
