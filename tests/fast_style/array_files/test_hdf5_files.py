"""HDF5 files are read for their arrays alone."""

import os
import struct
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest

from fast_style.array_files import hdf5_files
from fast_style.array_files.hdf5_files import UnsafeHdf5
from tests import fuzz

WEIGHT = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.hdf5"


def test_plain_names_and_nested_groups(path):
    with h5py.File(path, "w") as file:
        file["c1.weight"] = WEIGHT
        file["r1/c1/bias"] = WEIGHT[0, 0, 0]
    arrays = hdf5_files.read(path)
    assert sorted(arrays) == ["c1.weight", "r1.c1.bias"]
    np.testing.assert_array_equal(arrays["c1.weight"], WEIGHT)


@pytest.mark.parametrize(
    "name", ["data_0/'c1.weight'/data_0", "data_0/u'c1.weight'/data_0", 'data/"c1.weight"']
)
def test_the_layouts_of_hickle(path, name):
    """Versions 2 and 3, Python 2's, and 4 and 5, which keep tables of (pickled) types beside."""
    with h5py.File(path, "w") as file:
        file.create_dataset(name, data=WEIGHT, compression="gzip", shuffle=True)
        file["hickle_types_table/0"] = np.frombuffer(b"cos\nsystem\n", np.uint8)
    assert list(hdf5_files.read(path)) == ["c1.weight"]


def write_external_link(file, folder):
    file["c1.weight"] = h5py.ExternalLink(os.fspath(folder / "other.hdf5"), "c1.weight")


def write_soft_link(file, folder):
    file["c2.weight"] = WEIGHT
    file["c1.weight"] = h5py.SoftLink("/c2.weight")


def write_external_data(file, folder):
    (folder / "secret").write_bytes(bytes(96))
    place = [(os.fspath(folder / "secret"), 0, 96)]
    file.create_dataset("c1.weight", (2, 3, 2, 2), "f4", external=place)


def write_virtual(file, folder):
    layout = h5py.VirtualLayout((24,), "f4")
    layout[:] = h5py.VirtualSource(os.fspath(folder / "other.hdf5"), "c1.weight", (24,))
    file.create_virtual_dataset("c1.weight", layout)


def write_empty_but_huge(file, folder):
    file.create_dataset("c1.weight", (1 << 40,), "f4", chunks=(1 << 10,))


def write_huge_together(file, folder):
    for number in range(5):
        file.create_dataset(f"c{number}.weight", (1 << 26,), "f4", chunks=(1 << 10,))


def write_claimed(file, folder):
    file.create_dataset("c1.weight", (1 << 20,), "f4", chunks=(1 << 10,))[:10] = 1


def write_pickle(file, folder):
    file["c1.weight"] = np.bytes_(b"cos\nsystem\n(S'true'\ntR.")


def write_objects(file, folder):
    file.create_dataset("c1.weight", data=["text"], dtype=h5py.string_dtype())


def write_integers(file, folder):
    file["c1.weight"] = WEIGHT.astype("i4")


def write_twice(file, folder):
    file["c1.weight"] = WEIGHT
    file["c1/weight"] = WEIGHT


def write_circle(file, folder):
    group = file.create_group("c1")
    group["c1"] = group


def write_filter(file, folder):
    file.create_dataset("c1.weight", data=WEIGHT, compression="lzf")


@pytest.mark.parametrize(
    "write, message",
    [
        (write_external_link, "'c1.weight' is a link"),
        (write_soft_link, "'c1.weight' is a link"),
        (write_external_data, "'c1.weight' is stored in another file"),
        (write_virtual, "'c1.weight' is stored in another file"),
        (write_empty_but_huge, "claims 4,398,046,511,104 bytes that are missing"),
        (write_huge_together, "that are missing|more than"),
        (write_claimed, "'c1.weight': claims 4,194,304 bytes that are missing"),
        (write_pickle, "not an array of floating-point numbers"),
        (write_objects, "not an array of floating-point numbers"),
        (write_integers, "not an array of floating-point numbers"),
        (write_twice, "'c1.weight' appears twice"),
        (write_circle, "too many groups"),
        (write_filter, "unsupported filter"),
    ],
)
def test_anything_but_arrays_is_refused(path, tmp_path, write, message):
    with h5py.File(path, "w") as file:
        write(file, tmp_path)
    with pytest.raises(UnsafeHdf5, match=message):
        hdf5_files.read(path)


def test_cut_files_are_refused(path):
    with h5py.File(path, "w") as file:
        file["c1.weight"] = WEIGHT
    data = path.read_bytes()
    for length in range(0, len(data) - 96, 7):
        path.write_bytes(data[:length])
        with pytest.raises(UnsafeHdf5):
            hdf5_files.read(path)


def test_a_missing_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        hdf5_files.read(tmp_path / "nowhere")


# Against HDF5's own library


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", ">f8"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (4, 3)},
        {"chunks": (4, 3), "compression": "gzip"},
        {"chunks": (5, 7), "compression": "gzip", "shuffle": True},
        {"chunks": (2, 2), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (3, 4), "fletcher32": True},
        {"chunks": (20, 20), "maxshape": (None, None), "compression": 9},
    ],
)
def test_arrays_are_those_that_hdf5_reads(path, dtype, options):
    rng = np.random.default_rng(0)
    # Of 130 chunks: the tree that lists them has two levels. Noise is stored as it is, zeros are
    # compressed.
    arrays = {
        "noise": rng.normal(size=(13, 10)),
        "zeros": np.zeros((13, 10)),
        "many": rng.normal(size=(80, 40)).round(),
    }
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file.create_dataset(name, data=value.astype(dtype), **options)
    found = hdf5_files.read(path)
    with h5py.File(path) as file:
        for name in arrays:
            np.testing.assert_array_equal(found[name], file[name][()])
            assert found[name].dtype == file[name].dtype


def test_many_names_and_numbers_without_axes(path):
    with h5py.File(path, "w") as file:
        for number in range(500):  # a tree of groups of two levels
            file[f"layer{number}/vars/0"] = np.float32(number)
        file["empty"] = np.zeros((0, 3), "f4")
        del file["layer7"]
    arrays = hdf5_files.read(path)
    assert arrays.pop("empty").shape == (0, 3)
    wanted = {f"layer{number}.vars.0": number for number in range(500) if number != 7}
    assert {name: float(value) for name, value in arrays.items()} == wanted


def test_a_newer_format_is_named(path):
    with h5py.File(path, "w", libver="latest") as file:
        file["c1.weight"] = WEIGHT
    with pytest.raises(UnsafeHdf5, match="newer format"):
        hdf5_files.read(path)


# Small files that would take long or much


def test_a_chunk_that_inflates_beyond_its_size_is_refused(path):
    """64 MiB of zeros as the 4 bytes of a chunk: HDF5 itself unpacks them all."""
    with h5py.File(path, "w") as file:
        made = file.create_dataset("c1.weight", (1,), "f4", chunks=(1,), compression="gzip")
        made.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 26), 9))
    tracemalloc.start()
    with pytest.raises(UnsafeHdf5, match="unpacks to more than its 4 bytes"):
        hdf5_files.read(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_huge_chunk_of_a_small_array_is_refused(path):
    with h5py.File(path, "w") as file:
        options = {"chunks": (1 << 28,), "maxshape": (None,), "compression": "gzip"}
        made = file.create_dataset("c1.weight", (1,), "f4", **options)
        made.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 20)))
    with pytest.raises(UnsafeHdf5, match="more than 67,108,864 bytes of arrays"):
        hdf5_files.read(path)


def test_a_filter_that_is_used_twice_is_refused(path):
    with h5py.File(path, "w") as file:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((24,))
        settings.set_deflate(9)
        settings.set_deflate(9)
        space = h5py.h5s.create_simple((24,))
        h5py.h5d.create(file.id, b"c1.weight", h5py.h5t.IEEE_F32LE, space, settings)
        file["c1.weight"][:] = 1
    with pytest.raises(UnsafeHdf5, match="unsupported filter"):
        hdf5_files.read(path)


def test_many_arrays_can_not_share_their_bytes(path):
    """20 arrays in the place of one: 800,000 bytes claimed of a file of 60,000."""
    with h5py.File(path, "w") as file:
        for number in range(20):
            file.create_dataset(f"a{number}", (10_000,), "f4")
        file["a0"][:] = 1
        place = file["a0"].id.get_offset()
    # Nothing was written of the others: they have no address yet.
    data = path.read_bytes()
    nowhere = b"\xff" * 8 + (40_000).to_bytes(8, "little")
    assert data.count(nowhere) == 19
    path.write_bytes(data.replace(nowhere, place.to_bytes(8, "little") + nowhere[8:]))
    with pytest.raises(UnsafeHdf5, match="claims more bytes than the file has"):
        hdf5_files.read(path)


def test_a_circle_of_free_space_takes_no_memory(path):
    """HDF5's own library goes around in it until memory ends."""
    with h5py.File(path, "w") as file:
        for name in ("a" * 40, "b" * 40, "c1.weight"):
            file[name] = WEIGHT
        del file["b" * 40]
    data = bytearray(path.read_bytes())
    heap = data.index(b"HEAP")
    first, segment = struct.unpack_from("<QQ", data, heap + 16)
    struct.pack_into("<Q", data, segment + first, first)
    path.write_bytes(data)
    assert sorted(hdf5_files.read(path)) == ["a" * 40, "c1.weight"]


def test_a_tree_that_holds_itself_is_refused(path):
    with h5py.File(path, "w") as file:
        file["c1.weight"] = WEIGHT
    data = bytearray(path.read_bytes())
    tree = data.index(b"TREE")
    data[tree + 5] = 1  # its level
    struct.pack_into("<Q", data, tree + 32, tree)
    path.write_bytes(data)
    with pytest.raises(UnsafeHdf5, match="damaged"):
        hdf5_files.read(path)


def test_changed_files_are_refused_or_read(tmp_path):
    assert 0 < fuzz.run("hdf5", tmp_path, 2000) < 1500
