"""The JSON beside a checkpoint: how its network is built and how it was trained."""

import contextlib
import json
import os

FORMAT = 1
STYLE, SUPER_RESOLUTION = "style", "super_resolution"
TASKS = (STYLE, SUPER_RESOLUTION)
"""What a network may be trained for."""
MAX_DESCRIPTION = 1 << 20  # bytes; ours have about 2,000


class CheckpointError(ValueError):
    """A checkpoint that is damaged, incomplete or not one of this project."""


def description_path(prefix):
    """Path of the JSON that belongs to a checkpoint prefix."""
    return f"{os.fspath(prefix)}.json"


def write_description(prefix, description):
    """Writes the JSON beside a checkpoint; a reader sees the old one or the new one, whole.

    Args:
        prefix: checkpoint prefix.
        description: dict of what JSON can hold.
    """
    path = description_path(prefix)
    partial = f"{path}.partial-{os.getpid()}"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **description}, file, indent=2, ensure_ascii=False)
            file.write("\n")
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)


def read_description(prefix):
    """Reads the JSON beside a checkpoint.

    Args:
        prefix: checkpoint prefix, such as "checkpoints/ckpt-done".

    Returns:
        dict, with at least "network", the config of a network for its "task".

    Raises:
        FileNotFoundError: there is no checkpoint or no JSON at `prefix`.
        CheckpointError: the JSON can't be understood.
    """
    prefix = os.fspath(prefix)
    path = description_path(prefix)
    if not os.path.isfile(f"{prefix}.index"):
        hint = " (give the prefix, without .index)" if os.path.isfile(prefix) else ""
        raise FileNotFoundError(f"{prefix}: no such checkpoint{hint}")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: the description of the checkpoint is missing")
    if os.path.getsize(path) > MAX_DESCRIPTION:
        raise CheckpointError(f"{path}: larger than {MAX_DESCRIPTION} bytes, not a description")
    try:
        with open(path, encoding="utf-8") as file:
            description = json.load(file)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(description, dict) or not isinstance(description.get("network"), dict):
        raise CheckpointError(f'{path}: has no "network" object')
    if description.get("format") != FORMAT:
        raise CheckpointError(
            f'{path}: "format" must be {FORMAT}; received {description.get("format")!r}'
        )
    if task_of(description) not in TASKS:
        raise CheckpointError(
            f'{path}: "task" must be one of {", ".join(TASKS)}; received {description["task"]!r}'
        )
    return description


def task_of(description):
    """What a network was trained for: one of `TASKS`; a style where the description is silent."""
    return description.get("task", STYLE)


def check_task(prefix, description, task):
    """Checks what the network of a checkpoint was trained for.

    Args:
        prefix: checkpoint prefix, named in the error.
        description: dict as `read_description` returns it.
        task: one of `TASKS`, or None for any.

    Raises:
        CheckpointError: it is another.
    """
    if task not in (None, task_of(description)):
        raise CheckpointError(
            f"{prefix}: is a network for {task_of(description)}, one for {task} is wanted"
        )


def from_options(description, where, make, known):
    """What `make` builds from the options in a description's "network".

    Args:
        description: dict as `read_description` returns it.
        where: str, named in errors.
        make: called with the options by name.
        known: names of the options that there are.

    Raises:
        CheckpointError: for an unknown key or an option out of range.
    """
    options = dict(description["network"])
    options.pop("name", None)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise CheckpointError(f"{where}: unknown network option {unknown[0]!r}")
    try:
        return make(**options)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{where}: {error}") from error
