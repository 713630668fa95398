"""The paintings that a network is trained for."""

import dataclasses
import os
import zlib

import numpy as np
from absl import logging

from fast_style import images
from fast_style.errors import InvalidValue, printable


@dataclasses.dataclass(frozen=True, eq=False)
class Painting:
    """One painting.

    Attributes:
        name: str, what its style is called; what is no UTF-8 in the name of a file is escaped.
        image: uint8 RGB `[H, W, 3]`.
    """

    name: str
    image: np.ndarray

    def metadata(self):
        """What a network's metadata says of it (dict)."""
        return {
            "name": self.name,
            "height": self.image.shape[0],
            "width": self.image.shape[1],
            "crc32": zlib.crc32(np.ascontiguousarray(self.image)),
        }


def read_paintings(path, max_pixels=images.MAX_PIXELS, stems=False):
    """Reads a painting, or all of a folder or of a pattern.

    Args:
        path: path of an image file or of a folder, searched recursively, or a pattern such as
            "paintings/*.jpg".
        max_pixels: as in `fast_style.images.load`.
        stems: bool, whether a single painting, too, is called as its file without its suffix.

    Returns:
        list of `Painting`, in the order of their paths; of several, each is called as its file is
        without its suffix. Of those, what can't be read is logged and left out.

    Raises:
        ValueError: two of one name, a file that is no image, or none that can be read.
        OSError: there is no such file or folder.
    """
    found = images.find(path) if os.path.isdir(path) else images.expand(path)
    if found == [path]:
        name = os.path.basename(path)
        name = os.path.splitext(name)[0] if stems else name
        return [Painting(printable(name), images.read(path, max_pixels))]
    paintings, failures = {}, []
    for each in found:
        name = printable(os.path.splitext(os.path.basename(each))[0])
        if name in paintings:
            raise InvalidValue(f"{path}: two paintings are called {name!r}; rename one")
        try:
            paintings[name] = Painting(name, images.read(each, max_pixels))
        except (images.ImageError, OSError) as error:
            failures.append(error)
    if not paintings:
        raise InvalidValue(f"{path}: no painting that can be read, of {len(failures)} image files")
    for error in failures:
        logging.warning("left out: %s", error)
    return list(paintings.values())
