"""The training pipeline: photographs in, batches of random crops out (`tf.data`).

The order of the photographs, the crops and the flips depend only on the seed and the position in
the data, so a run that is resumed at a position sees the same as one that was never stopped.

Several workers share this order: each takes its own part of every batch and decodes no other, so no
photograph is read by two of them in an epoch. A single worker skips a photograph that can't be
read, and those after it move up. Several workers do not know what the others could read: there each
place in a batch keeps its worker, and another crop of one of that worker's photographs stands in.
"""

import itertools
import os
import threading
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import logging

from data import cache
from data.crops import random_crop
from data.sources import open_source
from fast_style import images
from fast_style.errors import InvalidValue, check_at_least, first_line
from fast_style.machine import resources


class Photos:
    """Photographs to train on, from a folder or from TensorFlow Datasets.

    A photograph that can't be decoded is skipped, logged once and counted in `skipped`; with
    `zoom=None` one that is smaller than a crop is skipped as well, and counted in `too_small`.

    Args:
        source: a folder, searched recursively, or "tfds:NAME[:SPLIT]" such as
            "tfds:coco/2014:train" for a prepared TFDS dataset with an "image" feature.
        image_size: int, side of the square crops in pixels.
        batch_size: int, photographs in a batch.
        seed: int, of order, crops and flips.
        zoom: float >= 1. A photograph is resized so that its shorter side is `image_size` times a
            factor drawn from 1..zoom before the crop is taken; small photographs are enlarged no
            more than a crop needs. None takes the crop at the photograph's own resolution.
        max_pixels: int, a photograph with more pixels is skipped.
        data_dir: TFDS's data_dir; its default if None.
        cache: None, or what `data.cache.make_cache` returns: decoded photographs are kept there.
        worker, workers: int, number of this process, from 0, and of all processes, each of which
            reads its part of every batch.

    Raises:
        FileNotFoundError, NotADirectoryError: the folder is missing, or not a folder.
        ValueError: no readable photograph, a TFDS dataset that is missing, or an option out of
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
        cache=None,
        worker=0,
        workers=1,
    ):
        for name, value, least in (
            ("image_size", image_size, 1),
            ("batch_size", batch_size, 1),
            ("seed", seed, 0),
            ("zoom", 1 if zoom is None else zoom, 1),
        ):
            check_at_least(name, value, least)
        if not 0 <= worker < workers or batch_size % workers:
            raise InvalidValue(
                f"`batch_size` must be a multiple of `workers`, {workers}, and `worker` must be "
                f"below it; received {batch_size} and {worker}"
            )
        self.image_size = image_size
        self.batch_size = batch_size
        self.seed = seed
        self.zoom = zoom
        self.max_pixels = max_pixels
        self._cache = cache
        self._unreadable, self._too_small = set(), set()
        self._worker, self._workers = worker, workers
        self._misses = 0  # photographs skipped since the last readable one
        self._lock = threading.Lock()
        # Python threads: Pillow releases the interpreter lock while it decodes and resizes. Two at
        # least: one may wait for a disk.
        self._threads = max(2, resources.processors())
        self.failure = None  # what ended the pipeline, if something did
        self._source = open_source(os.fspath(source), data_dir, seed)
        self._check_readable(source)

    def __len__(self):
        """Number of photographs, including unreadable ones."""
        return len(self._source)

    def fingerprint(self):
        """A hash (str) that tells these photographs from others: by names and sizes of files."""
        return self._source.fingerprint

    @property
    def skipped(self):
        """Number of different photographs that could not be read so far."""
        return len(self._unreadable)

    @property
    def too_small(self):
        """Number of different photographs so far that are smaller than a crop."""
        return len(self._too_small)

    def batches(self, position=0, accompany=None):
        """An endless dataset of batches.

        Args:
            position: int, how many photographs of the order were consumed before.
            accompany: None, or a function of uint8 crops `[N, S, S, 3]` and of their places in the
                order, int64 `[N]` (tensors), whose result (nested tensors) goes along with them.

        Returns:
            `tf.data.Dataset` of pairs: uint8 RGB `[N, image_size, image_size, 3]`, N this worker's
            part of `batch_size`, and the position after that batch (int64 scalar). With
            `accompany` the first is a pair itself: the crops, and what goes along with them.
        """
        dataset = self._batches(position) if self._workers == 1 else self._parts(position)

        def extended(crops, places, after):
            return ((crops, accompany(crops, places)) if accompany else crops), after

        # Four batches even out photographs that decode slowly.
        return dataset.map(extended).prefetch(4)

    def sample(self, count):
        """The first crops of the order, the same for every worker.

        Args:
            count: int, how many are wanted.

        Returns:
            uint8 RGB `[N, image_size, image_size, 3]`, N at most `count`.
        """
        return np.stack(list(itertools.islice(self._readable(), count)))

    def _readable(self):
        """Crops of the order from its beginning, without those that are skipped."""
        try:
            for record in self._source.records(0).take(len(self)).as_numpy_iterator():
                crop = self._example(*record)
                if crop.size:
                    yield crop
        except tf.errors.OpError as error:
            raise self.cause_of(error) from error

    def _batches(self, position):
        """Whole batches, without unreadable photographs."""
        side = self.image_size

        def example(index, name, data):
            crop = tf.numpy_function(self._example, [index, name, data], tf.uint8)
            return crop, index + 1

        dataset = self._source.records(position)
        dataset = dataset.map(example, num_parallel_calls=self._threads, deterministic=True)
        dataset = dataset.filter(lambda crop, _: tf.size(crop) > 0)
        dataset = dataset.map(lambda crop, after: (tf.ensure_shape(crop, (side, side, 3)), after))
        dataset = dataset.batch(self.batch_size, drop_remainder=True)
        return dataset.map(lambda crops, after: (crops, after - 1, after[-1]))

    def _parts(self, position):
        """This worker's part of each batch; stand-ins fill the places of unreadable photographs."""
        size = self.batch_size // self._workers
        first = self._worker * size

        def mine(index, *_):
            place = (index - position) % self.batch_size
            return (place >= first) & (place < first + size)

        def part(indices, names, data):
            crops = tf.numpy_function(self._part, [indices, names, data], tf.uint8)
            crops = tf.ensure_shape(crops, (size, self.image_size, self.image_size, 3))
            return crops, indices, indices[0] - first + self.batch_size

        dataset = self._source.records(position).filter(mine).batch(size, drop_remainder=True)
        return dataset.map(part, num_parallel_calls=self._threads, deterministic=True)

    def _part(self, indices, names, data):
        """Crops of this worker's photographs in a batch, others in place of unreadable ones."""
        records = list(zip(indices, names, data, strict=True))
        crops = [self._example(*record) for record in records]
        good = [record for record, crop in zip(records, crops, strict=True) if crop.size]
        for place, crop in enumerate(crops):
            if not crop.size:
                good = good or self._stand_ins(indices)
                # The seed is that of the place, so this is another crop than the stand-in's own.
                crops[place] = self._example(indices[place], *good[place % len(good)][1:])
        return np.stack(crops)

    def _stand_ins(self, indices):
        """A list of one: this worker's nearest readable record to `indices`, all unreadable."""
        size = self.batch_size // self._workers
        start = indices[0] - self._worker * size
        epoch = indices[0] // len(self)
        there = np.arange(epoch * len(self), (epoch + 1) * len(self))
        there = there[(there - start) % self.batch_size // size == self._worker]
        nearest = there[np.argsort(np.abs(there - indices[0]), kind="stable")]
        # If the epoch holds none, one of another epoch, at a place of this worker.
        others = indices[0] + self.batch_size * np.arange(1, len(self) + 1)
        for index in (*nearest, *others):
            record = (index, *self._source.record(index))
            if self._example(*record).size:
                return [record]
        self.failure = InvalidValue("no readable photograph is left to train on")
        raise self.failure

    def cause_of(self, error):
        """The error behind a `tf.errors.OpError` from a dataset, for the caller to raise.

        tf.data passes on only the text of an error in Python or in a TFDS file.
        """
        reason = first_line(error)
        if isinstance(error, tf.errors.ResourceExhaustedError):
            return MemoryError(f"out of memory for a photograph: lower --max_pixels ({reason})")
        return self.failure or OSError(f"the photographs can't be read: {reason}")

    def _example(self, index, name, data):
        """A random crop, uint8 `[S, S, 3]`; empty if the photograph is skipped."""
        name = name.decode("utf-8", "surrogateescape")
        try:
            photo = self._photo(name, data)
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

    def _photo(self, name, data):
        """A decoded photograph, uint8 `[H, W, 3]`, from the cache if it is there."""
        at_least = None if self.zoom is None else int(np.ceil(self.image_size * self.zoom))

        def decode():
            encoded = data or Path(name).read_bytes()
            picture = images.decode(encoded, name, self.max_pixels, at_least)
            return images.on_white(picture.rgb, picture.alpha)

        if self._cache is None:
            return decode()
        details = (self.max_pixels, at_least)
        key = cache.data_key(data, *details) if data else cache.file_key(name, *details)
        return self._cache.get(key, decode)

    def _pass_over(self, name, among, reason):
        with self._lock:
            if name not in among:
                among.add(name)
                # A file name that is not UTF-8 must not break a log file in UTF-8.
                text = str(reason).encode("utf-8", "backslashreplace").decode()
                logging.warning("skipped: %s", text)
            self._misses += 1
            # There are fewer than 2 * len(self) between two readable ones in order; the threads
            # may have finished more while a readable one is still being decoded.
            if self._misses > 2 * (len(self) + self._threads):
                self.failure = InvalidValue("no readable photograph is left to train on")
                raise self.failure

    def _check_readable(self, source):
        """Raises unless some photograph can be read."""
        if next(self._readable(), None) is not None:
            return
        if self._too_small:
            raise InvalidValue(
                f"{source}: none of its {len(self)} image files holds a crop of "
                f"{self.image_size} x {self.image_size} pixels ({self.too_small} are smaller, "
                f"{self.skipped} can't be read)"
            )
        raise InvalidValue(f"{source}: none of its {len(self)} image files can be read")
