"""A folder that one run at a time may write."""

import errno
import os
import socket

from absl import logging

from fast_style import atomic_files
from fast_style.errors import UserError

_NAME = ".lock"
_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL)
_FAR = 1 << 30  # Windows lets nobody read what is locked: a byte beyond the end


class FolderInUse(UserError):
    """Another run is training in the folder."""


class FolderLock:
    """A context in which no other process, nor another lock of this one, can enter a folder's.

    The operating system ends it with the process, however that ends. On a network file system it
    holds among all machines if that has locks; if not, a warning says that there is none.

    Args:
        folder: path of an existing folder that can be written.

    Raises:
        FolderInUse: from `with`: another run holds it.
        OSError: from `with`: its file can't be written.
    """

    def __init__(self, folder):
        self._folder = folder
        self._path = os.path.join(folder, _NAME)
        self._file = None

    def __enter__(self):
        while self._file is None:
            # Appending leaves what another run wrote there.
            file = open(self._path, "a+", encoding="utf-8", errors="replace")  # noqa: SIM115
            try:
                self._lock(file)
                if self._is_current(file):
                    self._file = file
            finally:
                if self._file is None:
                    file.close()
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}")
        self._file.flush()
        return self

    def __exit__(self, *_):
        file, self._file = self._file, None
        if file is None:
            return
        if atomic_files.WINDOWS:  # where an open file can't be removed
            file.close()
        try:
            os.remove(self._path)
        except OSError as error:  # the lock ends all the same
            logging.debug("%s", error)
        file.close()

    def _lock(self, file):
        try:
            _take(file)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                logging.warning(
                    "%s: its file system has no locks (%s): start no second run in this folder",
                    self._folder,
                    error.strerror,
                )
                return
            if error.errno not in _TAKEN:
                raise
            file.seek(0)
            owner = file.read(100).strip()
            raise FolderInUse(
                f"{self._folder}: another run is training in this folder"
                + (owner and f" ({owner})")
                + "; wait for its end, or give another --checkpoint_dir"
            ) from error

    def _is_current(self, file):
        """Whether the file is still the folder's: the run before may just have removed it."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self._path))
        except FileNotFoundError:
            return False


def _take(file):
    """Locks an open file; raises `OSError` at once if someone else has."""
    if atomic_files.WINDOWS:
        import msvcrt

        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
