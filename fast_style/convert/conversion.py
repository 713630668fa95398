"""A checkpoint of this project from a network that was trained elsewhere."""

import os
import zlib

from fast_style.array_files import hdf5_files, torch_files
from fast_style.checkpoints import store
from fast_style.convert import foreign_networks
from fast_style.errors import InvalidValue, UserError, check_choice, printable

# First bytes of the files: HDF5; of PyTorch a zip archive, or a pickle of protocol 2 to 5.
_HDF5 = b"\x89HDF\r\n\x1a\n"
_TORCH = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ORDER = "bgr"  # of channels, unless another is given


class ConversionError(InvalidValue):
    """A file that is not a network of a known kind; the message names it and what does not fit."""


def convert(path, prefix, style="", order=None):
    """Writes a foreign network as a checkpoint.

    Args:
        path: path of the file.
        prefix: prefix of the new checkpoint; it must not exist.
        style: str, name of the style in its metadata; the file's name by default.
        order: "bgr" (if None) or "rgb", the order of channels that a network c1 .. d3 was trained
            with; None for one of pytorch/examples, whose order is known.

    Returns:
        dict, the metadata that was written.

    Raises:
        FileNotFoundError: there is no file at `path`.
        FileExistsError: there is a checkpoint at `prefix`.
        ValueError: an `order` for a network whose order is known.
        ConversionError: the file is damaged, holds more than arrays, or is another network.
        OSError: it can't be read, or the checkpoint can't be written.
    """
    path, prefix = os.fspath(path), os.fspath(prefix)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path}: is a directory, a file of weights is expected")
    if not os.path.isfile(path):  # a pipe can't be read twice
        raise InvalidValue(f"{path}: is not a regular file")
    if os.path.exists(f"{prefix}.index"):
        raise FileExistsError(f"{prefix}: there is a checkpoint already; give another prefix")
    if not os.path.basename(prefix):
        raise InvalidValue(f"`prefix` must end in a name; received {prefix!r}")
    check_choice("order", order or _ORDER, foreign_networks.ORDERS)
    try:
        foreign = foreign_networks.recognize(_read(path), order or _ORDER)
    except OSError:
        raise
    except UserError as error:
        raise ConversionError(f"{path}: {error}") from error
    if order is not None and foreign.kind.startswith("pytorch"):
        raise InvalidValue(
            f"`order` is for networks c1 .. d3, {path} is one of {foreign.kind}; received {order}"
        )
    metadata = {
        "style": {"name": printable(style or os.path.splitext(os.path.basename(path))[0])},
        "converted": {
            "converted from": os.path.basename(path),
            "kind": foreign.kind,
            "crc32": _checksum(path),
        },
    }
    store.save_network(foreign.network, prefix, metadata)
    return store.read_metadata(prefix)


def _read(path):
    """The arrays of a file (dict by name), whose first bytes tell its format."""
    with open(path, "rb") as file:
        start = file.read(8)
    if start == _HDF5:
        return hdf5_files.read(path)
    if start.startswith(_TORCH):
        return torch_files.read(path)
    raise InvalidValue("neither a PyTorch nor an HDF5 file")


def _checksum(path):
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
