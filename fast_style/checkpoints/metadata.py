"""The JSON beside a checkpoint: how its network is built and how it was trained."""

import json
import math
import os

from fast_style.atomic_files import replacing
from fast_style.checkpoints.replacement import whole
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STYLE, TASKS

FORMAT = 1
MAX_METADATA = 1 << 20  # bytes; a trained network's has about 2,000
MAX_DEPTH = 100  # each network that a run started from adds two levels
_KINDS = {
    **dict.fromkeys(("network", "style", "losses", "training", "converted", "versions"), dict),
    "styles": list,
    "step": int,
    "task": str,
}


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
    # What is no UTF-8 in the name of a file is escaped as JSON does, and read as it was.
    options = {"encoding": "utf-8", "errors": "backslashreplace"}
    with replacing(metadata_path(prefix), "w", **options) as file:
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
    with open(path, "rb") as file:
        text = file.read(MAX_METADATA + 1)
    if len(text) > MAX_METADATA:
        raise CheckpointError(f"{path}: larger than {MAX_METADATA} bytes, not metadata")
    try:
        metadata = _parse(text)
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
    for name, kind in _KINDS.items():
        if name in metadata and not isinstance(metadata[name], kind):
            raise CheckpointError(f'{path}: "{name}" must be of type {kind.__name__}')
    for style in metadata.get("styles", ()):
        if not isinstance(style, dict) or not isinstance(style.get("name"), str):
            raise CheckpointError(f'{path}: "styles" must be objects with a "name"')
    return metadata


def _parse(text):
    """The value of a JSON text (bytes) whose numbers are finite and whose objects are unambiguous.

    Raises:
        ValueError, RecursionError: it is not; the latter also if it is nested too deep.
    """
    value = json.loads(text.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")
        below = []
        for part in level:
            if isinstance(part, dict):
                below += part.values()
            elif isinstance(part, list):
                below += part
            elif isinstance(part, float) and not math.isfinite(part):  # 1e999
                raise ValueError("a number is infinite")
            elif isinstance(part, int) and abs(part) >= 1 << 63:
                raise ValueError("a number of more than 64 bits")
        level, depth = below, depth + 1
    return value


def _object(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a name appears twice among {', '.join(map(repr, found))}")
    return found


def _refuse(name):
    raise ValueError(f"{name} is not a number")


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
