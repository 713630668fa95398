"""Folders of numbered pictures as films."""

import os
import re
from fractions import Fraction

from fast_style import images
from fast_style.atomic_files import make_folder
from fast_style.errors import check_positive
from fast_style.images.decoding import ImageError
from fast_style.video.frames import Description, FilmError, Frame, TimeRange

RATE = 25
"""Frames per second of a folder, unless it is said."""


class FolderReader:
    """A folder of pictures, in the order of the numbers in their names.

    Args:
        path: of the folder; folders in it are not looked into.
        time_range: `TimeRange`.
        max_pixels: limit on height * width.
        rate: frames per second.

    Attributes:
        description: `Description`.
        lost: int, pictures that could not be read.

    Raises:
        FilmError: there is no picture in it, or none that can be read.
        ValueError: `rate` is not positive.
        OSError: the folder can't be listed.
    """

    def __init__(self, path, time_range=None, max_pixels=images.MAX_PIXELS, rate=RATE):
        check_positive("rate", rate)
        self.path = path
        self.lost = 0
        self._max_pixels = max_pixels
        rate = Fraction(rate).limit_denominator(1001)
        found = [
            os.path.join(path, name)
            for name in sorted(os.listdir(path), key=_number)
            if os.path.splitext(name)[1].lower() in images.SUFFIXES and not name.startswith(".")
        ]
        within = time_range or TimeRange()
        self._files = [file for number, file in enumerate(found) if within.holds(number / rate)]
        if not self._files:
            what = "in this range of time" if found else "in this folder"
            raise FilmError(f"{path}: there are no pictures {what}")
        height, width = self._first_size()
        self.description = Description(height, width, 1 / rate, rate, len(self._files))

    def close(self):
        """Nothing is open between pictures."""

    def __iter__(self):
        """Yields `Frame`s."""
        for number, file in enumerate(self._files):
            try:
                picture = images.load(file, self._max_pixels)
            except (ImageError, OSError):
                self.lost += 1
                continue
            yield Frame(picture, number, 1, os.path.basename(file))

    def _first_size(self):
        reason = None
        for file in self._files:
            try:
                return images.read(file, self._max_pixels).shape[:2]
            except (ImageError, OSError) as error:
                reason = reason or error
        raise FilmError(f"{self.path}: no picture can be read ({reason})") from reason


class FolderWriter:
    """A folder of pictures: under the names of the source's files, or 000001.png and on.

    Args:
        path: of the folder, made if it is missing.

    Raises:
        OSError: the folder can't be made.
    """

    lost = 0

    def __init__(self, path):
        self.path = path
        self._count = 0
        make_folder(path, "the frames")

    def write(self, item):
        """Writes a painted `Frame`; other items have no place in a folder.

        Raises:
            OSError: the disk is full.
        """
        if not isinstance(item, Frame):
            return
        self._count += 1
        name = item.name or f"{self._count:06}.png"
        if not images.can_write(name):
            name = f"{os.path.splitext(name)[0]}.png"
        picture = item.picture
        path = os.path.join(self.path, name)
        images.save(path, picture.rgb, picture.alpha, picture.metadata)

    def finish(self):
        """Each picture is complete as soon as it is there."""

    def abandon(self):
        """Pictures that were written stay."""


def _number(name):
    """Sorts frame2.png before frame10.png."""
    return [
        (1, int(part), "") if part.isdecimal() else (0, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]
