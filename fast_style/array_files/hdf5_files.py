"""Reads the arrays of an HDF5 file, such as Keras and hickle write, and nothing but arrays.

hickle keeps pickled Python objects beside its arrays; they are never read. Links into other files
are refused, and so are filters that HDF5 would load from a library.
"""

import contextlib
import os
import re

import h5py
import numpy as np

from fast_style.errors import InvalidValue, UserError, one_line

# The file is untrusted. A network of width 32 has 7 MB in 60 arrays, and hickle nests 3 groups.
MAX_BYTES = 1 << 30  # of all arrays
_MAX_OBJECTS = 10_000
_MAX_DEPTH = 16  # Keras takes two levels for each model inside a model
_MAX_INFLATION = 1100  # bytes of an array for each stored one; deflate reaches 1032
_FILTERS = frozenset((h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32))
# Groups and datasets that hickle adds on its own: levels data, data_0; its tables of types.
_LEVEL = re.compile(r"data(_\d+)?")
_QUOTED = re.compile(r"""^[bu]?['"](.*)['"]$""")
_TABLES = frozenset(("hickle_types_table",))


class UnsafeHdf5(InvalidValue):
    """An HDF5 file that holds anything but arrays of numbers, or is damaged."""


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
        check(arrays)
        return {name: np.asarray(dataset[()]) for name, dataset in arrays.items()}


@contextlib.contextmanager
def opened(source):
    """Opens an HDF5 file; what h5py raises while it is open becomes `UnsafeHdf5`.

    Args:
        source: path of the file, or a binary file that can be sought.

    Yields:
        The open `h5py.File`.

    Raises:
        OSError: it can't be read.
        UnsafeHdf5: it is damaged.
    """
    if isinstance(source, str | os.PathLike):
        open(source, "rb").close()  # raises an OSError with the path if it can't be read
    try:
        with h5py.File(source, "r") as file:
            yield file
    except UserError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # of h5py
        raise UnsafeHdf5(f"damaged HDF5 file ({one_line(error)})") from error


def datasets(file, left_out=()):
    """The datasets of a file, found through hard links alone. None is read or checked yet.

    Args:
        file: what `opened` yields.
        left_out: names at the top of the file that are not looked into.

    Yields:
        Pairs of a dataset and, before it, the names that lead to it (tuple).

    Raises:
        UnsafeHdf5: a link of another kind, or too many groups.
    """
    waiting = [(file, ())]
    seen = 0
    while waiting:
        group, parts = waiting.pop()
        for key in group:
            seen += 1
            if seen > _MAX_OBJECTS or len(parts) > _MAX_DEPTH:
                raise UnsafeHdf5("too many groups for a network")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UnsafeHdf5(f"{key!r} is a link")
            if not parts and key in left_out:
                continue
            item = group[key]
            if isinstance(item, h5py.Group):
                waiting.append((item, (*parts, key)))
            elif isinstance(item, h5py.Dataset):
                yield (*parts, key), item


def check(arrays):
    """Raises `UnsafeHdf5` unless datasets hold numbers that are there, within the limits.

    Args:
        arrays: dict of datasets by name. Together they may be read after this.
    """
    for name, dataset in arrays.items():
        _check_dataset(name, dataset)
    _check_sizes(arrays)


def _check_dataset(name, dataset):
    if dataset.dtype.kind != "f" or dataset.shape is None:
        raise UnsafeHdf5(f"{name!r} is not an array of floating-point numbers")
    if dataset.is_virtual or dataset.external:
        raise UnsafeHdf5(f"{name!r} is stored in another file")
    if not _filters(dataset) <= _FILTERS:
        raise UnsafeHdf5(f"{name!r} has an unsupported filter")


def _filters(dataset):
    settings = dataset.id.get_create_plist()
    return {settings.get_filter(i)[0] for i in range(settings.get_nfilters())}


def _check_sizes(arrays):
    """Checks that the claimed bytes are stored: HDF5 fills an array never written, of any size."""
    total = 0
    for name, dataset in arrays.items():
        size = dataset.size * dataset.dtype.itemsize
        total += size
        if total > MAX_BYTES:
            raise UnsafeHdf5(f"{name!r}: more than {MAX_BYTES:,} bytes of arrays")
        inflation = _MAX_INFLATION if h5py.h5z.FILTER_DEFLATE in _filters(dataset) else 1
        if size > inflation * dataset.id.get_storage_size():
            raise UnsafeHdf5(f"{name!r}: claims {size:,} bytes that are missing")
