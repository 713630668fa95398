"""Photographs and results as files or as objects: read, looked for, and written in one step."""

import io
import os

from fast_style import images
from fast_style.atomic_files import put_in_place, unused_path
from fast_style.bulk import object_store
from fast_style.bulk.object_store import is_url

# An encoded image takes at most so many bytes a pixel, and a header: floats without compression.
_BYTES_PER_PIXEL, _HEADER = 16, 1 << 24


class Storage:
    """What `fast_style.painting.file_batch` reads and writes with, for paths and URLs alike.

    Threads may share it.

    Args:
        aside: folder in which files are written until they are whole; it is in the file system of
            the targets. None where all targets are URLs: an object appears when all of it is there.
        max_pixels: as of `fast_style.images.load`; it bounds the bytes that are fetched, too.
    """

    def __init__(self, aside=None, max_pixels=images.MAX_PIXELS):
        self._aside = aside
        self._max_bytes = _BYTES_PER_PIXEL * max_pixels + _HEADER
        self._fetched = {}  # between `count_pixels` and `load` of one photograph
        self._notes = {}

    def count_pixels(self, path):
        """As `fast_style.images.count_pixels`; an object that can't be read counts as 0."""
        if not is_url(path):
            return images.count_pixels(path)
        try:
            contents = object_store.read(path, self._max_bytes)
        except (OSError, ValueError) as error:
            self._fetched[path] = error
            return 0
        self._fetched[path] = contents
        width, height = images.header_size(io.BytesIO(contents))
        return width * height

    def load(self, path, max_pixels):
        """As `fast_style.images.load`; an object was fetched by `count_pixels`."""
        if not is_url(path):
            picture = images.load(path, max_pixels)
        else:
            contents = self._fetched.pop(path)
            if isinstance(contents, Exception):
                raise contents
            picture = images.decode(contents, path, max_pixels)
        if picture.notes:
            self._notes[path] = "; ".join(picture.notes)
        return picture

    def notes(self, path):
        """What a user should know of how a photograph was read (str or None); told once."""
        return self._notes.pop(path, None)

    def save(self, path, rgb, alpha=None, metadata=None):
        """As `fast_style.images.save`; in a local folder, nothing is left of a process that dies
        meanwhile but a file in the folder `aside`."""
        contents = images.encoded(path, rgb, alpha, metadata)
        if is_url(path):
            object_store.write(path, bytes(contents))
            return
        target = os.path.realpath(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        partial = unused_path(self._aside)
        with open(partial, "xb") as file:
            file.write(contents)
        put_in_place(partial, target)

    def size(self, path):
        """Width and height in pixels of an image that was written here."""
        if is_url(path):
            return images.header_size(io.BytesIO(object_store.read(path, self._max_bytes)))
        with open(path, "rb") as stream:
            return images.header_size(stream)


def exists(path):
    """Whether there is such a file or object (bool)."""
    return modified(path) is not None


def modified(path):
    """When a file or an object was written, seconds by its storage's clock; None: there is none.

    An empty file counts as none: a power cut can leave one where a file was renamed.

    Raises:
        OSError: it can't be told.
    """
    if is_url(path):
        return object_store.modified(path)
    try:
        found = os.stat(path)
        return found.st_mtime if found.st_size else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def join(folder, name):
    """The path or URL of a name, with / between its parts, below a folder."""
    if is_url(folder):
        return f"{folder.rstrip('/')}/{name}"
    return os.path.join(folder, *name.split("/"))


def write_bytes(path, contents):
    """Writes a small file or object, whole or not at all; its folder exists."""
    if is_url(path):
        object_store.write(path, contents)
        return
    partial = unused_path(os.path.dirname(path))
    with open(partial, "xb") as file:
        file.write(contents)
    put_in_place(partial, path)
