"""Writes TensorFlow checkpoints byte by byte, so that tests can write wrong ones.

Checksums are always right: what is wrong beneath them must be noticed by itself.
"""

import struct

from fast_style.checkpoints import crc32c
from fast_style.checkpoints.bundle_index import GRAPH
from tests.mutations import replace

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FLOAT, STRING = 1, 7


def varint(number):
    """A number in base 128; a negative one as int64."""
    number &= (1 << 64) - 1
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def field(number, value):
    """A field of a protocol buffer: of an int as varint, of bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed(number, value):
    """A field of four bytes."""
    return varint(number << 3 | 5) + struct.pack("<I", value)


def entry(offset, size, shape, dtype=FLOAT, checksum=0, more=b""):
    """A BundleEntryProto."""
    dimensions = b"".join(field(2, field(1, side)) for side in shape)
    places = field(4, offset) + field(5, size)
    return field(1, dtype) + field(2, dimensions) + places + fixed(6, checksum) + more


def graph(objects):
    """A TrackableObjectGraph of (dict from child to number, key or None)."""
    message = b""
    for children, key in objects:
        node = b"".join(
            field(1, field(1, number) + field(2, name.encode()))
            for name, number in children.items()
        )
        if key is not None:
            node += field(2, field(1, b"VARIABLE_VALUE") + field(3, key.encode()))
        message += field(1, node)
    return message


def text(message):
    """How a data file holds one text, and its checksum."""
    size = len(message).to_bytes(4, "little")
    head = struct.pack("<I", crc32c.masked(size))
    return varint(len(message)) + head + message, crc32c.masked(size + head + message)


def block(entries, every=16):
    """A block of a table: pairs of key and value, a whole key every so many."""
    data, restarts, before = b"", [0], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % every:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        elif number:
            restarts.append(len(data))
        data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        data, before = data + key[shared:] + value, key
    return data + b"".join(struct.pack("<I", r) for r in (*restarts, len(restarts)))


def sealed(data):
    """A block with what follows it: not compressed, checksum."""
    return data + b"\0" + struct.pack("<I", crc32c.masked(data + b"\0"))


def table(blocks, bounds=None):
    """A table of blocks (bytes); `bounds` are the keys of the index, otherwise of one block."""
    data, handles = b"", []
    for each in blocks:
        handles.append(varint(len(data)) + varint(len(each)))
        data += sealed(each)
    return closed(data, block(zip(bounds or [b"\xff"], handles, strict=True), every=1))


def closed(data, index):
    """A table of these blocks and this index."""
    footer = b""
    for each in (block([]), index):
        footer += varint(len(data)) + varint(len(each))
        data += sealed(each)
    return data + footer.ljust(40, b"\0") + MAGIC


def index_of(entries):
    """A table with the header of one data file, and these entries: dict from key to bytes."""
    entries = {"": field(1, 1), **entries}
    return table([block(sorted((key.encode(), value) for key, value in entries.items()))])


def bundle(arrays, objects, message=None):
    """The entries of an index (dict) and the data of a checkpoint.

    Args:
        arrays: dict from key to float32 array.
        objects: as `graph` takes them.
        message: bytes in place of that graph.
    """
    entries, data = {}, b""
    for key, array in sorted(arrays.items()):
        part = array.astype("<f4").tobytes()
        entries[key] = entry(len(data), len(part), array.shape, checksum=crc32c.masked(part))
        data += part
    part, checksum = text(graph(objects) if message is None else message)
    entries[GRAPH] = entry(len(data), len(part), (), STRING, checksum)
    return entries, data + part


def write(prefix, index, data):
    """Writes an index and a data file; returns the prefix as text."""
    for suffix, content in ((".index", index), (".data-00000-of-00001", data)):
        replace(f"{prefix}{suffix}", content)
    return str(prefix)
