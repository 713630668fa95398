"""The JSON beside a checkpoint: how its network is built and how it was trained."""

import json
import os

from fast_style.atomic_files import replacing
from fast_style.checkpoints.replacement import whole
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STYLE, TASKS

FORMAT = 1
MAX_METADATA = 1 << 20  # bytes; a trained network's has about 2,000


class CheckpointError(InvalidValue):
    """A checkpoint that is damaged, incomplete or not of this project."""


def metadata_path(prefix):
    """Path of the JSON that belongs to a checkpoint prefix."""
    return f"{os.fspath(prefix)}.json"


def write_metadata(prefix, metadata):
    """Writes the JSON beside a checkpoint; readers see the old file or the new one, complete.

    Args:
        prefix: checkpoint prefix.
        metadata: dict of what JSON can hold.
    """
    with replacing(metadata_path(prefix), "w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, **metadata}, file, indent=2, ensure_ascii=False)
        file.write("\n")


def read_metadata(prefix):
    """Reads the JSON beside a checkpoint.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".

    Returns:
        dict, with at least "network", the config of a network for its "task".

    Raises:
        FileNotFoundError: there is no checkpoint or no JSON at `prefix`.
        CheckpointError: the JSON is damaged, or not the metadata of a network.
    """
    return whole(prefix, _read)


def _read(prefix):
    path = metadata_path(prefix)
    if not os.path.isfile(f"{prefix}.index"):
        hint = " (give the prefix, without .index)" if os.path.isfile(prefix) else ""
        raise FileNotFoundError(f"{prefix}: no such checkpoint{hint}")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: the metadata of the checkpoint is missing")
    if os.path.getsize(path) > MAX_METADATA:
        raise CheckpointError(f"{path}: larger than {MAX_METADATA} bytes, not metadata")
    try:
        with open(path, encoding="utf-8") as file:
            metadata = json.load(file)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get("network"), dict):
        raise CheckpointError(f'{path}: has no "network" object')
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f'{path}: "format" must be {FORMAT}; received {metadata.get("format")!r}'
        )
    if task_of(metadata) not in TASKS:
        raise CheckpointError(
            f'{path}: "task" must be one of {", ".join(TASKS)}; received {metadata["task"]!r}'
        )
    return metadata


def task_of(metadata):
    """What a network was trained for, one of `TASKS`; a style if the metadata names no task."""
    return metadata.get("task", STYLE)


def check_task(prefix, metadata, task):
    """Checks that the network of a checkpoint was trained for a task.

    Args:
        prefix: checkpoint prefix, named in the error.
        metadata: dict as `read_metadata` returns it.
        task: one of `TASKS`, or None for any.

    Raises:
        CheckpointError: it was trained for another.
    """
    if task not in (None, task_of(metadata)):
        raise CheckpointError(
            f"{prefix}: is a network for {task_of(metadata)}, one for {task} is expected"
        )


def from_options(metadata, where, make, known):
    """Builds an object from the options in the "network" of metadata.

    Args:
        metadata: dict as `read_metadata` returns it.
        where: str, named in errors.
        make: class or function, called with the options by name.
        known: names of all options.

    Returns:
        What `make` returns.

    Raises:
        CheckpointError: an unknown or unsupported option.
    """
    options = dict(metadata["network"])
    options.pop("name", None)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise CheckpointError(f"{where}: unknown network option {unknown[0]!r}")
    try:
        return make(**options)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{where}: {error}") from error
