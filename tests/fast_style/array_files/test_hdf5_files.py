"""HDF5 files are read for their arrays alone."""

import os

import h5py
import numpy as np
import pytest

from fast_style.array_files import hdf5_files
from fast_style.array_files.hdf5_files import UnsafeHdf5

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
