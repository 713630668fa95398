"""Trained networks on disk: weights in TensorFlow's checkpoint format, their metadata as JSON.

A network at PREFIX is PREFIX.index, PREFIX.data-00000-of-00001 and PREFIX.json. The JSON holds the
network's config, so that PREFIX is all that is needed to load it.
"""

import contextlib
import errno
import math
import os
import re
import shutil
import tempfile

import tensorflow as tf

from fast_style.atomic_files import duplicate, folder_aside, make_folder, rename, sync
from fast_style.checkpoints import tensor_bundle
from fast_style.checkpoints.metadata import (
    CheckpointError,
    check_task,
    from_options,
    metadata_path,
    read_metadata,
    task_of,
    write_metadata,
)
from fast_style.checkpoints.replacement import checkpoint_files, replacing_checkpoint, whole
from fast_style.checkpoints.styles import assign_arrays, choose
from fast_style.errors import first_line, system_reason
from fast_style.networks.architecture import STYLE
from fast_style.networks.layers import ResidualBlock
from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.networks.transform_net import TransformNet

NETWORKS = {network.task: network for network in (TransformNet, SuperResolutionNet)}  # by task
_ORIGIN = ("task", "step", "style", "styles", "losses", "training", "init_from")
_ORIGIN += ("converted", "sha256")
# What TensorFlow raises for damaged files.
_DAMAGE = (tf.errors.OpError, RuntimeError, LookupError, UnicodeError, AssertionError)
_NETWORK = "network"  # the attribute under which tf.train.Checkpoint holds the network


def build_network(metadata, where):
    """The network of metadata's "task" and "network", with fresh weights.

    Args:
        metadata: dict as `read_metadata` returns it.
        where: str, named in errors.

    Raises:
        CheckpointError: an unknown or unsupported option.
    """
    kind = NETWORKS[task_of(metadata)]
    network = from_options(metadata, where, kind, kind.OPTIONS)
    network.build()
    return network


def _check_size(prefix, metadata):
    """Raises `CheckpointError` if a network's residual blocks alone have more bytes than its data.

    The metadata may be hostile: such a network is not even made.
    """
    kind = NETWORKS[task_of(metadata)]
    network = from_options(metadata, metadata_path(prefix), kind, kind.OPTIONS)
    blocks = [block for block in network.blocks if isinstance(block, ResidualBlock)]
    described = sum(4 * 2 * 9 * block.filters**2 for block in blocks)
    data = [path for path in checkpoint_files(prefix) if ".data-" in os.path.basename(path)]
    found = sum(map(os.path.getsize, data))
    if described > found:
        raise CheckpointError(
            f"{prefix}: the weights do not fit the network that {metadata_path(prefix)} "
            f"describes ({found:,} bytes on disk, at least {described:,} described)"
        )


def load_network(prefix, task=None, style=None):
    """Builds the network that a checkpoint describes and loads its weights.

    Args:
        prefix: checkpoint prefix: `ckpt-done`, or a checkpoint of a run, `ckpt-1000`.
        task: what the network must have been trained for, a key of `NETWORKS`; None for any.
        style: of a network of several styles, the one or the mixture whose plain network is
            wanted, see `fast_style.checkpoints.styles`; None for the network as it is.

    Returns:
        `TransformNet` or `SuperResolutionNet`, and the metadata (dict).

    Raises:
        FileNotFoundError: there is no checkpoint at `prefix`.
        CheckpointError: damaged, of another task, or JSON and weights do not match.
        ValueError: `style` is unknown, or given for a network of one style.
    """
    return whole(prefix, lambda stored: _load(stored, task, style))


def _load(prefix, task, style):
    metadata = read_metadata(prefix)
    check_task(prefix, metadata, task)
    if style is not None:
        architecture, arrays, _ = tensor_bundle.load(prefix)
        return network_of(*choose(arrays, architecture, metadata, prefix, style)), metadata
    _check_size(prefix, metadata)
    network = build_network(metadata, metadata_path(prefix))
    with reading_checkpoint(prefix) as readable:
        _check_shapes(prefix, readable, network)
        status = tf.train.Checkpoint(**{_NETWORK: network}).read(readable)
        status.expect_partial()  # a run's checkpoint holds its optimizer, too
        status.assert_existing_objects_matched()
    return network, metadata


def network_of(arrays, architecture):
    """A `TransformNet` with these weights.

    Args:
        arrays: dict from path (`Architecture.weight_shapes`) to array.
        architecture: `Architecture`.
    """
    network = TransformNet(**architecture.options)
    network.build()
    assign_arrays(network, arrays)
    return network


def save_network(network, prefix, metadata):
    """Writes a network's weights and metadata; a reader sees the old checkpoint or the new one.

    Args:
        network: a `TransformNet` or `SuperResolutionNet`.
        prefix: checkpoint prefix; what is there is replaced.
        metadata: dict of what JSON can hold; "network" and its "task" are added.

    Raises:
        OSError: the disk is full or the folder can't be written.
    """
    prefix = os.fspath(prefix)
    os.makedirs(os.path.dirname(prefix) or ".", exist_ok=True)
    save(tf.train.Checkpoint(**{_NETWORK: network}), prefix, {**metadata_of(network), **metadata})


def save(checkpoint, prefix, metadata):
    """Writes what a `tf.train.Checkpoint` holds, with metadata (dict), as `save_network` does."""
    with writing_checkpoint(prefix), replacing_checkpoint(prefix) as partial:
        checkpoint.write(partial)
        write_metadata(partial, metadata)


def metadata_of(network):
    """The metadata of a network alone: "task", unless it is a style, and "network" (dict)."""
    task = {} if network.task == STYLE else {"task": network.task}
    return {**task, "network": network_config(network)}


def network_config(network):
    """The config of a network as the JSON holds it, without Keras's own entries (dict)."""
    config = network.get_config()
    # An option added later is written only if it is used: earlier runs still match their metadata.
    later = network.LATER_OPTIONS
    return {n: config[n] for n in network.OPTIONS if config[n] != later.get(n)}


def origin_of(metadata):
    """What metadata keeps of the network that a run started from (dict).

    Args:
        metadata: that network's, and as "sha256" the `arrays_hash` of its weights.
    """
    return {name: metadata[name] for name in _ORIGIN if name in metadata}


def prepare_folder(folder):
    """Makes a folder for checkpoints, and checks that it can be written.

    Raises:
        OSError: it is a file, or it can't be made or written.
    """
    make_folder(folder, "checkpoints")
    with tempfile.TemporaryFile(dir=folder):
        pass


def set_aside(folder, name=None):
    """Moves checkpoints of an earlier run into `folder`/previous-N.

    Args:
        folder: a run's checkpoint folder, whose unfinished checkpoints are finished.
        name: name of one checkpoint, such as "ckpt-done", which stays to be replaced, too; None for
            all numbered ones of the run, and its log.

    Returns:
        str, the new folder, or None if there was nothing to move.
    """
    pattern = re.compile(rf"{re.escape(name)}\..*" if name else r"ckpt-\d+\..*|checkpoint|log")
    found = [entry for entry in os.listdir(folder) if pattern.fullmatch(entry)]
    if not found:
        return None
    number = 1
    while os.path.exists(aside := os.path.join(folder, f"previous-{number}")):
        number += 1
    # All are there before the first one goes: a run that is killed meanwhile tears none apart.
    files = [entry for entry in found if os.path.isfile(os.path.join(folder, entry))]
    with folder_aside(folder) as partial:
        for entry in files:
            duplicate(os.path.join(folder, entry), os.path.join(partial, entry))
        sync(partial)
        rename(partial, aside)
        sync(folder)
    for entry in () if name else files:
        os.remove(os.path.join(folder, entry))
    for entry in set(found) - set(files):
        rename(os.path.join(folder, entry), os.path.join(aside, entry))
    return aside


@contextlib.contextmanager
def writing_checkpoint(prefix):
    """Context that turns errors while writing a checkpoint into an `OSError` that names it."""
    try:
        yield
    except tf.errors.OpError as error:
        full = isinstance(error, tf.errors.ResourceExhaustedError)
        number, reason, cause = errno.ENOSPC if full else errno.EIO, system_reason(error), error
    except OSError as error:
        number, reason, cause = error.errno or errno.EIO, error.strerror or str(error), error
    else:
        return
    text = f"could not be written ({reason}); earlier checkpoints are kept"
    raise OSError(number, text, os.fspath(prefix)) from cause


@contextlib.contextmanager
def reading_checkpoint(prefix):
    """Context in which TensorFlow may read a checkpoint: its index is checked before.

    TensorFlow's errors about damaged files become `CheckpointError`.

    Args:
        prefix: checkpoint prefix.

    Yields:
        str, a prefix under which TensorFlow finds the files: it takes brackets, stars, question
        marks and backslashes in a path for a pattern, so where there are some, that of links or
        copies in a temporary folder.
    """
    tensor_bundle.check(prefix)
    with contextlib.ExitStack() as stack:
        try:
            yield _without_magic(prefix, stack)
        except _DAMAGE as error:
            raise CheckpointError(f"{prefix}: damaged checkpoint ({first_line(error)})") from error


def _without_magic(prefix, stack):
    """The prefix that `reading_checkpoint` yields, for as long as `stack` is open."""
    if not re.search(r"[][*?\\]", prefix if os.sep == "/" else prefix.replace(os.sep, "/")):
        return prefix
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    for path in checkpoint_files(prefix):
        suffix = os.path.basename(path)[len(os.path.basename(prefix)) :]
        copy = os.path.join(folder, f"ckpt{suffix}")
        try:
            os.symlink(os.path.abspath(path), copy)
        except OSError:  # Windows keeps links for administrators
            shutil.copyfile(path, copy)
    return os.path.join(folder, "ckpt")


def _check_shapes(prefix, readable, network):
    """Raises `CheckpointError` unless the weights at `readable` have the shapes of `network`'s."""
    # A variable that the optimizer refers to is stored under the optimizer's name.
    kept = (f"{_NETWORK}/", "optimizer/_trainable_variables/")
    shapes = tf.train.load_checkpoint(readable).get_variable_to_shape_map()
    found = sorted(tuple(shape) for name, shape in shapes.items() if name.startswith(kept))
    wanted = sorted(tuple(weight.shape) for weight in network.weights)
    if found != wanted:
        raise CheckpointError(
            f"{prefix}: the weights do not fit the network that {metadata_path(prefix)} "
            f"describes ({len(found)} arrays of {_parameters(found)} numbers on disk, "
            f"{len(wanted)} of {_parameters(wanted)} described)"
        )


def _parameters(shapes):
    return f"{sum(math.prod(shape) for shape in shapes):,}"
