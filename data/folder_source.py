"""The photographs of a folder, for `data.photos`."""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from fast_style import images
from fast_style.errors import InvalidValue


class FolderSource:
    """File names of a folder in an order shuffled anew in each epoch.

    Args:
        folder: path, searched recursively (`fast_style.images.find`).
        seed: int, of the order.

    Raises:
        FileNotFoundError, NotADirectoryError: the folder is missing, or not a folder.
        ValueError: it holds no image file.
    """

    def __init__(self, folder, seed):
        self.folder = folder
        self.paths = [os.fspath(path) for path in images.find(folder)]
        self.seed = seed
        if not self.paths:
            raise InvalidValue(f"{folder}: no image file in this folder or below it")
        self._order = functools.lru_cache(maxsize=4)(self._shuffled)

    def __len__(self):
        return len(self.paths)

    def _shuffled(self, epoch):
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.paths))

    @functools.cached_property
    def fingerprint(self):
        """SHA-256 (str) of the names of the files below the folder, and of their sizes in bytes.

        It tells other, more or fewer photographs, not those changed without a change of size: of
        ten thousands the contents would take minutes to read.
        """
        names = [Path(path).relative_to(self.folder).as_posix() for path in self.paths]
        sizes = map(os.path.getsize, self.paths)
        text = "\n".join(f"{name} {size}" for name, size in sorted(zip(names, sizes, strict=True)))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def record(self, index):
        """(file name, empty data), both bytes, at an index of the order over all epochs."""
        epoch, place = divmod(int(index), len(self.paths))
        path = self.paths[self._order(epoch)[place]]
        return path.encode("utf-8", "surrogateescape"), b""

    def _name(self, index):
        return self.record(index)[0]

    def records(self, position):
        """Dataset of (index, file name, empty data) from `position` on."""
        dataset = tf.data.Dataset.range(position, np.iinfo(np.int64).max)
        return dataset.map(
            lambda index: (index, tf.numpy_function(self._name, [index], tf.string), "")
        )
