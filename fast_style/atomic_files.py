"""Files and folders that appear complete or not at all: written elsewhere, then renamed."""

import contextlib
import errno
import os
import shutil
import time
import uuid

PARTIAL = r"\.[0-9a-f]{32}\.tmp"
"""Regular expression of the names that files have while they are written."""
WINDOWS = os.name == "nt"

_PATIENCE = 5.0  # seconds for which Windows is asked again to rename a file that someone reads
# What file systems answer that can't wait for the names in a folder, such as those of networks.
_NO_FOLDERS = (errno.EBADF, errno.EINVAL, errno.ENOTSUP)


@contextlib.contextmanager
def replacing(path, mode="wb", **options):
    """Opens a file for writing that takes its place when the block ends without an error.

    A reader sees the old file or the new one, whole; an error leaves the old one, and so does a
    power cut.

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
        put_in_place(partial, path)
    except BaseException:  # KeyboardInterrupt too leaves nothing behind
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)
        raise


def put_in_place(partial, path):
    """Gives a file that is complete its name; one that is there is replaced, or kept by an error.

    By a power cut, too: but only where there was one is it worth the wait for the disk.

    Args:
        partial: path of the file, in the folder of `path`.
        path: path that it gets.

    Raises:
        OSError: it can't be renamed.
    """
    replaced = os.path.exists(path)
    if replaced:
        sync(partial)
    rename(partial, path)
    if replaced:
        sync(os.path.dirname(os.fspath(path)) or ".")


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


def put_folder_in_place(aside, folder):
    """Gives a folder that is complete its name; one that is there is replaced, or kept by an error.

    Args:
        aside: path of the folder, beside `folder`.
        folder: path that it gets.

    Raises:
        OSError: it can't be renamed.
    """
    old = None
    if os.path.lexists(folder):
        old = unused_path(os.path.dirname(folder))
        rename(folder, old)
    try:
        rename(aside, folder)
    except OSError:
        if old is not None:
            rename(old, folder)
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def sync(path):
    """Waits until a file, or the names in a folder, are on the disk, where a power cut spares them.

    Args:
        path: path of a file, or of a folder: then its names alone. Windows and some file systems of
            networks can't wait for these, and write them in order.

    Raises:
        OSError: they can't be written.
    """
    folder = os.path.isdir(path)
    if folder and WINDOWS:
        return
    # Windows waits only for files that are open for writing.
    number = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(number)
    except OSError as error:
        if not folder or error.errno not in _NO_FOLDERS:
            raise
    finally:
        os.close(number)


def rename(source, target):
    """Gives a file or a folder another name in the same file system; a file there is replaced.

    Windows refuses that while someone reads one of them, so there it is tried for some seconds.

    Raises:
        OSError: it can't be renamed.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if not WINDOWS or time.monotonic() > end:
                raise
            time.sleep(0.05)


def duplicate(source, target):
    """Puts a file under a second name as well, in place of what is there: a link, else a copy.

    Args:
        source: path of a file that is written anew, never changed.
        target: path in the same file system; old or new at every moment.

    Raises:
        OSError: it can't be written.
    """
    partial = unused_path(os.path.dirname(target))
    try:
        try:
            os.link(source, partial)
        except OSError:  # a file system without links
            shutil.copyfile(source, partial)
            sync(partial)
        rename(partial, target)
    finally:
        # Still there after an error, and where both were links to the same file.
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)


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


def nearest_folder(target, path):
    """The folder (str) in which a file would be made, or in which its missing folders would be.

    Args:
        target: path of the file.
        path: the same as the user gave it, named in the error.

    Raises:
        NotADirectoryError: something on the way is a file.
        FileNotFoundError: there is no such drive.
    """
    folder = os.path.dirname(os.path.realpath(target))
    while not os.path.exists(folder):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            raise FileNotFoundError(f"{path}: there is no {folder}")
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{path}: {folder} is a file, not a folder")
    return folder


def check_writable_folder(target, path):
    """Checks that a file can be made in its `nearest_folder`; leaves none behind.

    Args:
        target, path: as in `nearest_folder`.

    Raises:
        NotADirectoryError, FileNotFoundError: as in `nearest_folder`.
        PermissionError: none can.
    """
    folder = nearest_folder(target, path)
    probe = unused_path(folder)
    try:  # permission bits do not tell: root, read-only and virtual file systems
        open(probe, "xb").close()
    except OSError as error:
        raise PermissionError(
            f"{path}: cannot be written, folder {folder}: {error.strerror}"
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(probe)


def unused_path(folder):
    """A hidden, unused path (str) in a folder, for what is being written; see `PARTIAL`."""
    return os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
