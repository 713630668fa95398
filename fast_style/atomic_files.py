"""Files and folders that appear complete or not at all: written elsewhere, then renamed."""

import contextlib
import os
import shutil
import uuid

PARTIAL = r"\.[0-9a-f]{32}\.tmp"
"""Regular expression of the names that files have while they are written."""


@contextlib.contextmanager
def replacing(path, mode="wb", **options):
    """Opens a file for writing that takes its place when the block ends without an error.

    A reader sees the old file or the new one, whole; an error leaves the old one.

    Args:
        path: path of the file; its folder exists.
        mode, **options: of `open`.

    Yields:
        The open file.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    partial = unused_path(os.path.dirname(os.fspath(path)))
    try:
        # Not tempfile, whose files only their owner may read, whatever the umask.
        with open(partial, mode.replace("w", "x"), **options) as file:
            yield file
        os.replace(partial, path)
    except BaseException:  # KeyboardInterrupt too leaves nothing behind
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)
        raise


@contextlib.contextmanager
def folder_aside(folder):
    """A new hidden folder inside `folder`, which is gone when the block ends unless it was renamed.

    Args:
        folder: path of an existing folder.

    Yields:
        str, its path.
    """
    aside = unused_path(folder)
    os.mkdir(aside)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def make_folder(folder, purpose):
    """Makes a folder, and those above it, if they are missing.

    Args:
        folder: path of the folder.
        purpose: what it is for, named in the error.

    Raises:
        NotADirectoryError: `folder` is a file.
        OSError: it can't be made.
    """
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise NotADirectoryError(f"{folder}: is a file, a folder for {purpose} is expected")
    os.makedirs(folder, exist_ok=True)


def unused_path(folder):
    """A hidden, unused path (str) in a folder, for what is being written; see `PARTIAL`."""
    return os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
