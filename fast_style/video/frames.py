"""What readers of films yield and writers take."""

import dataclasses
from fractions import Fraction
from typing import Any

from fast_style import images
from fast_style.errors import InvalidValue


class FilmError(InvalidValue):
    """A film that can't be read, or not written as it was asked for."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame of a film.

    Attributes:
        picture: `fast_style.images.Picture`, upright.
        pts: int, when it is shown, in units of the reader's `time_base`.
        duration: int, how long, in the same units.
        name: file name of a frame that was a file; None for others.
    """

    picture: images.Picture
    pts: int
    duration: int
    name: str | None = None


@dataclasses.dataclass(frozen=True)
class CopiedPacket:
    """Encoded sound or subtitles, to be written as they are.

    Attributes:
        packet: `av.Packet`, its stream that of the source.
    """

    packet: Any


@dataclasses.dataclass(frozen=True)
class CopiedStream:
    """Sound or subtitles of a film.

    Attributes:
        index: int, of the stream in the source.
        kind: "audio" or "subtitle".
        codec: canonical name of its codec; None if the installed PyAV does not know it.
        metadata: dict of str, such as the language.
        disposition: int, FFmpeg's flags, such as that it is the usual one.
        template: `av.stream.Stream`, for `add_stream_from_template`; only while the reader is open.
    """

    index: int
    kind: str
    codec: str | None
    metadata: dict
    disposition: int
    template: Any


@dataclasses.dataclass(frozen=True)
class Description:
    """What is known of a film before its frames are read.

    Attributes:
        height, width: pixels, upright.
        time_base: Fraction, seconds; the unit of `Frame.pts`.
        rate: Fraction, frames per second; the mean where it varies.
        frame_count: int, as far as the file tells; None if it does not.
        plays: int, how often an animation is played; 0: for ever.
        pixel_aspect: Fraction, width of a pixel by its height.
        encoding: `fast_style.video.pixels.PixelEncoding`; None for what is stored as RGB.
        copied: tuple of `CopiedStream`s whose packets are among the frames.
        metadata: dict of str, such as the title.
        chapters: list of dicts, as PyAV has them.
    """

    height: int
    width: int
    time_base: Fraction
    rate: Fraction
    frame_count: int | None = None
    plays: int = 0
    pixel_aspect: Fraction = Fraction(1)
    encoding: Any = None
    copied: tuple = ()
    metadata: dict = dataclasses.field(default_factory=dict)
    chapters: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class TimeRange:
    """The part of a film that is painted, in seconds from its beginning.

    Attributes:
        start: float, of the first frame; kept as a Fraction.
        end: float, after the last frame; None for the film's end; kept as a Fraction.

    Raises:
        ValueError: nothing lies between the two.
    """

    start: float = 0
    end: float | None = None

    def __post_init__(self):
        if not 0 <= self.start < float("inf"):
            raise InvalidValue(f"`start` must be 0 or more seconds; received {self.start}")
        if self.end is not None and not self.start < self.end < float("inf"):
            raise InvalidValue(
                f"`end` must be after `start`, {self.start:g} seconds; received {self.end:g}"
            )

        # As decimal fractions: 0.2 as a binary one lies after the frame that is shown at 0.2.
        object.__setattr__(self, "start", Fraction(str(self.start)))
        if self.end is not None:
            object.__setattr__(self, "end", Fraction(str(self.end)))

    @property
    def is_all(self):
        """Whether it is the whole film (bool)."""
        return self.start == 0 and self.end is None

    def holds(self, seconds):
        """Whether a frame at `seconds` (float or Fraction) belongs to it (bool)."""
        return self.start <= seconds and (self.end is None or seconds < self.end)

    def is_past(self, seconds):
        """Whether `seconds` lies after its end (bool)."""
        return self.end is not None and seconds >= self.end


def check_pixels(path, height, width, max_pixels):
    """Raises `FilmError` if frames are larger than `max_pixels`."""
    if height * width > max_pixels:
        raise FilmError(
            f"{path}: frames of {width} x {height} are {height * width:,} pixels, over the limit "
            f"of {max_pixels:,} (--max_pixels raises it)"
        )
