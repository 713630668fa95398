"""Which process paints which photograph: nothing twice, and nothing lost when one dies."""

import collections
import dataclasses
import queue
import threading
import time

from fast_style.bulk.manifest import FAILED, PAINTED, Row
from fast_style.errors import MENDABLE, UserError

_LISTED = 10_000  # photographs listed ahead of the processes
_AHEAD = 2  # chunks that a process has: while it paints one, it reads the other
_CHUNK_SECONDS = 2.0  # that a chunk takes: little is lost with a process, few messages are sent
_MOST = 64  # photographs in a chunk
_MOST_DEATHS = 3
_PATIENCE = 0.2  # seconds for which news of the processes are waited for


class TooManyErrors(UserError):
    """More photographs failed than were allowed."""


@dataclasses.dataclass
class Task:
    """A photograph on its way.

    Attributes:
        photo: `fast_style.bulk.sources.Photo`.
        deaths: how many processes have died that had it in hand.
        node: name of the machine of the last of them; None if there was none.
    """

    photo: object
    deaths: int = 0
    node: str | None = None


@dataclasses.dataclass
class Done:
    """The end of a chunk.

    Attributes:
        worker: the process that had it.
        chunk: list of `Task`.
        rows: list of `Row`; None if the process died.
    """

    worker: object
    chunk: list
    rows: list | None


class Dispatch:
    """Hands photographs to processes and collects their rows.

    A process that dies takes its chunks with it: their photographs are painted by others, each
    alone, so that one that ends its process is told from its neighbours. After `_MOST_DEATHS`
    processes it counts as failed.

    Args:
        photos: iterable of `fast_style.bulk.sources.Photo`, read ahead by a thread.
        pool: has `workers()`, list of objects with the attribute `node`, the processes that are
            ready; `submit(worker, chunk)`; and `wait(seconds)`, list of `Done`.
        max_errors: photographs that may fail.
    """

    def __init__(self, photos, pool, max_errors):
        self._pool = pool
        self._max_errors = max_errors
        self._listing = _Listing(photos)
        self._again = collections.deque()  # `Task` whose process died
        self._chunks = collections.defaultdict(list)  # by worker
        self._seconds = None  # of a photograph in a process, smoothed
        self._started = {}  # when a chunk was handed out, by its id
        self._failed = 0
        self._stopped = False
        self._error = None  # of the listing

    def stop(self):
        """Hands out nothing more; what is in hand is finished."""
        self._stopped = True

    def rows(self):
        """Yields a `Row` for each photograph as it ends, and None from time to time.

        Raises:
            TooManyErrors: after the rows of all photographs that were in hand.
            Exception: of the listing.
        """
        try:
            while True:
                yield from self._fill()
                if not any(self._chunks.values()) and (self._stopped or self._is_done()):
                    break
                for done in self._pool.wait(_PATIENCE):
                    yield from self._finish(done)
                yield None
        finally:
            self._listing.close()
        if self._error is not None:
            raise self._error
        if self._failed > self._max_errors:
            raise TooManyErrors(
                f"{self._failed:,} photographs failed, more than --max_errors={self._max_errors}"
            )

    def _is_done(self):
        return not self._again and self._listing.is_done()

    def _fill(self):
        """Hands out chunks; yields the rows of photographs that can't be painted anywhere."""
        workers = self._pool.workers()
        for worker in workers:
            while not self._stopped and len(self._chunks[worker]) < _AHEAD:
                if any(task.deaths for chunk in self._chunks[worker] for task in chunk):
                    break
                if self._again:
                    if self._chunks[worker]:
                        break  # it is tried alone
                    chunk = [self._again.popleft()]
                else:
                    chunk = yield from self._next_chunk(len(workers))
                if not chunk:
                    break
                self._chunks[worker].append(chunk)
                self._started[id(chunk)] = time.monotonic()
                self._pool.submit(worker, chunk)

    def _next_chunk(self, workers):
        """Returns a list of `Task` from the listing; yields rows of those without a target."""
        chunk, size = [], self._size(workers)
        try:
            while len(chunk) < size and (photo := self._listing.next()):
                if photo.error is None:
                    chunk.append(Task(photo))
                else:
                    yield self._failure(photo, photo.error)
        except MENDABLE as error:  # raised when what is in hand has ended
            self._error = error
            self.stop()
        return chunk

    def _size(self, workers):
        if self._seconds is None:
            return 1
        # Towards the end ever fewer, so that all processes end at about the same time.
        share = self._listing.ahead() // (_AHEAD * workers)
        return max(1, min(_MOST, share, round(_CHUNK_SECONDS / self._seconds)))

    def _finish(self, done):
        chunks = self._chunks[done.worker]
        chunks[:] = [chunk for chunk in chunks if chunk is not done.chunk]
        started = self._started.pop(id(done.chunk))
        if done.rows is None:
            for task in done.chunk:
                task.deaths += 1
                task.node = done.worker.node
                if task.deaths < _MOST_DEATHS:
                    self._again.append(task)
                else:
                    text = f"{task.photo.source}: {task.deaths} processes died that painted it"
                    yield self._failure(task.photo, text, task.node)
            return
        each = (time.monotonic() - started) / len(done.chunk) / _AHEAD
        self._seconds = each if self._seconds is None else 0.8 * self._seconds + 0.2 * each
        nodes = {task.photo.source: task.node for task in done.chunk}
        for row in done.rows:
            if row.status == PAINTED and row.node is None:
                row = dataclasses.replace(row, node=nodes[row.source])
            self._count(row)
            yield row

    def _failure(self, photo, text, node=None):
        row = Row(photo.source, photo.target, FAILED, node=node, error=text)
        self._count(row)
        return row

    def _count(self, row):
        self._failed += row.status == FAILED
        if self._failed > self._max_errors:
            self.stop()


class _Listing:
    """Photographs that a thread lists ahead, up to a number."""

    def __init__(self, photos):
        self._queue = queue.Queue(_LISTED)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(photos,), daemon=True)
        self._thread.start()
        self._ended = False

    def next(self):
        """The next `Photo`; None if there is none, or none yet; raises what the listing raised."""
        if self._ended:
            return None
        try:
            photo = self._queue.get_nowait()
        except queue.Empty:
            return None
        if isinstance(photo, BaseException):
            self._ended = True
            raise photo
        self._ended = photo is None
        return photo

    def ahead(self):
        """How many photographs are listed and not yet taken (int)."""
        return self._queue.qsize()

    def is_done(self):
        return self._ended

    def close(self):
        self._closed.set()

    def _run(self, photos):
        try:
            for photo in photos:
                if not self._put(photo):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item):
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False
