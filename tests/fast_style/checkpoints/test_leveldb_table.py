"""Tables written byte by byte; what makes them ambiguous, long or wrong is refused."""

import struct
import tracemalloc

import pytest

from fast_style.checkpoints import leveldb_table
from tests.bundles import block, closed, sealed, table, varint

ENTRIES = [(f"key/{number:03}".encode(), bytes([number])) for number in range(40)]


def raw(*entries, restarts=(0,)):
    """A block of (shared, own, length, bytes) as they are given."""
    data = b"".join(varint(s) + varint(o) + varint(n) + content for s, o, n, content in entries)
    return data + b"".join(struct.pack("<I", r) for r in (*restarts, len(restarts)))


@pytest.mark.parametrize("every", [1, 2, 16, 100])
def test_prefix_compressed_keys_in_several_blocks(every):
    data = table([block(ENTRIES[:25], every), block(ENTRIES[25:], every)], [b"key/024", b"l"])
    assert list(leveldb_table.read(data).items()) == ENTRIES


REFUSED = {
    "no table": b"no table",
    "empty": b"",
    "magic alone": bytes(40) + struct.pack("<Q", 0xDB4775248B80FB57),
    "shares more than there is": table([raw((3, 1, 0, b"a"))]),
    "key beyond the block": table([raw((0, 200, 0, b"a"))]),
    "value beyond the block": table([raw((0, 1, 1 << 40, b"a"))]),
    "number without an end": table([b"\x80\x80" + struct.pack("<II", 0, 1)]),
    "no restarts": table([raw((0, 1, 1, b"ab"), restarts=())]),
    "restarts beyond the block": table([struct.pack("<II", 0, 1 << 31)]),
    "restart inside an entry": table([raw((0, 1, 9, b"a" + bytes(9)), restarts=(0, 5))]),
    "restart at a shared key": table([raw((0, 1, 0, b"a"), (1, 1, 0, b"b"), restarts=(0, 4))]),
    "same key twice": table([raw((0, 1, 0, b"a"), (0, 1, 0, b"a"))]),
    "keys out of order": table([raw((0, 1, 0, b"b"), (0, 1, 0, b"a"))]),
    "blocks out of order": table([block(ENTRIES[20:]), block(ENTRIES[:20])], [b"l", b"m"]),
    "bound below a key": table([block(ENTRIES)], [b"key"]),
    "empty block": table([block([])]),
    "block too short": table([b"1234"]),
    "compressed": closed(block(ENTRIES) + b"\1" + bytes(4), block([(b"z", varint(0) * 2)])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_tables_are_refused(name):
    with pytest.raises(ValueError):
        leveldb_table.read(REFUSED[name])


@pytest.mark.parametrize("place", [1 << 20, 1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize("part", ["offset", "size"])
def test_a_block_beyond_the_file_is_refused(place, part):
    handle = varint(place if part == "offset" else 0) + varint(place if part == "size" else 20)
    with pytest.raises(ValueError):
        leveldb_table.read(closed(sealed(block(ENTRIES)), block([(b"z", handle)])))


def test_one_block_can_not_be_read_again_and_again():
    data = sealed(block(ENTRIES))
    handle = varint(0) + varint(len(data) - 5)
    index = block([(f"l{number:06}".encode(), handle) for number in range(5000)], every=1)
    with pytest.raises(ValueError, match="overlap"):
        leveldb_table.read(closed(data, index))


@pytest.mark.parametrize("length", [400, 1000, 50_000])
def test_short_entries_can_not_stand_for_long_keys(length):
    """A key of `length` bytes, and 20,000 that add a byte to it or change its last ones."""
    rest = ((length - 4, 4, 0, f"{number:04x}".encode()) for number in range(1, 20_000))
    data = table([raw((0, length, 0, b"a" * (length - 4) + b"0000"), *rest)])
    tracemalloc.start()
    with pytest.raises(ValueError, match="too many or too long keys"):
        leveldb_table.read(data)
    assert tracemalloc.get_traced_memory()[1] < 12 << 20  # 10,000 keys of 1,024 bytes
    tracemalloc.stop()
