"""Reads PyTorch's files of tensors, zip and legacy, without PyTorch and without running code."""

import io

import numpy as np

from fast_style.array_files import unpickler, zip_files
from fast_style.array_files.pickled_tensors import Tensor, UnsafePickle

# The file is untrusted. A network of width 32 has 7 MB in 60 tensors, a pickle of 9,211 bytes.
MAX_FILE = 1 << 30  # bytes
MAX_PICKLE = 1 << 24  # bytes
# Tensors may share elements, as layers with the same weights do.
_MAX_SHARING = 2  # times the file's length that the tensors may have together
# Under which a program that trains keeps the network beside its optimizer; the first that is there.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net", "generator", "params")
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001


def read(path):
    """Reads a state dict: a `.pth`, `.pt` or `.model` file of PyTorch.

    It may be wrapped in another dict, as in {"state_dict": ..., "optimizer": ..., "epoch": 3}:
    then that is taken whose name is usual, or the only one that there is.

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
    with open(path, "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise UnsafePickle(f"larger than {MAX_FILE:,} bytes")
    if data.startswith(b"PK"):
        state, storages = _read_zip(data)
    else:
        state, storages = _read_legacy(data)
    claimed = sum(tensor.size for tensor in state.values())
    if claimed > _MAX_SHARING * len(data):
        raise UnsafePickle(f"its tensors claim {claimed:,} bytes, the file has {len(data):,}")
    return {name: _array(tensor, storages) for name, tensor in state.items()}


def _read_zip(data):
    """The format since PyTorch 1.6: NAME/data.pkl, and a member NAME/data/KEY for each storage."""
    try:
        with zip_files.opened(io.BytesIO(data)) as (archive, members):
            pickles = [
                name for name in members if name.count("/") == 1 and name[-9:] == "/data.pkl"
            ]
            if len(pickles) != 1:
                raise UnsafePickle("not a PyTorch archive")
            folder = pickles[0].partition("/")[0]
            if members[pickles[0]].file_size > MAX_PICKLE:
                raise UnsafePickle("the pickle is too long for a dict of tensors")
            order = members.get(f"{folder}/byteorder")
            if order is not None and _member(archive, order) != b"little":
                raise UnsafePickle("big-endian elements")
            state = _state(unpickler.read(io.BytesIO(_member(archive, members[pickles[0]]))))
            wanted = {}
            left = len(data)  # members may overlap: together they are no longer than the file
            for tensor in state.values():
                if tensor.storage in wanted:
                    continue
                info = members.get(f"{folder}/data/{tensor.storage.key}")
                if info is None or info.file_size > left:
                    raise UnsafePickle(f"storage {tensor.storage.key!r} is missing")
                left -= info.file_size
                wanted[tensor.storage] = _numbers(tensor.storage, _member(archive, info))
            return state, wanted
    except zip_files.UnsafeZip as error:
        raise UnsafePickle(str(error)) from error


def _member(archive, info):
    zip_files.check_stored(info, MAX_FILE)
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
    whole, keys = unpickler.read(stream), unpickler.read(stream)
    state = _state(whole)
    wanted = {}
    for tensor in _tensors(whole):  # all of them: their elements follow in the order of `keys`
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


def _tensors(value):
    """Yields all tensors within dicts, lists and tuples."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:  # a list may hold itself
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (dict, list, tuple)):
            waiting += value.values() if isinstance(value, dict) else value


def _state(value):
    """The state dict within what a file holds: itself, or one level down."""
    if not isinstance(value, dict):
        raise UnsafePickle(f"a {type(value).__name__}, not a dict of tensors")
    other = next((name for name in value if not _is_named_tensor(name, value[name])), None)
    if other is None:
        return value
    inner = {name: part for name, part in value.items() if _is_state(part)}
    for name in _WRAPPERS:
        if name in inner:
            return inner[name]
    if len(inner) > 1:
        raise UnsafePickle(f"several dicts of tensors: {', '.join(map(repr, inner))}")
    if not inner:
        raise UnsafePickle(f"{other!r} is a {type(value[other]).__name__}, not a tensor")
    return next(iter(inner.values()))


def _is_state(value):
    if not isinstance(value, dict) or not value:
        return False
    return all(_is_named_tensor(*item) for item in value.items())


def _is_named_tensor(name, value):
    return isinstance(name, str) and isinstance(value, Tensor)


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
