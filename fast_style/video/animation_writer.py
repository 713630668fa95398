"""Writing animated GIF, WebP and PNG files frame by frame.

Pillow encodes the frames; it would hold all of them until the last has come, so the files are put
together here.
"""

import io
import os
import struct
import zlib
from fractions import Fraction

import numpy as np
from PIL import Image

from fast_style.atomic_files import put_in_place, unused_path
from fast_style.errors import InvalidValue
from fast_style.video.frames import Frame

_QUALITY = 90  # of WebP
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class AnimationWriter:
    """An animation that appears at its path when `finish` has been called.

    Args:
        path: of the file; missing folders are made. Its suffix chooses the format: .gif, .webp,
            .png or .apng.
        source: `Description` of what is painted.
        size: (height, width) of the painted frames.

    Raises:
        ValueError: frames too large for the format.
        OSError: the file can't be written.
    """

    lost = 0

    def __init__(self, path, source, size):
        self.path = path
        self._format = _FORMATS[os.path.splitext(path)[1].lower()](size, source.plays)
        self._time_base = source.time_base
        self._target = os.path.realpath(path)
        self._partial = unused_path(os.path.dirname(self._target))
        os.makedirs(os.path.dirname(self._target), exist_ok=True)
        self._file = open(self._partial, "xb")  # noqa: SIM115 - closed by `finish`, `abandon`
        self._waiting = None

    def write(self, item):
        """Writes a painted `Frame`; other items have no place in an animation.

        Raises:
            OSError: the disk is full.
        """
        if not isinstance(item, Frame):
            return
        # One frame late: in a GIF a transparent frame must be told of by the one before it.
        if self._waiting is not None:
            self._write_waiting(item.picture.alpha is not None)
        else:
            self._file.write(self._format.begin())
        self._waiting = item

    def finish(self):
        """Completes the file and puts it in its place."""
        try:
            if self._waiting is not None:
                self._write_waiting(False)
            self._format.end(self._file)
            self._file.close()
            put_in_place(self._partial, self._target)
        except BaseException:
            self.abandon()
            raise

    def abandon(self):
        """Leaves nothing behind, and what was there before as it was."""
        self._file.close()
        if os.path.exists(self._partial):
            os.remove(self._partial)

    def _write_waiting(self, transparent_next):
        frame = self._waiting
        begin, end = (
            Fraction(moment) * self._time_base for moment in (frame.pts, frame.pts + frame.duration)
        )
        pixels = frame.picture.rgb
        if frame.picture.alpha is not None:
            pixels = np.dstack([pixels, frame.picture.alpha])
        self._file.write(self._format.frame(Image.fromarray(pixels), begin, end, transparent_next))


class _Gif:
    """Each frame has a palette of its own."""

    def __init__(self, size, plays):
        self._height, self._width = _check_size(size, 65535, "GIF")
        self._plays = plays

    def begin(self):
        head = b"GIF89a" + struct.pack("<HHBBB", self._width, self._height, 0, 0, 0)
        if self._plays == 1:
            return head
        repeats = self._plays - 1 if self._plays else 0
        return (
            head + b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", min(repeats, 65535), 0)
        )

    def frame(self, image, begin, end, transparent_next):
        clear = 2 if image.mode == "RGBA" or transparent_next else 1
        if clear == 2 and image.mode == "RGB":
            # What clears to nothing must itself know a transparent colour, its last here.
            image = image.quantize(255)
        reserved = image.mode == "P"
        still = io.BytesIO()
        image.save(still, "GIF", optimize=False)
        still = still.getvalue()
        flags = still[10]
        place = 13
        table = b""
        if flags & 0x80:
            table = still[13 : 13 + 3 * 2 ** ((flags & 7) + 1)]
            place += len(table)
        transparent, color = (1, 255) if reserved else (0, 0)
        while still[place] == 0x21:  # extensions, in front of the picture
            if still[place + 1] == 0xF9:
                transparent, color = still[place + 3] & 1, still[place + 6]
            place += 2
            while still[place]:
                place += still[place] + 1
            place += 1
        descriptor = bytearray(still[place : place + 10])
        rest = still[place + 10 :]
        if not descriptor[9] & 0x80:
            descriptor[9] |= 0x80 | (flags & 7)
            rest = table + rest
        delay = round(end * 100) - round(begin * 100)
        control = struct.pack(
            "<BBBBHBB", 0x21, 0xF9, 4, clear << 2 | transparent, min(delay, 65535), color, 0
        )
        return control + bytes(descriptor) + rest.rstrip(b"\x3b")

    def end(self, file):
        file.write(b"\x3b")


class _Png:
    """Animated PNG: the first frame is an ordinary PNG's picture."""

    def __init__(self, size, plays):
        self._height, self._width = size
        self._plays = plays
        self._frames = self._sequence = 0

    def begin(self):
        header = struct.pack(">IIBBBBB", self._width, self._height, 8, 6, 0, 0, 0)
        return _PNG_SIGNATURE + _png_chunk(b"IHDR", header) + self._control()

    def frame(self, image, begin, end, transparent_next):
        still = io.BytesIO()
        image.convert("RGBA").save(still, "PNG", compress_level=4)
        pixels = b"".join(body for kind, body in _png_chunks(still.getvalue()) if kind == b"IDAT")
        delay = end - begin
        if max(delay.as_integer_ratio()) > 65535:
            delay = Fraction(round(end * 1000) - round(begin * 1000), 1000)
            delay = min(delay.limit_denominator(1000), Fraction(65))
        control = struct.pack(
            ">5I2H2B",
            *(self._next(), self._width, self._height, 0, 0),
            *(delay.numerator, delay.denominator, 0, 0),
        )
        self._frames += 1
        if self._frames == 1:
            return _png_chunk(b"fcTL", control) + _png_chunk(b"IDAT", pixels)
        pixels = struct.pack(">I", self._next()) + pixels
        return _png_chunk(b"fcTL", control) + _png_chunk(b"fdAT", pixels)

    def end(self, file):
        file.write(_png_chunk(b"IEND", b""))
        file.seek(len(_PNG_SIGNATURE) + 25)  # behind IHDR
        file.write(self._control())

    def _control(self):
        return _png_chunk(b"acTL", struct.pack(">II", self._frames, self._plays))

    def _next(self):
        self._sequence += 1
        return self._sequence - 1


class _WebP:
    """Extended WebP, each frame on its own."""

    def __init__(self, size, plays):
        self._height, self._width = _check_size(size, 16383, "WebP")
        self._plays = plays
        self._alpha = False

    def begin(self):
        animation = struct.pack("<IH", 0, min(self._plays, 65535))  # background, ignored; plays
        return b"RIFF\0\0\0\0WEBP" + self._head() + _riff_chunk(b"ANIM", animation)

    def frame(self, image, begin, end, transparent_next):
        still = io.BytesIO()
        image.save(still, "WEBP", quality=_QUALITY, method=2, exact=True)
        chunks = [
            (kind, body)
            for kind, body in _riff_chunks(still.getvalue())
            if kind in (b"ALPH", b"VP8 ", b"VP8L")
        ]
        self._alpha = self._alpha or image.mode == "RGBA"
        duration = min(round(end * 1000) - round(begin * 1000), 2**24 - 1)
        head = b"".join(
            value.to_bytes(3, "little")
            for value in (0, 0, self._width - 1, self._height - 1, duration)
        )
        flags = b"\x02"  # do not blend with the frame before
        body = b"".join(_riff_chunk(kind, data) for kind, data in chunks)
        return _riff_chunk(b"ANMF", head + flags + body)

    def end(self, file):
        size = file.tell() - 8
        if size >= 2**32 - 10:
            raise InvalidValue("a WebP file can't be larger than 4 GiB")
        file.seek(4)
        file.write(struct.pack("<I", size))
        file.seek(12)
        file.write(self._head())

    def _head(self):
        flags = 0x02 | (0x10 if self._alpha else 0)
        sides = (self._width - 1).to_bytes(3, "little") + (self._height - 1).to_bytes(3, "little")
        return _riff_chunk(b"VP8X", struct.pack("<I", flags) + sides)


_FORMATS = {".gif": _Gif, ".webp": _WebP, ".png": _Png, ".apng": _Png}
SUFFIXES = frozenset(_FORMATS)
"""Suffixes, in lower case, of the animations that are written."""


def _check_size(size, limit, name):
    if max(size) > limit:
        raise InvalidValue(
            f"frames of {size[1]} x {size[0]} pixels do not fit in a {name} file, whose sides have "
            f"at most {limit}"
        )
    return size


def _png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_chunks(data):
    place = len(_PNG_SIGNATURE)
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _riff_chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _riff_chunks(data):
    place = 12
    while place < len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
