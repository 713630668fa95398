"""Reads PyTorch's files of tensors, zip and legacy, without PyTorch and without running code."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np

from fast_style.array_files import unpickler
from fast_style.array_files.pickled_tensors import Tensor, UnsafePickle

# The file is untrusted. A network of width 32 has 7 MB in 60 tensors, a pickle of 9,211 bytes.
MAX_FILE = 1 << 30  # bytes
MAX_PICKLE = 1 << 24  # bytes
_MAX_MEMBERS = 10_000
# What zipfile raises for damaged archives.
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001


def read(path):
    """Reads a state dict: a `.pth`, `.pt` or `.model` file of PyTorch.

    Arrays share the bytes that were read: at most twice the file's length is allocated, whatever
    sizes the file claims.

    Args:
        path: path of the file.

    Returns:
        dict of NumPy arrays by name, little-endian, of the type that is stored.

    Raises:
        OSError: it can't be read.
        UnsafePickle: it is damaged, or holds anything but tensors by name.
    """
    if os.path.getsize(path) > MAX_FILE:
        raise UnsafePickle(f"larger than {MAX_FILE:,} bytes")
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"PK"):
        state, storages = _read_zip(data)
    else:
        state, storages = _read_legacy(data)
    return {name: _array(tensor, storages) for name, tensor in state.items()}


def _read_zip(data):
    """The format since PyTorch 1.6: NAME/data.pkl, and a member NAME/data/KEY for each storage."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            pickles = [
                name for name in members if name.count("/") == 1 and name[-9:] == "/data.pkl"
            ]
            if len(members) > _MAX_MEMBERS or len(pickles) != 1:
                raise UnsafePickle("not a PyTorch archive")
            folder = pickles[0].partition("/")[0]
            if members[pickles[0]].file_size > MAX_PICKLE:
                raise UnsafePickle("the pickle is too long for a dict of tensors")
            if f"{folder}/byteorder" in members:
                order = _member(archive, members[f"{folder}/byteorder"])
                if order != b"little":
                    raise UnsafePickle("big-endian elements")
            state = unpickler.read(io.BytesIO(_member(archive, members[pickles[0]])))
            wanted = {}
            left = len(data)  # members may overlap: together they are no longer than the file
            for tensor in _tensors(state):
                if tensor.storage in wanted:
                    continue
                info = members.get(f"{folder}/data/{tensor.storage.key}")
                if info is None or info.file_size > left:
                    raise UnsafePickle(f"storage {tensor.storage.key!r} is missing")
                left -= info.file_size
                wanted[tensor.storage] = _numbers(tensor.storage, _member(archive, info))
            return state, wanted
    except UnsafePickle:
        raise
    except DAMAGED_ZIP as error:
        raise UnsafePickle(f"damaged archive ({error})") from error


def _member(archive, info):
    """Bytes of an uncompressed member, as PyTorch stores it: others could inflate to any size."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise UnsafePickle(f"member {info.filename!r} is compressed")
    return archive.read(info)


def _read_legacy(data):
    """The format before: pickles of magic number, protocol, system, state, keys; then elements."""
    stream = io.BytesIO(data)
    if unpickler.read(stream) != _LEGACY_MAGIC:
        raise UnsafePickle("not a PyTorch file (wrong magic number)")
    protocol, system = unpickler.read(stream), unpickler.read(stream)
    if protocol != _LEGACY_PROTOCOL or not isinstance(system, dict):
        raise UnsafePickle("not a PyTorch file (wrong protocol)")
    if system.get("little_endian") is not True:
        raise UnsafePickle("big-endian elements")
    state, keys = unpickler.read(stream), unpickler.read(stream)
    wanted = {}
    for tensor in _tensors(state):
        if wanted.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise UnsafePickle(f"storage {tensor.storage.key!r} is described twice")
    named = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not named or sorted(keys) != sorted(wanted):
        raise UnsafePickle("damaged file (tensors and stored elements do not match)")
    storages = {}
    for key in keys:
        storage = wanted[key]
        count = stream.read(8)
        if count != storage.count.to_bytes(8, "little"):
            raise UnsafePickle(
                f"storage {key!r} has {int.from_bytes(count, 'little')} elements, "
                f"{storage.count} are expected"
            )
        length = storage.count * np.dtype(storage.dtype).itemsize
        storages[storage] = _numbers(storage, stream.read(length))
    return state, storages


def _tensors(state):
    """The values of a state dict."""
    if not isinstance(state, dict):
        raise UnsafePickle(f"a {type(state).__name__}, not a dict of tensors")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise UnsafePickle(f"{name!r} is a {type(value).__name__}, not a tensor")
    return state.values()


def _numbers(storage, data):
    """The array of a storage, on its bytes."""
    wanted = storage.count * np.dtype(storage.dtype).itemsize
    if len(data) != wanted:
        raise UnsafePickle(
            f"storage {storage.key!r} has {len(data):,} bytes, {wanted:,} are expected (truncated?)"
        )
    return np.frombuffer(data, storage.dtype)


def _array(tensor, storages):
    numbers = storages[tensor.storage]
    if not all(tensor.shape):
        return np.zeros(tensor.shape, numbers.dtype)
    # `pickled_tensors` has checked that the last element lies inside.
    strides = [stride * numbers.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :], tensor.shape, strides, writeable=False
    )
