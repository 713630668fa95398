"""One painting at a time, and a short queue before it."""

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fast_style.web.limits import ClientGone, Refusal


class Stopped(Exception):
    """Nobody waits for the work any more."""


class Stop:
    """Tells work in another thread that nobody waits for it any more."""

    def __init__(self):
        self._event = threading.Event()

    def set(self):
        self._event.set()

    def check(self):
        """Raises `Stopped` once `set` was called."""
        if self._event.is_set():
            raise Stopped


class Turns:
    """Lets requests take turns; work runs in one thread of its own.

    Args:
        queue: int, how many may wait.
        seconds: float, how long one may wait and be worked on, together.
    """

    def __init__(self, queue, seconds):
        self._queue = queue
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "painter")
        self._usual = 1.0  # seconds that work took lately
        self._tasks = set()
        self.inside = 0
        """How many wait or are worked on."""

    async def run(self, work, gone):
        """What `work` returns.

        Args:
            work: function of a `Stop`, called in the thread; it calls `check` between its parts.
            gone: coroutine function that ends when the client has left.

        Raises:
            Refusal: 429, the queue is full; 503 or 504, the time is over.
            ClientGone: the client left; its work was dropped.
        """
        if self.inside > self._queue:
            raise Refusal(429, "Others are waiting already; try again soon.", self.until_free())
        stop = Stop()
        started = asyncio.Event()
        task = self._start(self._in_turn(work, stop, started))
        leaving = asyncio.ensure_future(gone())
        try:
            done, _ = await asyncio.wait(
                {task, leaving}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if task in done:
                return task.result()
            if done:
                raise ClientGone
            if started.is_set():
                raise Refusal(
                    504, f"Not done after {self._seconds:g} seconds; a smaller size is quicker."
                )
            raise Refusal(503, "No turn came in time; try again soon.", self.until_free())
        finally:
            leaving.cancel()
            stop.set()
            if not started.is_set():
                task.cancel()  # else it ends by itself, and others wait until it has

    def until_free(self):
        """Seconds until all that wait now are likely to be done."""
        return self._usual * max(self.inside, 1)

    def close(self):
        """Ends the thread after the work that it does."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _start(self, coroutine):
        self.inside += 1
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task):
        self.inside -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # of work that was dropped: nobody else asks for it

    async def _in_turn(self, work, stop, started):
        async with self._turn:
            started.set()
            begun = time.monotonic()
            with contextlib.suppress(Stopped):
                result = await asyncio.get_running_loop().run_in_executor(self._thread, work, stop)
                self._usual += 0.3 * (time.monotonic() - begun - self._usual)
                return result
            raise ClientGone
