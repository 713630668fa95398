"""The weights of a VGG from the files that people have: Keras's, a fine-tuned model's, PyTorch's.

A file is read for its arrays alone: no configuration is loaded and nothing in it is executed.
"""

import contextlib
import dataclasses
import functools
import os
import shutil
import tempfile

import numpy as np
from absl import logging

from fast_style.array_files import hdf5_files, torch_files, zip_files
from fast_style.errors import InvalidValue, UserError
from fast_style.losses.preprocessing import CAFFE, CAFFE_RGB, TORCHVISION, Preprocessing
from fast_style.losses.vgg_layers import Convolution, choose

MAX_ARCHIVE = 1 << 32  # bytes of a .keras file: VGG-16 with top and Adam's moments has 1.7e9
_OPTIMIZERS = ("optimizer", "optimizer_weights")  # whose moments have the kernels' shapes
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_KERAS_MEMBER = "model.weights.h5"
# Of block1_conv1 as its authors trained it in Caffe, whose images are BGR: the first biases, and
# the first filter's weights of B, G and R at the top left. torchvision's are others.
_CAFFE_BIASES = (0.7343, 0.0934, 0.0678, 0.8863)
_CAFFE_KERNEL = (0.4295, 0.5504, 0.4800)


@dataclasses.dataclass(frozen=True)
class VggWeights:
    """What a file says of a VGG.

    Attributes:
        layers: dict from layer name, as Keras writes it, to kernel (float32 `[3, 3, in, out]`) and
            bias (float32 `[out]`), from shallow to deep.
        preprocessing: what the first convolution takes, a
            `fast_style.losses.preprocessing.Preprocessing`.
    """

    layers: dict
    preprocessing: Preprocessing


def read(path, architecture):
    """Reads the convolutions of a VGG.

    Files of Keras (`.h5`, `.weights.h5`, `.keras`; with or without top, or inside another model,
    one level down or several) and state dicts of PyTorch (`.pth`, as torchvision writes them). The
    preprocessing is Keras's "caffe" mode for Keras's files; of PyTorch's, torchvision's. Two of
    PyTorch's files hold weights that came from Caffe and are told by their numbers: torchvision's
    `vgg16_features`, whose classifier is not there, and copies of the authors' own weights. Which
    one was taken is logged.

    Args:
        path: path of the file.
        architecture: "vgg16" or "vgg19".

    Returns:
        `VggWeights`.

    Raises:
        FileNotFoundError: there is no file at `path`.
        OSError: it can't be read.
        ValueError: it is damaged, or holds no such network; the message names the file and says
            what does not fit.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path}: is a directory, a file of weights is expected")
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"{path}: no such weights file; give `imagenet`, or the path of a file of Keras or "
            f"PyTorch with the weights of {architecture}"
        )
    with open(path, "rb") as file:
        start = file.read(len(_HDF5))
    try:
        if start == _HDF5:
            weights = _read_hdf5(path, architecture)
        elif start.startswith(_ZIP) and _is_keras(path):
            with _member_of(path) as file:
                weights = _read_hdf5(file, architecture)
        elif start.startswith((_ZIP, _PICKLE)):
            weights = _read_torch(path, architecture)
        else:
            raise InvalidValue("neither a file of Keras nor of PyTorch")
    except UserError as error:
        raise InvalidValue(f"{path}: no weights of {architecture} ({error})") from error
    logging.info("%s: %s takes %s", path, architecture, weights.preprocessing.name)
    return weights


def _read_hdf5(source, architecture):
    with hdf5_files.opened(source) as file:
        groups = {}
        for parts, dataset in hdf5_files.datasets(file, _OPTIMIZERS):
            groups.setdefault(parts[:-1], []).append(dataset)
        found = [_in_group(file, path, group) for path, group in groups.items()]
        return VggWeights(choose([one for one in found if one], architecture), CAFFE)


def _in_group(file, path, group):
    """The convolution whose kernel and bias are in one group of an HDF5 file, or None."""
    kernels = [dataset for dataset in group if _kernel_shape(dataset.shape)]
    if len(group) != 2 or len(kernels) != 1:
        return None
    kernel, bias = sorted(group, key=lambda dataset: dataset is not kernels[0])
    if bias.shape != kernel.shape[3:]:
        return None

    def read():
        hdf5_files.check(file, {kernel.name: kernel, bias.name: bias})
        return kernel.read(), bias.read()

    # Keras's groups of plain numbers; the layer is the one above.
    return Convolution(path[:-1] if path[-1:] == ("vars",) else path, kernel.shape[2:], read)


def _kernel_shape(shape):
    return shape is not None and len(shape) == 4 and shape[:2] == (3, 3)


def _is_keras(path):
    try:
        with open(path, "rb") as file, zip_files.opened(file) as (_, members):
            return _KERAS_MEMBER in members
    except zip_files.UnsafeZip:
        return False


@contextlib.contextmanager
def _member_of(path):
    """The weights inside a .keras file, as an open file of their own."""
    with tempfile.TemporaryFile() as copy:
        with open(path, "rb") as file, zip_files.opened(file) as (archive, members):
            zip_files.check_stored(members[_KERAS_MEMBER], MAX_ARCHIVE)  # as Keras writes it
            with archive.open(members[_KERAS_MEMBER]) as member:
                shutil.copyfileobj(member, copy, 1 << 20)
        copy.seek(0)
        yield copy


def _read_torch(path, architecture):
    arrays = torch_files.read(path)
    if any(name.endswith("running_mean") for name in arrays):
        raise InvalidValue("it normalizes batches between its convolutions")
    found = []
    for name, kernel in arrays.items():
        stem, _, last = name.rpartition(".")
        bias = arrays.get(f"{stem}.bias")
        square = kernel.ndim == 4 and kernel.shape[2:] == (3, 3)
        if last == "weight" and square and bias is not None and bias.shape == kernel.shape[:1]:
            read = functools.partial(_from_torch, kernel, bias)
            found.append(Convolution(tuple(stem.split(".")), kernel.shape[1::-1], read))
    layers = choose(found, architecture)
    return VggWeights(layers, _preprocessing_of(arrays, *layers["block1_conv1"]))


def _from_torch(kernel, bias):
    return kernel.transpose(2, 3, 1, 0), bias  # [out, in, height, width] there


def _preprocessing_of(arrays, kernel, bias):
    """What was done to the images that a network of PyTorch saw, which its file does not say."""
    classifier = [value for name, value in arrays.items() if name.startswith("classifier.")]
    if classifier and all(np.isnan(value).all() for value in classifier):
        return CAFFE_RGB
    if np.allclose(bias[:4], _CAFFE_BIASES, atol=0.02):
        first = kernel[0, 0, :, 0]
        if np.allclose(first, _CAFFE_KERNEL, atol=0.02):
            return CAFFE
        if np.allclose(first[::-1], _CAFFE_KERNEL, atol=0.02):
            return CAFFE_RGB
    return TORCHVISION
