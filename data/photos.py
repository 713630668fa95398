"""The training pipeline: photographs in, batches of random crops out (`tf.data`).

The order of the photographs, the crops and the flips follow from the seed and the position in the
data alone, so a run that is resumed at a position sees what it would have seen.
"""

import functools
import os
import threading

import numpy as np
import tensorflow as tf
from absl import logging

from data import images

TFDS_PREFIX = "tfds:"


class Photos:
    """Photographs to train on, from a folder or from TensorFlow Datasets.

    A photograph that can't be decoded is logged once, counted in `skipped` and passed over; with
    `zoom=None` one that is smaller than a crop is passed over, too, and counted in `too_small`.

    Args:
        source: a folder, searched recursively, or "tfds:NAME[:SPLIT]" such as
            "tfds:coco/2014:train" for a prepared TFDS dataset with an "image" feature.
        image_size: int, side of the square crops in pixels.
        batch_size: int, photographs in a batch.
        seed: int, of order, crops and flips.
        zoom: float >= 1. A photograph is resized so that its shorter side is `image_size` times a
            factor drawn from 1..zoom (never enlarged beyond need) before the crop is taken. None
            takes the crop at the photograph's own resolution.
        max_pixels: int, a photograph with more pixels is passed over.
        data_dir: TFDS's data_dir; its default if None.
        degrade: None, or a function of uint8 crops `[N, S, S, 3]` (a tensor) whose result is
            handed out together with them.

    Raises:
        FileNotFoundError, NotADirectoryError: the folder does not exist or is none.
        ValueError: no readable photograph, a TFDS dataset that is not there, or an option out of
            range.
    """

    def __init__(
        self,
        source,
        image_size=256,
        batch_size=4,
        seed=0,
        zoom=2.0,
        max_pixels=images.MAX_PIXELS,
        data_dir=None,
        degrade=None,
    ):
        for name, value, least in (
            ("image_size", image_size, 1),
            ("batch_size", batch_size, 1),
            ("seed", seed, 0),
            ("zoom", 1 if zoom is None else zoom, 1),
        ):
            if not least <= value < np.inf:  # nor NaN
                raise ValueError(f"`{name}` must be at least {least}; received {value}")
        self.image_size = image_size
        self.batch_size = batch_size
        self.seed = seed
        self.zoom = zoom
        self.max_pixels = max_pixels
        self._degrade = degrade
        self._unreadable = set()
        self._too_small = set()
        self._misses = 0  # photographs passed over since the last good one
        self._lock = threading.Lock()
        # Python threads: Pillow lets go of the interpreter while it decodes and resizes.
        self._workers = max(2, os.cpu_count() or 2)
        self.failure = None  # what ended the pipeline, if something did
        source = os.fspath(source)
        if source.startswith(TFDS_PREFIX):
            # TFDS takes seconds to import; only those who ask for it wait for it.
            from data.tfds_source import TfdsSource

            self._source = TfdsSource(source.removeprefix(TFDS_PREFIX), data_dir, seed)
        else:
            self._source = _FolderSource(source, seed)
        self._check_readable(source)

    def __len__(self):
        """Number of photographs, the unreadable ones included."""
        return len(self._source)

    @property
    def skipped(self):
        """Number of different photographs that could not be read so far."""
        return len(self._unreadable)

    @property
    def too_small(self):
        """Number of different photographs so far that no crop fits into."""
        return len(self._too_small)

    def batches(self, position=0):
        """An endless dataset of batches.

        Args:
            position: int, how many photographs of the order were consumed before.

        Returns:
            `tf.data.Dataset` of pairs: uint8 RGB `[batch_size, image_size, image_size, 3]`, and
            the position after that batch (int64 scalar). With `degrade`, the first is a pair
            itself: what `degrade` made of the crops, and the crops.
        """
        side = self.image_size

        def example(index, name, data):
            crop = tf.numpy_function(self._example, [index, name, data], tf.uint8)
            return crop, index + 1

        dataset = self._source.records(position)
        dataset = dataset.map(example, num_parallel_calls=self._workers, deterministic=True)
        dataset = dataset.filter(lambda crop, _: tf.size(crop) > 0)
        dataset = dataset.map(lambda crop, after: (tf.ensure_shape(crop, (side, side, 3)), after))
        dataset = dataset.batch(self.batch_size, drop_remainder=True)
        dataset = dataset.map(lambda crops, after: (crops, after[-1]))
        if self._degrade:
            dataset = dataset.map(lambda crops, after: ((self._degrade(crops), crops), after))
        return dataset.prefetch(4)

    def explain(self, error):
        """The error behind a `tf.errors.OpError` from a dataset: what a caller should raise.

        tf.data passes on no more than the text of what went wrong in Python or in a TFDS file.
        """
        reason = str(error).strip().splitlines()[0]
        return self.failure or OSError(f"the photographs can't be read: {reason}")

    def _example(self, index, name, data):
        """A random crop, uint8 `[S, S, 3]`; empty where the photograph is passed over."""
        name = name.decode("utf-8", "surrogateescape")
        try:
            photo = self._decode(name, data)
        except (OSError, images.ImageError) as error:
            self._pass_over(name, self._unreadable, error)
            return np.zeros((0, 0, 3), np.uint8)
        height, width = photo.shape[:2]
        if self.zoom is None and min(height, width) < self.image_size:
            reason = f"{name}: {width} x {height} is smaller than a crop of {self.image_size}"
            self._pass_over(name, self._too_small, reason)
            return np.zeros((0, 0, 3), np.uint8)
        self._misses = 0
        return random_crop(
            photo, self.image_size, self.zoom, np.random.default_rng((self.seed, int(index)))
        )

    def _decode(self, name, data):
        if not data:
            with open(name, "rb") as file:
                data = file.read()
        at_least = None if self.zoom is None else int(np.ceil(self.image_size * self.zoom))
        return images.decode(data, name, self.max_pixels, at_least=at_least).rgb

    def _pass_over(self, name, among, reason):
        with self._lock:
            if name not in among:
                among.add(name)
                # A file name that is no UTF-8 must not break a log file that is.
                text = str(reason).encode("utf-8", "backslashreplace").decode()
                logging.warning("skipped: %s", text)
            self._misses += 1
            # In order there are fewer than 2 * len(self) between two good ones; the workers may
            # be through with more while a good one is still being decoded.
            if self._misses > 2 * (len(self) + self._workers):
                self.failure = ValueError("no readable photograph is left to train on")
                raise self.failure

    def _check_readable(self, source):
        """Raises unless some photograph can be read."""
        records = self._source.records(0).take(len(self))
        try:
            for index, name, data in records.as_numpy_iterator():
                if self._example(index, name, data).size:
                    return
        except tf.errors.OpError as error:
            raise self.explain(error) from error
        if self._too_small:
            raise ValueError(
                f"{source}: none of its {len(self)} image files holds a crop of "
                f"{self.image_size} x {self.image_size} pixels ({self.too_small} are smaller, "
                f"{self.skipped} can't be read)"
            )
        raise ValueError(f"{source}: none of its {len(self)} image files can be read")


class _FolderSource:
    """File names of a folder in an order shuffled anew in each epoch."""

    def __init__(self, folder, seed):
        self.paths = [os.fspath(path) for path in images.find(folder)]
        self.seed = seed
        if not self.paths:
            raise ValueError(f"{folder}: no image file in this folder or below it")
        self._order = functools.lru_cache(maxsize=4)(self._shuffled)

    def __len__(self):
        return len(self.paths)

    def _shuffled(self, epoch):
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.paths))

    def _name(self, index):
        epoch, place = divmod(int(index), len(self.paths))
        path = self.paths[self._order(epoch)[place]]
        return path.encode("utf-8", "surrogateescape")

    def records(self, position):
        """Dataset of (index, file name, empty data) from `position` on."""
        dataset = tf.data.Dataset.range(position, np.iinfo(np.int64).max)
        return dataset.map(
            lambda index: (index, tf.numpy_function(self._name, [index], tf.string), "")
        )


def random_crop(photo, size, zoom, rng):
    """A random square of a photograph at a random scale, mirrored half of the time.

    The same as resizing the photograph so that its shorter side is `size` times a factor from
    1..zoom and cutting a square of `size` out, but only the square is resized.

    Args:
        photo: uint8 RGB `[H, W, 3]`.
        size: int, pixels.
        zoom: float >= 1, or None for the photograph's own scale (no side may then be below
            `size`).
        rng: `numpy.random.Generator`.

    Returns:
        uint8 RGB `[size, size, 3]`.
    """
    height, width = photo.shape[:2]
    short = min(height, width)
    side = size
    if zoom is not None:
        resized = min(size * rng.uniform(1, zoom), max(short, size))
        side = min(short, max(1, round(size * short / resized)))
    top = rng.integers(height - side + 1)
    left = rng.integers(width - side + 1)
    crop = photo[top : top + side, left : left + side]
    if zoom is not None:
        crop = images.resize(crop, size, size)
    return crop[:, ::-1] if rng.random() < 0.5 else crop
