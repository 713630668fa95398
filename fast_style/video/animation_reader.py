"""Reading animated GIF, WebP and PNG files with Pillow."""

from fractions import Fraction

import numpy as np

from fast_style import images
from fast_style.images.decoding import DAMAGED, open_header
from fast_style.video.frames import Description, FilmError, Frame, TimeRange, check_pixels

SUFFIXES = frozenset((".gif", ".webp", ".png", ".apng"))
"""Suffixes, in lower case, of files that may be animations."""

_TIME_BASE = Fraction(1, 1_000_000)  # seconds; frames of PNG may last any fraction
# Browsers show frames of no duration, or of one hundredth of a second, for a tenth.
_SHORTEST, _INSTEAD = Fraction(11, 1000), Fraction(1, 10)


class AnimationReader:
    """An animation: iterate once for its `Frame`s, with their transparency.

    Args:
        path: of the file.
        time_range: `TimeRange`.
        max_pixels: limit on height * width.

    Attributes:
        description: `Description`.
        lost: int, frames that could not be decoded.

    Raises:
        FilmError: a still image, no readable one, or too large.
        OSError: the file can't be opened.
    """

    def __init__(self, path, time_range=None, max_pixels=images.MAX_PIXELS):
        self.path = path
        self.lost = 0
        self._range = time_range or TimeRange()
        try:
            self._stream = open(path, "rb")  # noqa: SIM115 - closed by `close`
        except FileNotFoundError:
            raise FileNotFoundError(f"{path}: no such file") from None
        try:
            self._open(max_pixels)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Closes the file."""
        self._stream.close()

    def __iter__(self):
        """Yields `Frame`s.

        Raises:
            FilmError: no frame in the range can be decoded.
        """
        time, begin = Fraction(0), None
        for number in range(self._first, self._first + self._count):
            try:
                picture, duration = self._read(number)
            except DAMAGED:
                self.lost += self._first + self._count - number  # later ones build on this one
                break
            if self._range.holds(time):
                begin = time if begin is None else begin
                pts, end = (
                    round((moment - begin) / _TIME_BASE) for moment in (time, time + duration)
                )
                yield Frame(picture, pts, end - pts)
            time += duration
            if self._range.is_past(time):
                break
        if begin is None:
            raise FilmError(f"{self.path}: no frame in this range of time can be decoded")

    def _open(self, max_pixels):
        try:
            self._image = open_header(self._stream, max_pixels)
            width, height = self._image.size
            check_pixels(self.path, height, width, max_pixels)
            self._image.load()  # only then the number of frames is known
            count = getattr(self._image, "n_frames", 1)
        except FilmError:
            raise
        except DAMAGED as error:
            raise FilmError(f"{self.path}: not a readable image ({error})") from error
        # A PNG may hold a picture for programs that know no animations.
        self._first = int(getattr(self._image, "default_image", False))
        self._count = count - self._first
        if self._count < 2:
            raise FilmError(f"{self.path}: is a still image, which `fast-style paint` paints")
        first = self._duration()
        self.description = Description(
            height,
            width,
            _TIME_BASE,
            rate=1 / first,
            frame_count=self._count if self._range.is_all else None,
            plays=_plays(self._image),
        )

    def _read(self, number):
        self._image.seek(number)
        pixels = np.array(self._image.convert("RGBA"))
        alpha = None if pixels[..., 3].min() == 255 else pixels[..., 3].copy()
        rgb = np.ascontiguousarray(pixels[..., :3])
        return images.Picture(rgb, alpha), self._duration()

    def _duration(self):
        """Of the current frame, seconds."""
        milliseconds = Fraction(self._image.info.get("duration") or 0)
        seconds = (milliseconds / 1000).limit_denominator(65535)
        return _INSTEAD if seconds < _SHORTEST else seconds


def _plays(image):
    """How often an animation is played; 0 for ever."""
    loop = image.info.get("loop")
    if image.format != "GIF":
        return loop or 0
    if loop is None:
        return 1
    return loop + 1 if loop else 0  # GIF counts repetitions
