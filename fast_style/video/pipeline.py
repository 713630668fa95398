"""Painting a film: a thread reads ahead of the network, another one writes behind it."""

import collections
import dataclasses
import threading
import time

from fast_style.video.frames import Frame

# Reading and writing take less time than painting: a few frames make up for uneven ones.
_FRAMES = 3
_ITEMS = 500  # packets of sound are small, and lie between frames


@dataclasses.dataclass(frozen=True)
class Progress:
    """What has happened to one frame.

    Attributes:
        frame: the painted `Frame`.
        seconds: float, of painting it.
    """

    frame: Frame
    seconds: float


def paint_film(reader, writer, paint, prepare=lambda picture: picture):
    """Reads, paints and writes the frames of a film.

    Memory does not grow with its length. Painting happens in the caller's thread. The writer is
    neither finished nor abandoned here: whoever stops early may do either.

    Args:
        reader: iterable of `Frame`s and `CopiedPacket`s, such as `FilmReader`.
        writer: an object with `write`, such as `FilmWriter`.
        paint: function from `fast_style.images.Picture` to the same, called in the order of the
            frames.
        prepare: the same, for work that can be done ahead; it runs in the thread that reads.

    Yields:
        `Progress` for each frame when it is painted; when the generator is closed, frames that
        were painted are still written.

    Raises:
        What reading, painting or writing raises.
    """
    ahead, behind = _Channel(), _Channel()
    reading = threading.Thread(target=_read, args=(reader, prepare, ahead), daemon=True)
    writing = threading.Thread(target=_write, args=(writer, behind), daemon=True)
    reading.start()
    writing.start()
    try:
        for item in ahead:
            if isinstance(item, Frame):
                started = time.perf_counter()
                item = dataclasses.replace(item, picture=paint(item.picture))
                progress = Progress(item, time.perf_counter() - started)
                behind.put(item)
                yield progress
            else:
                behind.put(item)
    finally:
        ahead.close()
        behind.end()
        reading.join()
        writing.join()
        behind.raise_error()


def _read(reader, prepare, ahead):
    try:
        for item in reader:
            if isinstance(item, Frame):
                item = dataclasses.replace(item, picture=prepare(item.picture))
            if not ahead.put(item):
                return
        ahead.end()
    except BaseException as error:  # for the thread that paints
        ahead.end(error)


def _write(writer, behind):
    try:
        for item in behind:
            writer.write(item)
    except BaseException as error:
        behind.close(error)


class _Channel:
    """A queue between two threads that holds a few frames at most, and can be closed at both ends.

    Iterating takes items until the other side has called `end`.
    """

    def __init__(self):
        self._items = collections.deque()
        self._frames = 0
        self._ended = self._closed = False
        self._error = None
        self._changed = threading.Condition()

    def put(self, item):
        """Waits for room; returns whether anybody still takes items; raises the taker's error."""
        with self._changed:
            self._changed.wait_for(self._has_room)
            if self._closed:
                self.raise_error()
                return False
            self._items.append(item)
            self._frames += isinstance(item, Frame)
            self._changed.notify_all()
            return True

    def end(self, error=None):
        """No more items will come; the taker raises `error` after the last one."""
        with self._changed:
            self._ended = True
            self._error = self._error or error
            self._changed.notify_all()

    def close(self, error=None):
        """No more items will be taken."""
        with self._changed:
            self._closed = True
            self._error = self._error or error
            self._changed.notify_all()

    def raise_error(self):
        """Raises what the other side failed with, if it did."""
        if self._error is not None:
            raise self._error

    def __iter__(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended or self._closed)
                if self._closed:
                    return
                if not self._items:
                    self.raise_error()
                    return
                item = self._items.popleft()
                self._frames -= isinstance(item, Frame)
                self._changed.notify_all()
            yield item

    def _has_room(self):
        return self._closed or (self._frames < _FRAMES and len(self._items) < _ITEMS)
