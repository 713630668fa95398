"""Reading the weights of a TensorFlow checkpoint without TensorFlow, whose import takes seconds.

The index and the graph of saved objects are checked before anything is read
(`fast_style.checkpoints.bundle_index`), then the shapes against those of the network, and each
array against its checksum.
"""

import contextlib
import os

import numpy as np

from fast_style.checkpoints.bundle_index import FLOAT, BundleIndex
from fast_style.checkpoints.metadata import (
    CheckpointError,
    check_task,
    from_options,
    metadata_path,
    read_metadata,
)
from fast_style.checkpoints.replacement import whole
from fast_style.networks.architecture import STYLE, Architecture


def load(prefix):
    """Reads the network that a checkpoint describes, with all its styles.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".

    Returns:
        `Architecture`; dict from the path of each weight (`Architecture.weight_shapes`) to a
        float32 array; the metadata (dict).

    Raises:
        FileNotFoundError: there is no checkpoint at `prefix`.
        CheckpointError: damaged, not for a style, or JSON and weights do not match.
    """
    return whole(prefix, _load)


def _load(prefix):
    metadata = read_metadata(prefix)
    check_task(prefix, metadata, STYLE)
    architecture = from_options(
        metadata, metadata_path(prefix), Architecture, Architecture.__dataclass_fields__
    )
    with _reading(prefix):
        return architecture, _read_weights(prefix, architecture), metadata


def check(prefix):
    """Checks the index of a checkpoint and its graph of objects, before TensorFlow reads them.

    TensorFlow makes arrays of the sizes that an index claims. After this they lie within the data
    files, and do not overlap: it can't make more than the files are long.

    Args:
        prefix: checkpoint prefix.

    Raises:
        CheckpointError: a file is missing, or the index is damaged.
    """
    prefix = os.fspath(prefix)
    with _reading(prefix):
        BundleIndex(prefix).graph()


@contextlib.contextmanager
def _reading(prefix):
    """Context that turns what readers raise about damaged files into `CheckpointError`."""
    try:
        yield
    except CheckpointError:
        raise
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{prefix}: damaged checkpoint ({error})") from error


def _read_weights(prefix, architecture):
    index = BundleIndex(prefix)
    graph = index.graph()
    weights = {}
    for path, shape in architecture.weight_shapes.items():
        *blocks, kind = path.split("/")
        key = _key(graph, ["network", *blocks], kind)
        if key is None:
            raise _mismatch(prefix, f"{path} is missing")
        entry = index.entries[key]
        if entry.shape != shape or entry.dtype != FLOAT:
            raise _mismatch(prefix, f"{path} is {entry.shape} on disk, {shape} described")
        weights[path] = np.frombuffer(index.data(key), "<f4").reshape(shape)
    # A variable that two objects refer to is one array, under one key.
    stored = _keys_below(graph, "network")
    if len(stored) != len(weights):
        raise _mismatch(prefix, f"{len(stored)} arrays on disk, {len(weights)} described")
    return weights


def _mismatch(prefix, reason):
    return CheckpointError(
        f"{prefix}: the weights do not fit the network that {metadata_path(prefix)} "
        f"describes ({reason})"
    )


def _key(graph, path, weight):
    """The key of the variable at a path of attributes, from the saved object; None without one."""
    number = 0
    # Keras holds the kernels of some of its layers under the second name.
    for names in [*((name,) for name in path), (weight, f"_{weight}")]:
        children = graph[number][0]
        number = next((children[name] for name in names if name in children), None)
        if number is None:
            return None
    return graph[number][1]


def _keys_below(graph, name):
    """The keys of all variables below one child of the saved object."""
    found, open_numbers, keys = set(), [graph[0][0][name]], set()
    while open_numbers:
        number = open_numbers.pop()
        if number not in found:
            found.add(number)
            children, key = graph[number]
            open_numbers += [child for name, child in children.items() if name[:5] != "_self"]
            keys |= {key} - {None}
    return keys
