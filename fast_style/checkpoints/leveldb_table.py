"""Reads a sorted table in LevelDB's format, uncompressed: the index of a TensorFlow checkpoint.

A table is blocks of entries, the last of which lists the others, and a footer. A key is stored as
what it has in common with the one before it and the rest, so a few bytes can stand for a long key,
and offsets may point anywhere. Here every length is checked before it is used, blocks follow each
other, and keys are short and few: time and memory are bounded by the length of the table.
"""

import struct

from fast_style.checkpoints import crc32c
from fast_style.checkpoints.protocol_buffers import varint

MAX_ENTRIES = 10_000  # the largest network with Adam's moments has 1,600
MAX_KEY = 1024  # bytes; that network's have up to 61
_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER = 48  # bytes: two handles, padded, and the magic number
_TRAILER = 5  # bytes after a block: how it is compressed, checksum


def read(table):
    """Reads all entries.

    Args:
        table: bytes.

    Returns:
        dict from key to value (bytes), in the order of the keys.

    Raises:
        ValueError: it is damaged, compressed, not in order, or has too many or too long keys.
    """
    if len(table) < _FOOTER or table[-8:] != _MAGIC:
        raise ValueError("the index is not a LevelDB table")
    footer = table[-_FOOTER:]
    unused, place = _handle(footer, 0)
    index, _ = _handle(footer, place)
    entries, end, last = {}, 0, b""
    listed = _block(table, *index, limit=MAX_ENTRIES)
    for bound, handle in listed:
        (offset, size), _ = _handle(handle, 0)
        # Blocks that overlap would be read again and again.
        if offset < end:
            raise ValueError("blocks of the index overlap")
        end = offset + size + _TRAILER
        block = _block(table, offset, size, limit=MAX_ENTRIES - len(entries))
        # Searching goes by the bounds; going through, by the blocks.
        if not block or block[0][0] <= last and entries or block[-1][0] > bound:
            raise ValueError("keys of the index are not in order")
        last = bound
        entries.update(block)
    _block(table, *unused, limit=0)
    if unused[0] < end or index[0] < sum(unused) + _TRAILER:
        raise ValueError("blocks of the index overlap")
    return entries


def _handle(data, place):
    """Offset and size of a block, and the place after them."""
    offset, place = varint(data, place)
    size, place = varint(data, place)
    return (offset, size), place


def _block(table, offset, size, limit):
    """The entries of one block: list of at most `limit` pairs of key and value."""
    end = offset + size
    if size < 8 or end + _TRAILER > len(table) - _FOOTER:
        raise ValueError("a block of the index is truncated")
    if table[end] != 0:
        raise ValueError("the index is compressed")
    checksum = int.from_bytes(table[end + 1 : end + _TRAILER], "little")
    if crc32c.masked(table[offset : end + 1]) != checksum:
        raise ValueError("wrong checksum in the index")
    return _entries(table[offset:end], limit)


def _entries(block, limit):
    count = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (1 + count)
    if not count or end < 0:
        raise ValueError("a block of the index is truncated")
    whole_keys, entries, place, key = {0}, [], 0, None
    while place < end:
        begin = place
        shared, place = varint(block, place)
        own, place = varint(block, place)
        length, place = varint(block, place)
        if shared > len(key or b"") or place + own + length > end:
            raise ValueError("an entry of the index is truncated")
        if shared + own > MAX_KEY or len(entries) == limit:
            raise ValueError("the index has too many or too long keys")
        if not shared:
            whole_keys.add(begin)
        before, key = key, (key or b"")[:shared] + block[place : place + own]
        if before is not None and key <= before:
            raise ValueError("keys of the index are not in order")
        place += own
        entries.append((key, block[place : place + length]))
        place += length
    # Where TensorFlow may begin to read: nowhere but at entries, in order.
    restarts = struct.unpack(f"<{count}I", block[end:-4])
    in_order = all(one < other for one, other in zip(restarts, restarts[1:], strict=False))
    if restarts[0] != 0 or not in_order or not whole_keys.issuperset(restarts):
        raise ValueError("a block of the index begins in the middle of an entry")
    return entries
