"""Finding image files in folders, and those that fit a pattern."""

import collections
import glob
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from absl import logging

from fast_style.errors import InvalidValue, one_line
from fast_style.images import files

# What systems and network storage keep among photographs, in lower case: thumbnails, waste, what
# disk checks saved. (Hidden folders, such as .thumbnails and .Trash-1000, are skipped anyway.)
_SYSTEM_FOLDERS = frozenset(
    (
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp"),
        *("$recycle.bin", "recycler", "system volume information", "found.000"),
        *("lost+found", "__macosx"),
    )
)


@dataclass(frozen=True)
class Found:
    """What a folder and the folders below it hold.

    Attributes:
        images: sorted list of `Path`, the image files by suffix.
        left_out: `collections.Counter` of the other files by suffix, in lower case.
        unreadable: list of `OSError`, one for each sub-folder that could not be listed.
    """

    images: list = field(default_factory=list)
    left_out: collections.Counter = field(default_factory=collections.Counter)
    unreadable: list = field(default_factory=list)


def find(folder):
    """The image files of `search`; a sub-folder that can't be listed is logged, and left out.

    Args:
        folder: path of the folder.

    Returns:
        A sorted list of `Path`, possibly empty.

    Raises:
        FileNotFoundError, NotADirectoryError, OSError: as `search`.
    """
    found = search(folder)
    for error in found.unreadable:
        logging.warning("left out: %s", one_line(error))
    return found.images


def search(folder):
    """Finds the image files, by suffix, in a folder and the folders below it.

    Hidden files and folders (with a leading dot) are skipped, and so are folders in which systems
    keep thumbnails, waste and their own data. Links to folders are followed, each folder being
    visited once.

    Args:
        folder: path of the folder.

    Returns:
        `Found`.

    Raises:
        FileNotFoundError: there is no such folder.
        NotADirectoryError: `folder` is a file.
        OSError: `folder` itself can't be listed.
    """
    found = Found()
    found.images.extend(map(Path, walk(folder, found)))
    found.images.sort()
    return found


def walk(folder, found):
    """The image files of `search` one by one, in no order, so that their number takes no memory.

    Args:
        folder: path of the folder.
        found: `Found`, whose `left_out` and `unreadable` are filled meanwhile.

    Yields:
        str, the path of a file.

    Raises:
        FileNotFoundError, NotADirectoryError, OSError: as `search`.
    """
    folder = os.fspath(folder)
    if not os.path.exists(folder):
        raise FileNotFoundError(f"{folder}: no such folder")
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{folder}: is a file, a folder of images is expected")
    os.scandir(folder).close()  # an error here is the folder's own
    waiting, visited = [folder], set()
    while waiting:
        root, below = waiting.pop(), []
        try:
            here = os.stat(root)
            if (here.st_dev, here.st_ino) in visited:
                continue
            visited.add((here.st_dev, here.st_ino))
            with os.scandir(root) as entries:
                for entry in entries:
                    if _is_folder(entry):
                        below.append(entry)
                    elif not entry.name.startswith(".") and _is_image(entry.path, found):
                        yield entry.path
        except OSError as error:
            found.unreadable.append(error)
        names = (entry.name for entry in below if not is_skipped(entry.name))
        waiting.extend(os.path.join(root, name) for name in sorted(names, reverse=True))


def is_skipped(folder):
    """Whether `search` skips folders of this name (bool)."""
    return folder.startswith(".") or folder.lower() in _SYSTEM_FOLDERS


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:  # of a link that leads in a circle
        return False


def _is_image(path, found):
    """Whether a file is an image by its suffix; counts the others."""
    if not _may_be_read(path):
        return False
    suffix = os.path.splitext(path)[1].lower()
    if suffix in files.SUFFIXES:
        return True
    found.left_out[suffix] += 1
    return False


def _may_be_read(path):
    """False for a link to nowhere, a pipe and their like."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:  # whoever reads it says so
        return True
    except OSError:
        return False


def expand(given):
    """The files that match a pattern, or a path as it is.

    The part of a pattern that exists as it is written is no pattern: "photos [2020]/*.jpg" are the
    files of the folder "photos [2020]".

    Args:
        given: path of a file or folder, or a pattern such as "photos/*.jpg" or "photos/**/*.png".

    Returns:
        list of str, sorted.

    Raises:
        ValueError: no file matches the pattern.
    """
    if os.path.lexists(given) or not glob.has_magic(given):
        return [given]
    found = sorted(p for p in glob.glob(escaped(given), recursive=True) if os.path.isfile(p))
    if not found:
        raise InvalidValue(f"{given}: no file matches this pattern")
    return found


def escaped(given):
    """The pattern with its folders escaped as far as they exist, as `glob` takes it."""
    folder = os.path.dirname(given)
    while not os.path.isdir(folder):
        above = os.path.dirname(folder)
        if above == folder:
            return given
        folder = above
    return glob.escape(folder) + given[len(folder) :]
