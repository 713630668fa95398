"""Reads the arrays of an HDF5 file, such as hickle writes, and nothing but arrays.

hickle keeps pickled Python objects beside its arrays; they are never read. Links into other files
are refused, and so are filters that HDF5 would load from a library.
"""

import re

import h5py
import numpy as np

from fast_style.errors import InvalidValue, one_line

# The file is untrusted. A network of width 32 has 7 MB in 60 arrays, and hickle nests 3 groups.
MAX_BYTES = 1 << 30  # of all arrays
_MAX_OBJECTS = 10_000
_MAX_DEPTH = 8
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
    open(path, "rb").close()  # raises an OSError with the path if it can't be read
    try:
        with h5py.File(path, "r") as file:
            arrays = {}
            for name, dataset in _datasets(file):
                if name in arrays:
                    raise UnsafeHdf5(f"{name!r} appears twice")
                arrays[name] = dataset
            _check_sizes(arrays)
            return {name: np.asarray(dataset[()]) for name, dataset in arrays.items()}
    except UnsafeHdf5:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # of h5py
        raise UnsafeHdf5(f"damaged HDF5 file ({one_line(error)})") from error


def _datasets(file):
    """Yields names and datasets, found through hard links alone."""
    waiting = [(file, (), 0)]
    seen = 0
    while waiting:
        group, parts, depth = waiting.pop()
        for key in group:
            seen += 1
            if seen > _MAX_OBJECTS or depth > _MAX_DEPTH:
                raise UnsafeHdf5("too many groups for a network")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UnsafeHdf5(f"{key!r} is a link")
            if depth == 0 and key in _TABLES:
                continue
            inner = parts if _LEVEL.fullmatch(key) else (*parts, _QUOTED.sub(r"\1", key))
            item = group[key]
            if isinstance(item, h5py.Group):
                waiting.append((item, inner, depth + 1))
            elif isinstance(item, h5py.Dataset):
                name = ".".join(inner)
                _check_dataset(name, item)
                yield name, item


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
