"""Reading films with PyAV: frames with their times, and the packets that are copied."""

from fractions import Fraction

import av
import av.error

from fast_style import images
from fast_style.video import film_file, orientation, pixels
from fast_style.video.clock import Clock
from fast_style.video.frames import (
    CopiedPacket,
    CopiedStream,
    Description,
    FilmError,
    Frame,
    TimeRange,
    check_pixels,
)

_COPIED = ("audio", "subtitle")
# Parts of a longer programme, whose times begin anywhere; players let them begin at 0.
_BROADCAST = ("mpegts", "mpeg")
_DEFAULT_RATE = Fraction(25)
_CERTAINLY_CUT = 1  # seconds; the length that a file gives is not exact
_SOUND_BEHIND = 10  # seconds; containers place sound at most so far behind its frames


class FilmReader:
    """A film: iterate once for `Frame`s, and `CopiedPacket`s between them, in the file's order.

    Args:
        path: of the film.
        time_range: `TimeRange`; times then count from the first frame in it.
        max_pixels: limit on height * width.

    Attributes:
        description: `Description`.
        lost: int, packets so far that could not be decoded, and frames that were not there.
        missing: float, seconds that the file says it has and does not hold: it is cut.

    Raises:
        FilmError: no film, no pictures in it, encrypted, too large, or of an unknown codec.
        OSError: the file can't be opened.
    """

    def __init__(self, path, time_range=None, max_pixels=images.MAX_PIXELS):
        self.path = path
        self.lost = 0
        self.missing = 0.0
        self._range = time_range or TimeRange()
        self._max_pixels = max_pixels
        # In a container of its own: not every film can be rewound.
        with film_file.open_film(path) as container:
            self._turn = self._look_at_first(container)
        self._container = film_file.open_film(path)
        try:
            self._stream = film_file.choose_stream(self._container, path)
            self.description = self._describe()
        except BaseException:
            self._container.close()
            raise
        self._to_rgb = pixels.ToRGB(self.description.encoding)
        self._is_past = False  # whether a frame after the range has been seen

    def close(self):
        """Closes the file."""
        self._container.close()

    def __iter__(self):
        """Yields `Frame`s and `CopiedPacket`s.

        Raises:
            FilmError: no frame in the range can be decoded.
        """
        waiting = None  # a frame and its time, until the next one tells how long it lasts
        for item in self._in_range():
            if isinstance(item, CopiedPacket):
                yield item
                continue
            frame, pts = item
            if waiting is not None:
                pts = max(pts, waiting[1] + 1)  # two frames at one time can't be encoded
                yield self._frame(*waiting, pts - waiting[1])
            waiting = (frame, pts)
        if waiting is None:
            raise FilmError(f"{self.path}: no frame in this range of time can be decoded")
        yield self._frame(*waiting, self._last_duration(*waiting))

    def _last_duration(self, frame, pts):
        """How long the last frame is shown: to the end of the stream, where that is known."""
        if self._range.is_all and not self.lost and self._stream.duration:
            pts += round(self._origin() / self._stream.time_base)
            rest = (self._stream.start_time or 0) + self._stream.duration - pts
            if rest > 0:
                return rest
        return frame.duration or self._one_frame()

    def _one_frame(self):
        """How long a frame lasts that does not tell, in units of the time base."""
        return max(round(1 / (self.description.rate * self.description.time_base)), 1)

    def _look_at_first(self, container):
        """How the film is turned, which its first frame tells."""
        self._stream = film_file.choose_stream(container, self.path)
        context = self._stream.codec_context
        check_pixels(self.path, context.height, context.width, self._max_pixels)
        for packet in film_file.packets(container, [self._stream]):
            for frame in self._decode(packet):
                check_pixels(self.path, frame.height, frame.width, self._max_pixels)
                pixels.encoding_of(context, self.path)
                self.lost = 0
                return orientation.turn_of(frame)
        raise FilmError(f"{self.path}: damaged, no frame can be decoded")

    def _describe(self):
        stream, context = self._stream, self._stream.codec_context
        height, width = context.height, context.width
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        if self._turn[0]:
            height, width, aspect = width, height, 1 / aspect
        rate = Fraction(stream.average_rate or stream.guessed_rate or _DEFAULT_RATE)
        return Description(
            height,
            width,
            stream.time_base,
            rate,
            frame_count=self._count(rate),
            pixel_aspect=aspect,
            encoding=pixels.encoding_of(context, self.path),
            copied=tuple(_copied(s) for s in self._container.streams if s.type in _COPIED),
            metadata=dict(self._container.metadata),
            chapters=self._container.chapters() if self._range.is_all else [],
        )

    def _count(self, rate):
        """How many frames will come, as far as the file tells."""
        whole = self._stream.frames
        if not whole and self._container.duration:
            whole = round(self._container.duration * rate / av.time_base)
        if self._range.is_all or not whole:
            return whole or None
        end = whole / rate if self._range.end is None else min(self._range.end, whole / rate)
        return max(round((end - self._range.start) * rate), 1)

    def _in_range(self):
        """Yields (`av.VideoFrame`, time) and `CopiedPacket`s of the range of time."""
        if self._range.is_all:
            origin = self._origin()
            for item in self._decoded():
                if isinstance(item, av.Packet):
                    yield _shifted(item, origin)
                else:
                    yield item, item.pts - round(origin / item.time_base)
            return
        begin = (self._stream.start_time or 0) * self._stream.time_base
        if self._range.start:
            self._seek(begin)
        first, early = None, []
        for item in self._decoded():
            base = item.time_base
            time = item.pts * base - begin
            is_packet = isinstance(item, av.Packet)
            self._is_past = self._is_past or (not is_packet and self._range.is_past(time))
            if self._is_past and (
                not self.description.copied or self._range.is_past(time - _SOUND_BEHIND)
            ):
                break
            if time < self._range.start or self._range.is_past(time):
                continue
            if not is_packet:
                if first is None:
                    first = item.pts * base
                    kept = [packet for packet in early if packet.pts * packet.time_base >= first]
                    yield from (_shifted(packet, first) for packet in kept)
                yield item, item.pts - round(first / base)
            elif first is None:
                early.append(item)
            else:
                yield _shifted(item, first)

    def _origin(self):
        """Seconds from which the times of a whole film count: 0, where it is a file of its own."""
        if self._container.format.name not in _BROADCAST:
            return Fraction(0)
        return Fraction(self._container.start_time or 0, av.time_base)

    def _seek(self, begin):
        # Places are found by times of decoding, which lie before those of showing.
        early = max(2, 16 / self.description.rate)
        target = int((begin + self._range.start - early) / self._stream.time_base)
        try:
            self._container.seek(target, stream=self._stream)
        except av.error.FFmpegError:  # a file without an index is read from its beginning
            self._container.seek(0)

    def _decoded(self):
        """Yields `av.VideoFrame`s with times, and `av.Packet`s to be copied."""
        read, latest = 0, 0
        clock = Clock(self._container.format.name, self._stream, self._one_frame())
        streams = [self._stream, *(copied.template for copied in self.description.copied)]
        for packet in film_file.packets(self._container, streams):
            if packet.pts is not None:
                latest = max(latest, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if packet.stream.index != self._stream.index:
                if packet.pts is not None:  # else it is the mark of the stream's end
                    yield packet
                continue
            if self._is_past:  # only sound is still to come
                continue
            read += bool(packet.size)
            for frame in self._decode(packet):
                frame.pts, frame.time_base = clock.time_of(frame), self._stream.time_base
                yield frame
        if self._range.is_all:
            self._check_end(read, latest)

    def _check_end(self, read, latest):
        """Tells of a file that is cut: by its number of frames or, without one, by its length."""
        self.lost += max(self._stream.frames - read, 0)
        if not self._stream.frames and self._container.duration:
            end = (self._container.duration + (self._container.start_time or 0)) / av.time_base
            missing = end - float(latest)
            self.missing = missing if missing > _CERTAINLY_CUT else 0.0

    def _decode(self, packet):
        """The frames that a packet completes; none of a broken one, which is counted."""
        if packet.has_sidedata("encryption_info"):
            raise FilmError(f"{self.path}: is encrypted")
        try:
            return packet.decode()
        except av.error.EOFError:
            return []
        except (av.error.MemoryError, av.error.OSError):
            raise
        except av.error.FFmpegError:
            self.lost += 1
            return []

    def _frame(self, frame, pts, duration):
        check_pixels(self.path, frame.height, frame.width, self._max_pixels)
        rgb = orientation.turned(self._to_rgb(frame), self._turn)
        size = (self.description.height, self.description.width)
        if rgb.shape[:2] != size:  # films may change their size midway
            rgb = images.resize(rgb, *size)
        return Frame(images.Picture(rgb), pts, duration)


def _copied(stream):
    context = stream.codec_context
    return CopiedStream(
        stream.index,
        stream.type,
        None if context is None else context.codec.canonical_name,
        dict(stream.metadata),
        stream.disposition.value,
        stream,
    )


def _shifted(packet, seconds):
    """A packet whose times count from `seconds` of the source."""
    offset = round(seconds / packet.time_base)
    packet.pts -= offset
    if packet.dts is not None:
        packet.dts -= offset
    return CopiedPacket(packet)
