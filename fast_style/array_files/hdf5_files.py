"""Reads the arrays of an HDF5 file, such as Keras and hickle write, and nothing but arrays.

hickle keeps pickled Python objects beside its arrays; they are never read. Links to other names and
files are refused.
"""

import contextlib
import math
import os
import re
import struct
import zlib

from fast_style.array_files.hdf5_arrays import Hdf5Array
from fast_style.array_files.hdf5_structure import (
    LAYOUT,
    Source,
    UnsafeHdf5,
    is_group,
    links,
    messages,
    root,
)

# The file is untrusted. A network of width 32 has 7 MB in 60 arrays, and hickle nests 3 groups.
MAX_BYTES = 1 << 30  # of all arrays
_MAX_OBJECTS = 10_000
_MAX_DEPTH = 16  # Keras takes two levels for each model inside a model
# Trained weights hardly get smaller by compression; constant ones by 1000 times.
_MAX_INFLATION = 20  # times the file's length that arrays may have
_SMALL = 1 << 26  # bytes that they may have in any case
# Groups and datasets that hickle adds on its own: levels data, data_0; its tables of types.
_LEVEL = re.compile(r"data(_\d+)?")
_QUOTED = re.compile(r"""^[bu]?['"](.*)['"]$""")
_TABLES = frozenset(("hickle_types_table",))


def read(path):
    """Reads all arrays of floating-point numbers in an HDF5 file.

    Args:
        path: path of the file.

    Returns:
        dict of NumPy arrays by name. Names of nested groups are joined by dots; hickle's own levels
        and quotation marks are left out: /data_0/'c1.weight'/data_0 is "c1.weight".

    Raises:
        OSError: it can't be read.
        UnsafeHdf5: links, unsupported filters, sizes beyond the limits, or a damaged file.
    """
    with opened(path) as file:
        arrays = {}
        for parts, dataset in datasets(file, _TABLES):
            inner = [_QUOTED.sub(r"\1", part) for part in parts if not _LEVEL.fullmatch(part)]
            name = ".".join(inner)
            if name in arrays:
                raise UnsafeHdf5(f"{name!r} appears twice")
            arrays[name] = dataset
        check(file, arrays)
        return {name: dataset.read() for name, dataset in arrays.items()}


@contextlib.contextmanager
def opened(source):
    """Opens an HDF5 file; what damage in it raises while it is open becomes `UnsafeHdf5`.

    Args:
        source: path of the file, or a binary file that can be sought.

    Yields:
        What `datasets` and `check` take.

    Raises:
        OSError: it can't be read.
        UnsafeHdf5: it is damaged.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(source, str | os.PathLike):
            source = stack.enter_context(open(source, "rb"))
        try:
            yield Source(source)
        except UnsafeHdf5:
            raise
        except (struct.error, zlib.error, IndexError, UnicodeDecodeError) as error:
            raise UnsafeHdf5(f"damaged HDF5 file ({error})") from error


def datasets(file, left_out=()):
    """The datasets of a file, found through hard links alone. None is read or checked yet.

    Args:
        file: what `opened` yields.
        left_out: names at the top of the file that are not looked into.

    Yields:
        Pairs of the names that lead to a dataset (tuple) and the dataset, an `Hdf5Array`.

    Raises:
        UnsafeHdf5: a link of another kind, or too many groups.
    """
    waiting = [(messages(file, root(file)), ())]
    seen = 0
    while waiting:
        header, parts = waiting.pop()
        for link in links(file, header):
            seen += 1
            if seen > _MAX_OBJECTS or len(parts) > _MAX_DEPTH:
                raise UnsafeHdf5("too many groups for a network")
            if link.address is None:
                raise UnsafeHdf5(f"{link.name!r} is a link")
            if not parts and link.name in left_out:
                continue
            found, path = messages(file, link.address), (*parts, link.name)
            if LAYOUT in found:
                yield path, Hdf5Array(file, found, "/".join(path))
            elif is_group(found):
                waiting.append((found, path))


def check(file, arrays):
    """Raises `UnsafeHdf5` unless datasets hold numbers that are there, within the limits.

    Args:
        file: what `opened` yields.
        arrays: dict of datasets by name. Together they may be read after this.
    """
    most = min(MAX_BYTES, max(_SMALL, _MAX_INFLATION * file.length))
    total = stored = 0
    for name, dataset in arrays.items():
        places, chunk = dataset.places()
        size = dataset.size
        if chunk is not None:
            dataset.filters()
            size = max(size, len(places) * math.prod(chunk) * dataset.dtype.itemsize)
        total += size
        if total > most:
            raise UnsafeHdf5(f"{name!r}: more than {most:,} bytes of arrays")
        # Places that overlap would be unpacked again and again.
        stored += sum(place[1] for place in places)
        if stored > file.length:
            raise UnsafeHdf5(f"{name!r}: claims more bytes than the file has")
