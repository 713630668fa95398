"""Many pictures one after the other, reading ahead of the network and writing behind it."""

import collections
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from data import images

_AHEAD = 3  # pictures read before the network asks for them
_BEHIND = 3  # pictures painted and not yet written
_PIXELS = 32_000_000  # of all pictures that are held at once, as far as there are several


@dataclass(frozen=True)
class Outcome:
    """What became of one `fast_style.jobs.Job`.

    Attributes:
        job: the job.
        seconds: float, of painting it; None where it failed.
        error: the exception, None where all went well.
    """

    job: object
    seconds: float | None = None
    error: Exception | None = None


def run(jobs, paint, errors=(ValueError, OSError), max_pixels=images.MAX_PIXELS, growth=1):
    """Reads, paints and writes pictures.

    Memory does not grow with their number. Painting happens in the caller's thread.

    Args:
        jobs: list of `fast_style.jobs.Job`.
        paint: function from `data.images.Picture` to the same.
        errors: exceptions that spoil one picture; others end the run.
        max_pixels: as in `data.images.load`.
        growth: pixels of a result for each pixel of its photograph.

    Yields:
        An `Outcome` for each job, in their order, when it is done.
    """
    jobs = iter(jobs)
    budget = _Budget(_PIXELS)
    reads, outcomes = collections.deque(), collections.deque()
    reader, writer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def read(job):
        pixels = budget.take(growth * images.count_pixels(job.source))
        try:
            return images.load(job.source, max_pixels), pixels
        except BaseException:
            budget.give(pixels)
            raise

    def write(job, picture, pixels):
        try:
            images.save(job.target, picture.rgb, picture.alpha, picture.exif, picture.icc_profile)
        finally:
            budget.give(pixels)

    def finished(job, seconds, writing):
        try:
            writing.result()
        except errors as error:
            return Outcome(job, error=error)
        return Outcome(job, seconds)

    try:
        while True:
            while len(reads) < _AHEAD and (job := next(jobs, None)) is not None:
                reads.append((job, reader.submit(read, job)))
            if not reads:
                break
            job, reading = reads.popleft()
            try:
                picture, pixels = reading.result()
            except errors as error:
                outcomes.append(Outcome(job, error=error))
            else:
                del reading  # or it would hold the picture
                started = time.perf_counter()
                try:
                    picture = paint(picture)
                except errors as error:
                    budget.give(pixels)
                    outcomes.append(Outcome(job, error=error))
                else:
                    seconds = time.perf_counter() - started
                    writing = writer.submit(write, job, picture, pixels)
                    outcomes.append((job, seconds, writing))
                del picture
            while outcomes and (len(outcomes) > _BEHIND or _is_done(outcomes[0])):
                outcome = outcomes.popleft()
                yield outcome if isinstance(outcome, Outcome) else finished(*outcome)
        for outcome in outcomes:
            yield outcome if isinstance(outcome, Outcome) else finished(*outcome)
    finally:
        budget.close()
        for pool in (reader, writer):
            pool.shutdown(cancel_futures=pool is reader)


def _is_done(outcome):
    return isinstance(outcome, Outcome) or outcome[2].done()


class _Budget:
    """Lets pictures in while their pixels together stay below a limit, and always one."""

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
