"""One array of an HDF5 file: its shape, its type, where its bytes are, and how they are packed."""

import math
import struct
import zlib

import numpy as np

from fast_style.array_files.hdf5_structure import (
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    UNDEFINED,
    UnsafeHdf5,
    leaves,
)

MAX_DIMENSIONS = 8  # kernels have 4
_MAX_SIZE = 1 << 48  # elements, with empty sides as 1: NumPy's 64 bits hold the bytes
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
_COMPACT, _CONTIGUOUS, _CHUNKED = 0, 1, 2
# Class and version, bits (their order apart), size, and what follows, of IEEE's numbers.
_FLOATS = {
    (15, 2, 0, 16, 10, 5, 0, 10, 15): "f2",
    (31, 4, 0, 32, 23, 8, 0, 23, 127): "f4",
    (63, 8, 0, 64, 52, 11, 0, 52, 1023): "f8",
}


class Hdf5Array:
    """An array that is not read yet.

    Args:
        source: `fast_style.array_files.hdf5_structure.Source`.
        header: dict, the messages of its object's header.
        name: str, how errors call it.

    Attributes:
        name: str.
        shape: tuple of int; None if there are no numbers.
        dtype: NumPy's dtype; None if its elements are not floating-point numbers.

    Raises:
        UnsafeHdf5: it is damaged, or of an unsupported kind.
    """

    def __init__(self, source, header, name):
        self._source, self._header, self.name = source, header, name
        self.shape = _shape(self._message(DATASPACE))
        self.dtype = _dtype(self._message(DATATYPE))

    def _message(self, kind):
        found = self._header.get(kind, ())
        if len(found) != 1:
            raise UnsafeHdf5(f"damaged HDF5 file ({self.name!r} is incomplete)")
        return found[0]

    @property
    def size(self):
        """int, bytes of the array when it is read."""
        if self.shape is None or self.dtype is None:
            return 0
        return math.prod(self.shape) * self.dtype.itemsize

    def places(self):
        """Where the bytes are, all of them in the file.

        Returns:
            list of (address, bytes stored, the first element's indices, which filters are left
            out, as bits); chunk shape, None if there is one place without filters.

        Raises:
            UnsafeHdf5: not an array of floating-point numbers, stored in another file, in an
                unsupported way, or partly missing.
        """
        if self.dtype is None or self.shape is None:
            raise UnsafeHdf5(f"{self.name!r} is not an array of floating-point numbers")
        layout = self._message(LAYOUT)
        version, kind = struct.unpack_from("<BB", layout)
        if EXTERNAL_FILES in self._header or version == 4 and kind == 3:
            raise UnsafeHdf5(f"{self.name!r} is stored in another file")
        if version != 3 or kind not in (_COMPACT, _CONTIGUOUS, _CHUNKED):
            raise UnsafeHdf5(f"{self.name!r} is stored in an unsupported way")
        if kind == _CHUNKED:
            return self._chunks(layout)
        address, stored = UNDEFINED, 0
        if kind == _CONTIGUOUS:
            address, stored = struct.unpack_from("<QQ", layout, 2)
        whole = (address, stored, (0,) * len(self.shape), 0)
        if kind == _COMPACT or FILTERS in self._header:
            raise UnsafeHdf5(f"{self.name!r} is stored in an unsupported way")
        if self.size and (address == UNDEFINED or stored != self.size):
            raise self._missing()
        return [whole] if self.size else [], None

    def _missing(self):
        return UnsafeHdf5(f"{self.name!r}: claims {self.size:,} bytes that are missing")

    def _chunks(self, layout):
        rank = len(self.shape)
        dimensions, tree = struct.unpack_from("<BQ", layout, 2)
        if dimensions != rank + 1:
            raise UnsafeHdf5(f"damaged HDF5 file ({self.name!r} has chunks of another shape)")
        *shape, item = struct.unpack_from(f"<{dimensions}I", layout, 11)
        if not all(shape) or item != self.dtype.itemsize:
            raise UnsafeHdf5(f"damaged HDF5 file ({self.name!r} has chunks of no size)")
        if not self.size:
            return [], tuple(shape)
        if tree == UNDEFINED:
            raise self._missing()
        wanted = math.prod(-(-n // c) for n, c in zip(self.shape, shape, strict=True))
        places = {}
        for address, key in leaves(self._source, tree, 1, 8 + 8 * dimensions):
            stored, mask, *first = struct.unpack(f"<II{dimensions}Q", key)
            first = tuple(first[:-1])
            inside = all(
                i < n and i % c == 0 for i, n, c in zip(first, self.shape, shape, strict=True)
            )
            if not inside or first in places:
                raise UnsafeHdf5(f"damaged HDF5 file ({self.name!r} has a chunk out of place)")
            places[first] = (address, stored, first, mask)
        if len(places) != wanted:
            raise self._missing()
        return list(places.values()), tuple(shape)

    def read(self):
        """The array, of the type that is stored.

        Raises:
            UnsafeHdf5: as of `places`; bytes that do not unpack to it.
        """
        places, chunk = self.places()
        array = np.empty(self.shape, self.dtype)
        if chunk is None:
            for address, stored, *_ in places:
                array[...] = np.frombuffer(self._source.read(address, stored), self.dtype).reshape(
                    self.shape
                )
            return array
        filters = self.filters()
        size = math.prod(chunk) * self.dtype.itemsize
        for address, stored, first, mask in places:
            used = [one for bit, one in enumerate(filters) if not mask >> bit & 1]
            data = _unpack(self._source.read(address, stored), used, size, self.name)
            numbers = np.frombuffer(data, self.dtype).reshape(chunk)
            ends = [min(i + c, n) for i, c, n in zip(first, chunk, self.shape, strict=True)]
            place = tuple(slice(i, end) for i, end in zip(first, ends, strict=True))
            part = tuple(slice(end - i) for i, end in zip(first, ends, strict=True))
            array[place] = numbers[part]
        return array

    def filters(self):
        """The filters of its chunks: list of (number, its first value)."""
        if FILTERS not in self._header:
            return []
        message = self._message(FILTERS)
        version, count = struct.unpack_from("<BB", message)
        if version != 1:
            raise UnsafeHdf5(f"{self.name!r} is stored in an unsupported way")
        found, place = [], 8
        for _ in range(count):
            number, name, _, values = struct.unpack_from("<4H", message, place)
            place += 8 + -(-name // 8) * 8
            first = struct.unpack_from("<I", message, place)[0] if values else 0
            place += 4 * (values + values % 2)
            found.append((number, first))
        numbers = [number for number, _ in found]
        # Deflated twice, a few bytes could become any number.
        if not {*numbers} <= {_DEFLATE, _SHUFFLE, _FLETCHER32} or len({*numbers}) < len(numbers):
            raise UnsafeHdf5(f"{self.name!r} has an unsupported filter")
        return found


def _shape(message):
    """The shape in a dataspace, a tuple; None for no elements at all."""
    version, rank, flags, kind = struct.unpack_from("<4B", message)
    if version not in (1, 2) or rank > MAX_DIMENSIONS:
        raise UnsafeHdf5("an array with too many dimensions")
    if version == 2 and kind == 2:
        return None
    shape = struct.unpack_from(f"<{rank}Q", message, 8 if version == 1 else 4)
    if math.prod(max(side, 1) for side in shape) > _MAX_SIZE:
        raise UnsafeHdf5(f"an array of shape {list(shape)}")
    return shape


def _dtype(message):
    """NumPy's dtype of IEEE's floating-point numbers; None for any other datatype."""
    kind, order, sign, _, size = struct.unpack_from("<4BI", message)
    if kind & 15 != 1:
        return None
    name = _FLOATS.get((sign, size, *struct.unpack_from("<HHBBBBI", message, 8)))
    known = name is not None and order & 0x70 == 0x20  # the mantissa's first bit is implied
    return np.dtype("<>"[order & 1] + name) if known else None


def _unpack(data, filters, size, name):
    """The bytes of a chunk, `size` of them, which are never more than a few at any time."""
    for number, value in reversed(filters):
        if number == _FLETCHER32:
            data = _without_checksum(data, name)
        elif number == _DEFLATE:
            # The checksum may have been taken before.
            stream = zlib.decompressobj()
            data = stream.decompress(data, size + 4)
            if not stream.eof:
                raise UnsafeHdf5(f"{name!r} unpacks to more than its {size:,} bytes")
        elif value and len(data) % value == 0:
            data = np.frombuffer(data, np.uint8).reshape(value, -1).T.tobytes()
        else:
            raise UnsafeHdf5(f"damaged HDF5 file ({name!r} is shuffled)")
    if len(data) != size:
        raise UnsafeHdf5(f"{name!r} unpacks to {len(data):,} bytes, {size:,} are expected")
    return data


def _without_checksum(data, name):
    """The bytes before a Fletcher checksum, which must fit: sums of 16 bits each, modulo 65535."""
    data, stored = data[:-4], int.from_bytes(data[-4:], "little")
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64) % 65535
    sums = int(words.sum()) % 65535, int((words * weights).sum()) % 65535
    if sums != ((stored & 65535) % 65535, (stored >> 16) % 65535):
        raise UnsafeHdf5(f"{name!r}: wrong checksum")
    return data
