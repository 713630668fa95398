"""The structure of an HDF5 file: its groups, links and the headers of its objects.

HDF5's own library, in C, writes beyond its memory or fills all of it when the addresses in a file
are wrong, so files of strangers are read here, in Python. Read is the format that HDF5 writes
unless it is asked for a newer one, as Keras and hickle do. A file can't make this reader work long:
what it reads, the same bytes over and over included, is bounded by the file's length.
"""

import struct
from dataclasses import dataclass

from fast_style.errors import InvalidValue

UNDEFINED = (1 << 64) - 1
"""The address of what is not in the file."""
_MARGIN = 1 << 23  # bytes read of any file, however short: each name is read with what follows it
_LEAST = 16  # bytes that a read counts for
_MAX_NAME = 1024  # bytes
_MAX_LEVEL = 8  # of a tree; one level has 32 children or more
_NEWER = "written in a newer format of HDF5 than Keras's own files"
# Messages of an object's header.
DATASPACE, DATATYPE, EXTERNAL_FILES, LAYOUT, FILTERS = 0x01, 0x03, 0x07, 0x08, 0x0B
_LINK_INFO, _LINK, _CONTINUATION, _SYMBOLS = 0x02, 0x06, 0x10, 0x11
_SHARED = 0x02  # flag of a message whose contents are elsewhere
_SYMBOLIC_LINK = 2  # cache type of an entry


class UnsafeHdf5(InvalidValue):
    """An HDF5 file that holds anything but arrays of numbers, or is damaged."""


class Source:
    """The bytes of a file, of which only so many can be read.

    Args:
        file: binary file that can be sought.
    """

    def __init__(self, file):
        self._file = file
        self.length = file.seek(0, 2)
        self._left = 2 * self.length + _MARGIN

    def read(self, offset, size):
        """`size` bytes; raises `UnsafeHdf5` if they are not in the file."""
        if size < 0 or offset + size > self.length:
            raise UnsafeHdf5("damaged HDF5 file (it ends too early)")
        self._left -= max(size, _LEAST)
        if self._left < 0:
            raise UnsafeHdf5("damaged HDF5 file (the same parts are used too often)")
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) != size:
            raise UnsafeHdf5("damaged HDF5 file (it ends too early)")
        return data

    def unpack(self, layout, offset):
        """Numbers at `offset`, as `struct` describes them."""
        return struct.unpack(layout, self.read(offset, struct.calcsize(layout)))

    def name(self, offset):
        """The text at `offset`, which ends with a zero byte."""
        name, end, _ = self.read(offset, min(_MAX_NAME, self.length - offset)).partition(b"\0")
        if not end:
            raise UnsafeHdf5("damaged HDF5 file (a name is too long)")
        return name.decode()


@dataclass(frozen=True)
class Link:
    """A name in a group.

    Attributes:
        name: str.
        address: int, of the object's header; None for a link to another name or file.
    """

    name: str
    address: int | None


def root(source):
    """The address of the header of a file's root group."""
    signature, version = source.unpack("<8sB", 0)
    if signature != b"\x89HDF\r\n\x1a\n":
        raise UnsafeHdf5("damaged HDF5 file (no signature)")
    if version > 1:
        raise UnsafeHdf5(_NEWER)
    sizes = source.unpack("<BB", 13)
    addresses = 24 + 4 * version
    base, _, end, _, _, header = source.unpack("<6Q", addresses)
    if sizes != (8, 8) or base != 0:
        raise UnsafeHdf5("damaged HDF5 file (addresses of an unsupported size)")
    if end > source.length:
        raise UnsafeHdf5("damaged HDF5 file (it is cut off)")
    return header


def messages(source, address):
    """The messages in an object's header: dict from type to a list of their contents (bytes)."""
    version, _, count, _, size = source.unpack("<BBHII", address)
    if version != 1:
        newer = source.read(address, 4) == b"OHDR"
        raise UnsafeHdf5(_NEWER if newer else "damaged HDF5 file (no header of an object)")
    found, blocks = {}, [(address + 16, size)]
    while blocks:
        data, place = source.read(*blocks.pop()), 0
        while count and place + 8 <= len(data):
            kind, length, flags = struct.unpack_from("<HHB", data, place)
            content = data[place + 8 : place + 8 + length]
            place, count = place + 8 + length, count - 1
            if len(content) != length:
                raise UnsafeHdf5("damaged HDF5 file (a message is cut off)")
            if kind == _CONTINUATION:
                blocks.append(struct.unpack_from("<QQ", content))
            elif not flags & _SHARED:
                found.setdefault(kind, []).append(content)
            elif kind in (DATASPACE, DATATYPE, LAYOUT, FILTERS):
                raise UnsafeHdf5("an HDF5 file of an unsupported kind (shared types)")
    return found


def is_group(header):
    """Whether `messages` are those of a group."""
    return bool({_SYMBOLS, _LINK, _LINK_INFO} & header.keys())


def links(source, header):
    """Yields the `Link`s of a group, from its `messages`."""
    for content in header.get(_LINK_INFO, ()):
        flags = struct.unpack_from("<xB", content)[0]
        heap = struct.unpack_from("<Q", content, 10 if flags & 1 else 2)[0]
        if heap != UNDEFINED:
            raise UnsafeHdf5(_NEWER)
    for content in header.get(_LINK, ()):
        yield _link(content)
    for content in header.get(_SYMBOLS, ()):
        tree, heap = struct.unpack_from("<QQ", content)
        signature, names = source.unpack("<4s20xQ", heap)
        if signature != b"HEAP":
            raise UnsafeHdf5("damaged HDF5 file (no names)")
        for node, _ in leaves(source, tree, 0, 8):
            yield from _symbols(source, node, names)


def _link(content):
    """The `Link` in a message, which groups have that hold more than hard links."""
    version, flags = struct.unpack_from("<BB", content)
    if version != 1:
        raise UnsafeHdf5("damaged HDF5 file (a link)")
    place = 2
    hard = True
    if flags & 8:
        hard = content[place] == 0
        place += 1
    place += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(content[place : place + width], "little")
    place += width
    name = content[place : place + length].decode()
    return Link(name, struct.unpack_from("<Q", content, place + length)[0] if hard else None)


def _symbols(source, address, names):
    """Yields the `Link`s in one leaf of a group's tree."""
    signature, _, _, count = source.unpack("<4sBBH", address)
    if signature != b"SNOD":
        raise UnsafeHdf5("damaged HDF5 file (no symbols)")
    for number in range(count):
        name, header, kind = source.unpack("<QQI", address + 8 + 40 * number)
        yield Link(source.name(names + name), None if kind == _SYMBOLIC_LINK else header)


def leaves(source, address, kind, key_size):
    """Yields what a tree's leaves point to.

    Args:
        source: `Source`.
        address: int, of the tree's root.
        kind: int, 0 for a tree of symbols, 1 for one of chunks.
        key_size: int, bytes of the keys between the pointers.

    Yields:
        Pairs of an address and the key before it (bytes).
    """
    waiting = [(address, None)]
    while waiting:
        address, expected = waiting.pop()
        signature, found, level, count = source.unpack("<4sBBH", address)
        if signature != b"TREE" or found != kind or level > _MAX_LEVEL:
            raise UnsafeHdf5("damaged HDF5 file (a tree)")
        if expected not in (None, level):  # or it might go on for ever
            raise UnsafeHdf5("damaged HDF5 file (a tree)")
        entries = source.read(address + 24, count * (key_size + 8))
        for place in range(0, len(entries), key_size + 8):
            key = entries[place : place + key_size]
            child = int.from_bytes(entries[place + key_size : place + key_size + 8], "little")
            if level:
                waiting.append((child, level - 1))
            else:
                yield child, key
