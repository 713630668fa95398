"""Zip archives of strangers, of which only members are read that are stored as they are."""

import contextlib
import os
import struct
import zipfile
import zlib

from fast_style.errors import InvalidValue, UserError

MAX_MEMBERS = 10_000
MAX_DIRECTORY = 1 << 22  # bytes of the list of members, of which each has about 100
# What zipfile raises for damaged archives.
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class UnsafeZip(InvalidValue):
    """An archive that is damaged, or whose members could become larger than it is."""


@contextlib.contextmanager
def opened(file):
    """Opens an archive; what damage in it raises while it is open becomes `UnsafeZip`.

    Args:
        file: binary file that can be sought.

    Yields:
        The `zipfile.ZipFile`, and a dict from the names of its members to their `ZipInfo`s.

    Raises:
        UnsafeZip: it is damaged, or has too many members.
    """
    bounded = _Bounded(file)
    try:
        with zipfile.ZipFile(bounded) as archive:
            bounded.most = None
            listed = archive.infolist()
            members = {info.filename: info for info in listed}
            if len(listed) > MAX_MEMBERS or len(members) != len(listed):
                raise UnsafeZip("too many members, or one of them twice")
            yield archive, members
    except UserError:
        raise
    except _DAMAGED as error:
        raise UnsafeZip(f"damaged archive ({error})") from error


def check_stored(info, most):
    """Raises `UnsafeZip` unless a member is stored as it is and has at most `most` bytes.

    A compressed one could become larger than any memory.

    Args:
        info: `zipfile.ZipInfo`.
        most: int, bytes.
    """
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise UnsafeZip(f"member {info.filename!r} is compressed")
    if info.file_size > most:
        raise UnsafeZip(f"member {info.filename!r} is larger than {most:,} bytes")


class _Bounded:
    """A file of which not too much is read at once.

    zipfile reads the list of members in one piece, and makes an object for each before it can be
    asked how many there are.
    """

    def __init__(self, file):
        self._file = file
        self.most = MAX_DIRECTORY
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size=-1):
        if self.most is not None:
            place = self._file.tell()
            left = self._file.seek(0, os.SEEK_END) - place
            self._file.seek(place)
            if (left if size is None or size < 0 else size) > self.most:
                raise UnsafeZip("its list of members is too long")
        return self._file.read(size)
