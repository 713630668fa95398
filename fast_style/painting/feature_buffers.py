"""Where features wait between the segments of a network: in memory, or in a file."""

import functools
import itertools
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_THREADS = min(4, os.cpu_count() or 1)  # more copy no faster than memory does
_LEAST_COPIED = 2**19  # bytes that are worth a thread


class InMemory:
    """Bytes in memory, which readers and writers see as rows of their own choice.

    Args:
        size: int, bytes.
    """

    def __init__(self, size):
        self.array = np.empty(size, np.uint8)

    def read(self, target, start, stride, offset=0):
        """Fills an array with rows.

        Args:
            target: array `[rows, numbers]` of any dtype, each row of it contiguous.
            start: int, the first row.
            stride: int, bytes from the beginning of one row to that of the next.
            offset: int, bytes of each row before those that are read.
        """
        target = target.view(np.uint8)
        _copy(self._rows(target, start, stride, offset), target)

    def write(self, rows, start, stride, offset=0):
        """Stores an array `[rows, numbers]`; the rest as in `read`."""
        rows = rows.view(np.uint8)
        _copy(rows, self._rows(rows, start, stride, offset))

    def _rows(self, like, start, stride, offset):
        rows = self.array.reshape(-1, stride)
        return rows[start : start + len(like), offset : offset + like.shape[1]]


def _copy(source, target):
    """Copies rows, several at a time: while one thread copies, processors would wait."""
    parts = min(_THREADS, len(source), source.size // _LEAST_COPIED)
    if parts < 2:
        target[:] = source
        return
    ends = np.linspace(0, len(source), parts + 1).astype(int)
    slices = [slice(*pair) for pair in itertools.pairwise(ends)]
    list(_pool().map(lambda rows: np.copyto(target[rows], source[rows]), slices))


@functools.cache
def _pool():
    return ThreadPoolExecutor(_THREADS, "copy")


class InFile:
    """The same in a file without a name, a context manager; not mapped, which would be memory.

    Raises:
        OSError: the file does not fit on the disk; so do the methods.
    """

    def __enter__(self):
        self.file = tempfile.TemporaryFile(dir=temporary_folder(), buffering=0)
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self, target, start, stride, offset=0):
        """As of `InMemory`."""
        for view in self._parts(target, start, stride, offset):
            while len(view):
                view = view[self.file.readinto(view) :]

    def write(self, rows, start, stride, offset=0):
        """As of `InMemory`."""
        for view in self._parts(rows, start, stride, offset):
            while len(view):
                view = view[self.file.write(view) :]

    def _parts(self, rows, start, stride, offset):
        """Parts of an array that lie together in the file, which is put to the place of each."""
        rows = rows.view(np.uint8)
        if rows.flags.c_contiguous and rows.shape[1] == stride:
            rows = rows.reshape(1, -1)
        for number, row in enumerate(rows, start):
            self.file.seek(number * stride + offset)
            yield memoryview(row)


def temporary_folder():
    """Folder of the file: TMPDIR, or /var/tmp, since /tmp is in memory on many systems."""
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        return "/var/tmp"
    return tempfile.gettempdir()


def check_disk(size):
    """Raises `OSError` unless `size` bytes are free in the folder of the file."""
    folder = temporary_folder()
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(
            f"{folder}: {size / 2**30:.1f} GiB are needed for a picture of this size, "
            f"{free / 2**30:.1f} GiB are free (the environment variable TMPDIR names another "
            "folder; a larger --max_memory may do without)"
        )
