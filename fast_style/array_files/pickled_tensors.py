"""The only objects that the pickle inside a PyTorch file may make: names, storages, tensors, dicts.

Each "call" in the file is checked and carried out here, by functions of this module alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from fast_style.errors import InvalidValue

MARK = object()
"""Marks on a pickle's stack where the parts of a tuple, list or dict begin."""
_MAX_DIMENSIONS = 8  # kernels have 4
_MAX_SIZE = 1 << 48  # elements; offsets in bytes then still fit NumPy's 64 bits


class UnsafePickle(InvalidValue):
    """A pickle that holds more than a dict of tensors, or is damaged."""


@dataclass(frozen=True)
class Global:
    """A name that a pickle refers to."""

    module: str
    name: str

    def __str__(self):
        return repr(f"{self.module}.{self.name}")[1:-1]  # as it may be shown on a terminal


@dataclass(frozen=True)
class Storage:
    """Where a tensor's elements are: `count` of them, of `dtype` (NumPy's name) under `key`."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class Tensor:
    """A tensor: offset, shape and strides within a storage, in elements, not bytes."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple

    @property
    def size(self):
        """int, bytes of its elements."""
        return math.prod(self.shape) * np.dtype(self.storage.dtype).itemsize


_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}


def data(value):
    """Returns a value that may be part of a result; raises `UnsafePickle` for any other."""
    if isinstance(value, (Global, Storage)) or value is MARK:
        raise UnsafePickle(f"{value} where data is expected")
    return value


def make_storage(identity):
    """The `Storage` of a persistent id: ("storage", class, key, device, count[, view]).

    The class names the dtype; the key says where in the file the elements are.

    Raises:
        UnsafePickle: anything else.
    """
    if not isinstance(identity, tuple) or len(identity) not in (5, 6) or identity[0] != "storage":
        raise UnsafePickle("a whole pickled model or another object, not a dict of tensors")
    _, kind, key, _, count = identity[:5]
    if len(identity) == 6 and identity[5] is not None:
        raise UnsafePickle("a view of another storage")
    if not isinstance(kind, Global):
        raise UnsafePickle("damaged pickle (a storage without a type)")
    dtype = _DTYPES.get(kind.name) if kind.module == "torch" else None
    if dtype is None:
        raise UnsafePickle(f"elements of unsupported type {kind}")
    if not isinstance(key, str) or not _is_size(count):
        raise UnsafePickle("damaged pickle (a storage without key or size)")
    return Storage(key, dtype, count)


def _tensor(arguments):
    """torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...)."""
    if len(arguments) < 4:
        raise UnsafePickle("damaged pickle (a tensor without a shape)")
    storage, offset, shape, strides = arguments[:4]
    valid = (
        isinstance(storage, Storage)
        and _is_size(offset)
        and isinstance(shape, tuple)
        and isinstance(strides, tuple)
        and len(shape) == len(strides) <= _MAX_DIMENSIONS
        and all(map(_is_size, shape + strides))
    )
    if not valid:
        raise UnsafePickle("damaged pickle (a tensor without storage, shape or strides)")
    count = math.prod(shape)
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    # Strides of 0 could make a tensor of any size from one number.
    if count and (count > storage.count or last >= storage.count):
        raise UnsafePickle(f"a tensor of shape {list(shape)} in {storage.count} elements")
    return Tensor(storage, offset, shape, strides)


def _parameter(arguments):
    """torch._utils._rebuild_parameter(tensor, ...)."""
    if not arguments or not isinstance(arguments[0], Tensor):
        raise UnsafePickle("damaged pickle (a parameter without a tensor)")
    return arguments[0]


def _ordered_dict(arguments):
    """collections.OrderedDict(), of Python 2 OrderedDict([[key, value], ...])."""
    pairs = arguments[0] if arguments else []
    if len(arguments) > 1 or not isinstance(pairs, list):
        raise UnsafePickle("damaged pickle (a dict made of other things than pairs)")
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise UnsafePickle("damaged pickle (a dict made of other things than pairs)")
    return {key: data(value) for key, value in pairs}


CALLS = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}


def _is_size(value):
    return type(value) is int and 0 <= value < _MAX_SIZE
