"""Converted networks are checkpoints like any other."""

import dataclasses
import os

import h5py
import numpy as np
import pytest

from fast_style.array_files import torch_files
from fast_style.checkpoints import store
from fast_style.convert.conversion import ConversionError, convert
from fast_style.painting.stylizer import Stylizer
from fast_style.training.paintings import Painting
from fast_style.training.settings import TrainingSettings
from fast_style.training.style_task import StyleTask
from tests import foreign_files
from tests.foreign_files import example_arrays, plain_arrays, write_torch


def write_hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file[f"data/{name!r}"] = value
    return path


def test_the_pretrained_network_computes_what_pytorch_does(shared, tmp_path):
    prefix = tmp_path / "candy"
    convert(shared / "pretrained" / "candy_nc16.pth", prefix)
    network, metadata = store.load_network(prefix)
    reference = np.load(shared / "reference" / "candy_nc16.npz")
    output = np.array(network(reference["image"][None].astype("float32")))[0]
    assert np.abs(output - reference["output"]).max() < 0.05
    assert metadata["network"]["width"] == 16
    assert metadata["style"]["name"] == "candy_nc16"


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_a_state_dict_becomes_a_checkpoint(tmp_path, photo, kind):
    path = write_torch(tmp_path / "mosaic.model", example_arrays(), kind)
    metadata = convert(path, tmp_path / "new" / "mosaic", style="a mosaic")
    assert metadata["converted"]["converted from"] == "mosaic.model"
    assert metadata["style"] == {"name": "a mosaic"}
    assert Stylizer.load(tmp_path / "new" / "mosaic")(photo()).shape == photo().shape


def test_a_network_that_was_trained_by_data_parallel(shared, tmp_path):
    path = shared / "cases" / "dataparallel.pth"
    convert(path, tmp_path / "out")
    network, metadata = store.load_network(tmp_path / "out")
    assert metadata["network"]["width"] == network.width
    kernel = torch_files.read(path)["module.conv1.conv2d.weight"]
    np.testing.assert_array_equal(network.down1.conv.kernel, kernel.transpose(2, 3, 1, 0))


def test_a_network_inside_a_training_checkpoint(tmp_path):
    arrays = example_arrays(width=2, blocks=1)
    state = foreign_files.state_of({f"module.{name}": array for name, array in arrays.items()})
    pickled = b"\x80\x02}(" + foreign_files.text("epoch") + foreign_files.number(3)
    pickled += foreign_files.text("state_dict") + state[2:-1] + b"u."
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(foreign_files.zip_file(pickled, foreign_files.storages_of(arrays)))
    convert(path, tmp_path / "out")
    network, _ = store.load_network(tmp_path / "out")
    kernel = arrays["res1.conv2.conv2d.weight"]
    np.testing.assert_array_equal(
        network.residual1.second.conv.kernel, kernel.transpose(2, 3, 1, 0)
    )


@pytest.mark.parametrize("strided", [3, 4])
def test_an_hdf5_file_becomes_a_checkpoint(tmp_path, photo, strided):
    convert(write_hdf5(tmp_path / "wave.hdf5", plain_arrays(strided=strided)), tmp_path / "wave")
    stylizer = Stylizer.load(tmp_path / "wave")
    assert stylizer.runtime.architecture.strided_kernel == strided
    assert stylizer(photo(3, 5)).shape == (3, 5, 3)


def test_training_goes_on_from_a_converted_network(tmp_path):
    convert(write_torch(tmp_path / "mosaic.pth", example_arrays(), "zip"), tmp_path / "mosaic")
    settings = TrainingSettings(init_from=str(tmp_path / "mosaic"))
    paintings = [Painting("black", np.zeros((16, 16, 3), np.uint8))]
    network, origin = StyleTask(settings, paintings).initial_network()
    converted, _ = store.load_network(tmp_path / "mosaic")
    for here, there in zip(network.weights, converted.weights, strict=True):
        np.testing.assert_array_equal(here, there)
    assert origin["style"] == {"name": "mosaic"}
    with pytest.raises(ValueError, match="`padding` must be 'reflect'"):
        other = dataclasses.replace(settings, network={"padding": "zero"})
        StyleTask(other, paintings).initial_network()


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "neither a PyTorch nor an HDF5 file"),
        (b"text", "neither a PyTorch nor an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n", "damaged HDF5"),
        (b"PK\x03\x04", "damaged archive"),
        (b"\x80\x02cos\nsystem\n(tR.", "calls os.system"),
        (foreign_files.zip_file(foreign_files.state({}), {}), "it holds no arrays"),
    ],
)
def test_a_file_that_is_no_network_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "network.pth"
    path.write_bytes(content)
    with pytest.raises(ConversionError, match=f"network.pth: .*{message}"):
        convert(path, tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_the_array_that_does_not_fit_is_named(tmp_path):
    arrays = example_arrays()
    del arrays["in2.bias"]
    with pytest.raises(ConversionError, match="'in2.bias' is missing"):
        convert(write_torch(tmp_path / "a.pth", arrays, "zip"), tmp_path / "out")


def test_files_that_are_missing_or_in_the_way(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.pth: no such file"):
        convert(tmp_path / "nowhere.pth", tmp_path / "out")
    with pytest.raises(IsADirectoryError, match="is a directory"):
        convert(tmp_path, tmp_path / "out")
    with pytest.raises(ValueError, match="is not a regular file"):
        convert(os.devnull, tmp_path / "out")
    path = write_torch(tmp_path / "a.pth", example_arrays(blocks=0), "zip")
    with pytest.raises(ValueError, match="`prefix` must end in a name"):
        convert(path, f"{tmp_path}/")
    convert(path, tmp_path / "out")
    with pytest.raises(FileExistsError, match="there is a checkpoint already"):
        convert(path, tmp_path / "out")


def test_an_order_for_a_network_whose_order_is_known_is_refused(tmp_path):
    path = write_torch(tmp_path / "mosaic.pth", example_arrays(), "zip")
    with pytest.raises(ValueError, match="`order` is for networks c1 .. d3"):
        convert(path, tmp_path / "mosaic", order="rgb")
    assert os.listdir(tmp_path) == ["mosaic.pth"]
