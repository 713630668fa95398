"""Where features wait between the segments of a network: in memory, or in a file."""

import os
import shutil
import tempfile

import numpy as np


class InMemory:
    """Rows of features, float32, in memory.

    Args:
        shape: (rows, columns, channels).
    """

    def __init__(self, shape):
        self.array = np.empty(shape, np.float32)

    def read(self, start, stop):
        """A copy of the rows from `start` to `stop`, float32 `[rows, columns, channels]`."""
        return self.array[start:stop].copy()

    def write(self, start, rows):
        """Stores rows (float32) from `start` on."""
        self.array[start : start + len(rows)] = rows


class InFile:
    """Rows in a file without a name, a context manager; not mapped, which would count as memory.

    Args:
        shape: (rows, columns, channels).

    Raises:
        OSError: the file does not fit on the disk; so do the methods.
    """

    def __init__(self, shape):
        self.shape = shape
        self.row = 4 * shape[1] * shape[2]  # bytes

    def __enter__(self):
        self.file = tempfile.TemporaryFile(dir=temporary_folder(), buffering=0)
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self, start, stop):
        """As of `InMemory`."""
        rows = np.empty((stop - start, *self.shape[1:]), np.float32)
        view = memoryview(rows).cast("B")
        self.file.seek(start * self.row)
        while len(view):
            view = view[self.file.readinto(view) :]
        return rows

    def write(self, start, rows):
        """As of `InMemory`."""
        view = memoryview(np.ascontiguousarray(rows)).cast("B")
        self.file.seek(start * self.row)
        while len(view):
            view = view[self.file.write(view) :]


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
