"""Makes a checkpoint of this project from a network that was trained elsewhere.

    python -m fast_style.convert FILE PREFIX [flags]

FILE is a PyTorch state dict of pytorch/examples fast_neural_style (.pth, .model), or an HDF5 file
(hickle) of the network c1 c2 c3 r1..r5 d1 d2 d3. PREFIX, such as checkpoints/candy, is then what
eval.py, fast_style.export and train.py --init_from take. Nothing in FILE is ever executed.
"""

# ruff: noqa: E402 - TensorFlow's chatter is silenced before anything imports it.

import inspect
import os
import zlib

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

from fast_style import checkpoint, foreign_networks, hdf5_files, torch_files

_HDF5 = b"\x89HDF\r\n\x1a\n"
_TORCH = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class ConversionError(ValueError):
    """A file that is no network of a known kind; the message names it and what does not fit."""


def convert(path, prefix, style="", order="bgr"):
    """Writes a foreign network as a checkpoint.

    Args:
        path: path of the file.
        prefix: checkpoint prefix to write; there must be none yet.
        style: str, what its description names as its style; the file's name by default.
        order: "bgr" or "rgb", the order of colours for which a network c1 .. d3 was trained.

    Returns:
        dict, the description that was written.

    Raises:
        FileNotFoundError: there is no file at `path`.
        FileExistsError: there is a checkpoint at `prefix`.
        ConversionError: the file is damaged, holds more than arrays, or is another network.
        OSError: it can't be read, or the checkpoint can't be written.
    """
    path, prefix = os.fspath(path), os.fspath(prefix)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path}: is a directory, a file of weights is wanted")
    if os.path.exists(f"{prefix}.index"):
        raise FileExistsError(f"{prefix}: there is a checkpoint already; give another prefix")
    if not os.path.basename(prefix):
        raise ValueError(f"`prefix` must end in a name; received {prefix!r}")
    foreign_networks.check_choice("order", order, foreign_networks.ORDERS)
    try:
        foreign = foreign_networks.recognize(_read(path), order)
    except OSError:
        raise
    except ValueError as error:
        raise ConversionError(f"{path}: {error}") from error
    description = {
        "style": {"name": style or os.path.splitext(os.path.basename(path))[0]},
        "converted": {
            "converted from": os.path.basename(path),
            "kind": foreign.kind,
            "crc32": _checksum(path),
        },
    }
    checkpoint.save_network(foreign.network, prefix, description)
    return checkpoint.read_description(prefix)


def _read(path):
    """The arrays of a file, by its first bytes."""
    with open(path, "rb") as file:
        start = file.read(8)
    if start == _HDF5:
        return hdf5_files.read(path)
    if start.startswith(_TORCH):
        return torch_files.read(path)
    raise ValueError("neither a file of PyTorch nor of HDF5")


def _checksum(path):
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _define_flags():
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(convert).parameters.items()
    }
    flags.DEFINE_string(
        "style", defaults["style"], "What the network's style is called (default: FILE's name)."
    )
    flags.DEFINE_enum(
        "order",
        defaults["order"],
        foreign_networks.ORDERS,
        "HDF5: order of colours for which the network was trained.",
    )


def main(argv):
    if len(argv) != 3:
        command_line.usage_error("two arguments are wanted: FILE and PREFIX")
    values = flags.FLAGS
    description = convert(argv[1], argv[2], style=values.style, order=values.order)
    network = ", ".join(f"{name} {value}" for name, value in description["network"].items())
    print(f"{argv[2]}: {description['converted']['kind']} ({network})")
    return 0


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
