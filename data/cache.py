"""Decoded photographs that are kept for the next epoch, in memory or in a folder.

The cache holds exactly what decoding returns, so a run with a cache trains as one without.
"""

import hashlib
import os
import threading
import time

import numpy as np
from absl import logging

from fast_style.atomic_files import make_folder, replacing
from fast_style.errors import check_positive

MEMORY = "memory"
DEFAULT_GIGABYTES = 4.0  # about 4,300 photographs of 640 x 480, COCO's size
_DECODING = "sRGB on white"  # to be changed when decoding gives other pixels than before
_ABANDONED = 3600  # seconds after which no process can still be writing a temporary file


def make_cache(where, gigabytes=DEFAULT_GIGABYTES):
    """A cache of decoded photographs.

    Args:
        where: "memory", or the path of a folder, made if missing, which several runs may share.
        gigabytes: float, what it may hold; once full it keeps what it has.

    Returns:
        An object whose `get(key, decode)` returns the photograph kept under `key` (str), uint8 RGB
        `[H, W, 3]`; if it is missing, `decode()` makes it, and it is kept.

    Raises:
        ValueError: `gigabytes` is not positive.
        OSError: the folder can't be made or read.
    """
    check_positive("cache_gigabytes", gigabytes)
    limit = int(gigabytes * 1e9)
    return _MemoryCache(limit) if where == MEMORY else _FolderCache(where, limit)


def file_key(path, *details):
    """A key that changes when the file does.

    Args:
        path: of the file.
        *details: what else the decoded photograph depends on.

    Raises:
        OSError: there is no such file.
    """
    status = os.stat(path)
    return _digest(os.fsencode(os.path.abspath(path)), status.st_mtime_ns, status.st_size, *details)


def data_key(data, *details):
    """A key for encoded photographs (bytes) that have no file of their own."""
    return _digest(data, *details)


def _digest(data, *details):
    return hashlib.sha256(data + repr((_DECODING, *details)).encode()).hexdigest()


class _MemoryCache:
    def __init__(self, limit):
        self._room = limit
        self._kept = {}
        self._lock = threading.Lock()

    def get(self, key, decode):
        photo = self._kept.get(key)
        if photo is None:
            photo = decode()
            with self._lock:
                if key not in self._kept and photo.nbytes <= self._room:
                    self._room -= photo.nbytes
                    self._kept[key] = photo
        return photo


class _FolderCache:
    """KEY.npy in a folder; each file is complete or missing."""

    def __init__(self, folder, limit):
        self._folder = os.fspath(folder)
        make_folder(self._folder, "the cache")
        self._room = limit
        self._lock = threading.Lock()
        for entry in os.scandir(self._folder):
            if entry.name.endswith(".npy"):
                self._room -= entry.stat().st_size
            elif entry.name.endswith(".tmp") and time.time() - entry.stat().st_mtime > _ABANDONED:
                os.remove(entry.path)

    def get(self, key, decode):
        path = os.path.join(self._folder, f"{key}.npy")
        photo = _read(path)
        if photo is None:
            photo = decode()
            self._keep(path, photo)
        return photo

    def _keep(self, path, photo):
        with self._lock:
            if photo.nbytes > self._room:
                return
            self._room -= photo.nbytes
        try:
            with replacing(path) as file:
                np.save(file, photo, allow_pickle=False)
        except OSError as error:  # training goes on without the cache
            with self._lock:
                if self._room > 0:
                    logging.warning("the cache keeps no more photographs: %s", error)
                self._room = 0


def _read(path):
    """The photograph in a file, memory-mapped; None if the file is missing or damaged."""
    try:
        # Mapped: a header that claims more than the file holds allocates no memory.
        photo = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError):
        return None
    sound = photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3 and photo.size
    return np.asarray(photo) if sound else None
