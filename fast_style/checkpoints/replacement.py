"""Replacing the files of a checkpoint as if they were one.

PREFIX.index, PREFIX.data-00000-of-00001 and PREFIX.json can't be renamed at once. So a new
checkpoint is written into a folder of its own, which then gets the name .NAME.new: from that moment
on, its files are what readers take for PREFIX. One by one they are put in place beside it, and the
folder goes. What a process that is killed in between leaves undone, the next writer does.
"""

import contextlib
import os
import re
import shutil

from fast_style.atomic_files import duplicate, folder_aside, rename, sync, unused_path
from fast_style.errors import UserError

_PENDING = re.compile(r"\.(.+)\.new")
_SUFFIXES = r"\.(index|json|data-\d{5}-of-\d{5})"
_TRIES = 10  # of reading; each follows a replacement, which takes a training run minutes


@contextlib.contextmanager
def replacing_checkpoint(prefix):
    """A prefix to write to, whose files take the place of a checkpoint's when the block ends.

    Whoever reads with `whole` sees the old checkpoint or the new one, also after a kill or a power
    cut at any moment; an error in the block leaves the old one.

    Args:
        prefix: checkpoint prefix in an existing folder.

    Yields:
        str, the prefix under which the block writes the index, the data and the JSON.

    Raises:
        OSError: the disk is full or the folder can't be written.
    """
    folder, name = os.path.split(prefix)
    with folder_aside(folder or ".") as aside:
        yield os.path.join(aside, name)
        for file in os.listdir(aside):
            sync(os.path.join(aside, file))
        sync(aside)
        pending = _pending(prefix)
        if os.path.isdir(pending):
            _finish(prefix)
        rename(aside, pending)
        sync(folder or ".")
        _finish(prefix)


def whole(prefix, read):
    """Reads the files of a checkpoint, anew if they are replaced meanwhile.

    Args:
        prefix: checkpoint prefix.
        read: function of the prefix under which the files lie; not always `prefix`.

    Returns:
        What `read` returns.

    Raises:
        As `read`.
    """
    prefix = os.fspath(prefix)
    for _ in range(_TRIES):
        before = _identity(prefix)
        try:
            result = read(_stored(prefix))
        except (OSError, UserError):
            if _identity(prefix) == before:
                raise
        else:
            if _identity(prefix) == before:
                return result
    return read(_stored(prefix))


def finish_all(folder):
    """Finishes what killed writers have left undone in a folder, which no other may write."""
    for pending in filter(None, map(_PENDING.fullmatch, os.listdir(folder))):
        if os.path.isdir(os.path.join(folder, pending[0])):
            _finish(os.path.join(folder, pending[1]))


def checkpoint_files(prefix):
    """Paths (list of str) of the index, the data and the JSON of a checkpoint, in any order."""
    folder, name = os.path.split(prefix)
    pattern = re.compile(re.escape(name) + _SUFFIXES)
    return [os.path.join(folder, f) for f in os.listdir(folder or ".") if pattern.fullmatch(f)]


def remove(prefix):
    """Removes a checkpoint: the index first, without which the rest is none."""
    for path in sorted(checkpoint_files(prefix), key=lambda path: not path.endswith(".index")):
        os.remove(path)


def _pending(prefix):
    folder, name = os.path.split(prefix)
    return os.path.join(folder, f".{name}.new")


def _stored(prefix):
    """The prefix under which the files lie that readers take for those of `prefix`."""
    pending = _pending(prefix)
    return os.path.join(pending, os.path.basename(prefix)) if os.path.isdir(pending) else prefix


def _identity(prefix):
    """What tells a checkpoint from the one that replaces it."""
    stored = _stored(prefix)
    found = [stored]
    for suffix in (".index", ".json"):
        try:
            status = os.stat(stored + suffix)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _finish(prefix):
    """Puts the files of the pending folder in place, and removes it."""
    folder, pending = os.path.dirname(prefix), _pending(prefix)
    wanted = [os.path.join(folder, file) for file in sorted(os.listdir(pending))]
    for path in wanted:  # data, index, JSON: what a file refers to exists already
        duplicate(os.path.join(pending, os.path.basename(path)), path)
    for path in set(checkpoint_files(prefix)) - set(wanted):  # data in another number of files
        os.remove(path)
    sync(folder or ".")
    gone = unused_path(folder)
    rename(pending, gone)
    sync(folder or ".")  # before its files go: half of them would be read as a damaged one
    shutil.rmtree(gone, ignore_errors=True)
