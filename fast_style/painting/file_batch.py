"""Painting many files: a thread reads ahead of the network, another one writes behind it."""

import collections
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from fast_style import images
from fast_style.errors import MENDABLE
from fast_style.painting.output_plan import PlannedFile

# Reading and writing take less time than painting: a few pictures make up for slow files.
_AHEAD = 3  # pictures read before the network needs them
_BEHIND = 3  # pictures painted and not yet written
# Pixels of all pictures that are held, unless one alone has more: 100 MB of photographs, and as
# much again of paintings.
_PIXELS = 32_000_000


@dataclass(frozen=True)
class Outcome:
    """The result of one `PlannedFile`.

    Attributes:
        file: the `PlannedFile`.
        seconds: float, of painting it; None if it failed.
        size: (width, height) of the result in pixels; None if it failed.
        error: the exception; None if it succeeded.
    """

    file: PlannedFile
    seconds: float | None = None
    size: tuple[int, int] | None = None
    error: Exception | None = None


def run(files, paint, errors=MENDABLE, max_pixels=images.MAX_PIXELS, growth=1, storage=images):
    """Reads, paints and writes pictures.

    Memory does not grow with their number. Painting happens in the caller's thread.

    Args:
        files: iterable of `PlannedFile`.
        paint: function from `fast_style.images.Picture` to the same.
        errors: exception classes that fail one picture; others end the run.
        max_pixels: as in `fast_style.images.load`.
        growth: pixels of a result for each pixel of its photograph.
        storage: has `count_pixels`, `load` and `save` of `fast_style.images`; where sources and
            targets are not files, something else.

    Yields:
        An `Outcome` for each file, in the order of `files`, as it is done.
    """
    batch = _Batch(paint, errors, max_pixels, growth, storage)
    waiting, files = collections.deque(), iter(files)
    try:
        while True:
            while len(waiting) < _AHEAD and (file := next(files, None)) is not None:
                waiting.append((file, batch.start_reading(file)))
            if not waiting:
                break
            batch.paint(*waiting.popleft())
            yield from batch.outcomes(_BEHIND)
        yield from batch.outcomes(0)
    finally:
        batch.close()


class _Batch:
    """The threads that read and write, and the pictures on their way between them."""

    def __init__(self, paint, errors, max_pixels, growth, storage):
        self._paint = paint
        self._errors = errors
        self._max_pixels = max_pixels
        self._growth = growth
        self._storage = storage
        self._budget = _Budget(_PIXELS)
        self._reader, self._writer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._painted = collections.deque()  # (`Outcome`, future of the writing, or None)

    def start_reading(self, file):
        """A future of the picture and of the pixels that it takes of the budget."""
        return self._reader.submit(self._read, file)

    def paint(self, file, reading):
        """Paints one file when it is read, and hands it on to be written."""
        pixels = 0
        try:
            picture, pixels = reading.result()
            del reading  # or it would hold the picture
            started = time.perf_counter()
            picture = self._paint(picture)
            seconds = time.perf_counter() - started
        except self._errors as error:
            self._budget.give(pixels)
            self._painted.append((Outcome(file, error=error), None))
        else:
            writing = self._writer.submit(self._write, file, picture, pixels)
            height, width = picture.rgb.shape[:2]
            self._painted.append((Outcome(file, seconds, (width, height)), writing))

    def outcomes(self, behind):
        """Outcomes in order; waits while more than `behind` pictures are unfinished."""
        while self._painted and (len(self._painted) > behind or _is_done(self._painted[0])):
            yield self._finished(*self._painted.popleft())

    def close(self):
        self._budget.close()
        self._reader.shutdown(cancel_futures=True)
        self._writer.shutdown()

    def _read(self, file):
        pixels = self._budget.take(self._growth * self._storage.count_pixels(file.source))
        try:
            return self._storage.load(file.source, self._max_pixels), pixels
        except BaseException:
            self._budget.give(pixels)
            raise

    def _write(self, file, picture, pixels):
        try:
            self._storage.save(file.target, picture.rgb, picture.alpha, picture.metadata)
        finally:
            self._budget.give(pixels)

    def _finished(self, outcome, writing):
        try:
            if writing is not None:
                writing.result()
        except self._errors as error:
            return Outcome(outcome.file, error=error)
        return outcome


def _is_done(painted):
    _, writing = painted
    return writing is None or writing.done()


class _Budget:
    """Admits pictures while their pixels together stay below a limit; one is always admitted."""

    def __init__(self, limit):
        self.limit, self.taken, self.closed = limit, 0, False
        self.changed = threading.Condition()

    def take(self, pixels):
        with self.changed:
            self.changed.wait_for(
                lambda: self.closed or not self.taken or self.taken + pixels <= self.limit
            )
            self.taken += pixels
        return pixels

    def give(self, pixels):
        with self.changed:
            self.taken -= pixels
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
