"""Writes files as PyTorch and others do, without them."""

import io
import pickle
import struct
import zipfile

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
DICT = b"ccollections\nOrderedDict\n)R"


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(key, count, kind="ctorch\nFloatStorage\n"):
    parts = (text("storage"), kind.encode(), text(key), text("cpu"), number(count))
    return b"(" + b"".join(parts) + b"tQ"


def tensor(key, shape, strides=None, count=None, offset=0):
    """A pickled tensor of float32 on storage `key`."""
    if strides is None:
        strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    count = int(np.prod(shape)) if count is None else count
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage(key, count)
        + number(offset)
        + numbers(shape)
        + numbers(strides)
        + b"\x89"
        + DICT
        + b"tR"
    )


def state(items):
    """A pickled state dict; `items` are pickled values by name."""
    inner = b"".join(text(name) + value for name, value in items.items())
    # As PyTorch's: the versions of the modules are an attribute of the dict.
    versions = b"}" + text("_metadata") + DICT + b"s"
    return b"\x80\x02" + DICT + b"(" + inner + b"u" + versions + b"b."


def state_of(arrays):
    return state({name: tensor(str(i), a.shape) for i, (name, a) in enumerate(arrays.items())})


def storages_of(arrays):
    return {str(i): a.astype("<f4").tobytes() for i, a in enumerate(arrays.values())}


def zip_file(pickled, storages, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", "3\n")
    return stream.getvalue()


def legacy_file(pickled, storages, system=SYSTEM, keys=None):
    parts = [pickle.dumps(value, 2) for value in (MAGIC, 1001, system)]
    parts += [pickled, pickle.dumps(list(storages), 2) if keys is None else keys]
    for data in storages.values():
        parts += [struct.pack("<q", len(data) // 4), data]
    return b"".join(parts)


def write_torch(path, arrays, kind):
    """Writes a state dict in PyTorch's "zip" or "legacy" format."""
    make = {"zip": zip_file, "legacy": legacy_file}[kind]
    path.write_bytes(make(state_of(arrays), storages_of(arrays)))
    return path


def example_arrays(width=4, blocks=5, seed=0):
    """Random weights of a network of pytorch/examples fast_neural_style."""
    rng = np.random.default_rng(seed)
    arrays = {}

    def add(name, filters, channels, size, norm=None):
        scale = (channels * size * size) ** -0.5
        arrays[f"{name}.conv2d.weight"] = rng.normal(0, scale, (filters, channels, size, size))
        arrays[f"{name}.conv2d.bias"] = rng.normal(0, 0.1, filters)
        if norm:
            arrays[f"{norm}.weight"] = rng.normal(1, 0.2, filters)
            arrays[f"{norm}.bias"] = rng.normal(0, 0.2, filters)

    add("conv1", width, 3, 9, "in1")
    add("conv2", 2 * width, width, 3, "in2")
    add("conv3", 4 * width, 2 * width, 3, "in3")
    for i in range(1, blocks + 1):
        add(f"res{i}.conv1", 4 * width, 4 * width, 3, f"res{i}.in1")
        add(f"res{i}.conv2", 4 * width, 4 * width, 3, f"res{i}.in2")
    add("deconv1", 2 * width, 4 * width, 3, "in4")
    add("deconv2", width, 2 * width, 3, "in5")
    add("deconv3", 3, width, 9)
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def plain_arrays(width=4, blocks=5, strided=3, seed=0):
    """Random weights of the network c1 .. d3, kernels as PyTorch orders them."""
    rng = np.random.default_rng(seed)
    arrays = {}

    def add(name, first, second, size, filters):
        scale = (first * size * size) ** -0.5
        arrays[f"{name}.weight"] = rng.normal(0, scale, (first, second, size, size))
        arrays[f"{name}.bias"] = rng.normal(0, 1, filters)

    add("c1", width, 3, 9, width)
    add("c2", 2 * width, width, strided, 2 * width)
    add("c3", 4 * width, 2 * width, strided, 4 * width)
    for i in range(1, blocks + 1):
        add(f"r{i}.c1", 4 * width, 4 * width, 3, 4 * width)
        add(f"r{i}.c2", 4 * width, 4 * width, 3, 4 * width)
    add("d1", 4 * width, 2 * width, strided, 2 * width)
    add("d2", 2 * width, width, strided, width)
    add("d3", width, 3, 9, 3)
    return {name: value.astype(np.float32) for name, value in arrays.items()}
