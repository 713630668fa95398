"""Whether paths name the same file, however they are spelled, and whether one has to be kept."""

import os
import unicodedata

from fast_style.atomic_files import unused_path
from fast_style.errors import InvalidValue


def check_kept(targets, sources):
    """Raises unless every file that is to be written leaves every file that is read as it is.

    Links, hard links, other spellings ("missing/../photo.jpg") and file systems that do not tell
    capitals apart are seen through; so it is asked before the first file is written.

    Args:
        targets: paths to be written; their folders need not exist.
        sources: paths of files that are read.

    Raises:
        ValueError: a target is one of the sources.
    """
    read = {}
    for source in sources:
        if os.path.exists(source):
            read.setdefault(_key(source), source)
    for target in targets:
        source = read.get(_key(target))
        if source is not None:
            raise InvalidValue(
                f"{target}: --output would replace {source}, which is read; name another file"
            )


def twins(paths):
    """Pairs of paths (str) that are written one after the other to the same file; an iterator.

    Args:
        paths: different paths; neither files nor folders need exist.
    """
    seen, folded = {}, {}
    for path in paths:
        key = _key(path)
        if key in seen:
            yield seen[key], path
            continue
        seen[key] = path
        # Two names that differ in capitals, or in how accents are composed, may be one.
        place, *names = key
        alike = (place, *(unicodedata.normalize("NFC", name).casefold() for name in names))
        other = folded.setdefault(alike, path)
        if other != path and folds_names(_nearest_folder(path)):
            yield other, path


def lies_in(path, folder):
    """Whether a path, which need not exist, is an existing folder or lies below it (bool)."""
    place, _ = _identity(folder)
    path = os.path.realpath(path)
    while True:
        if os.path.exists(path) and _identity(path)[0] == place:
            return True
        above = os.path.dirname(path)
        if above == path:
            return False
        path = above


def folds_names(folder):
    """Whether an existing folder takes names that differ in capitals for one (bool).

    Raises:
        OSError: the folder can't be written.
    """
    probe = unused_path(folder)
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        return os.path.exists(os.path.join(folder, os.path.basename(probe).swapcase()))
    finally:
        os.remove(probe)


def _key(path):
    """What is equal for all paths of one file: its identity, or its folder's and what follows."""
    found, missing = _identity(path)
    return (found, *missing)


def _identity(path):
    """Identity of the nearest part of a path that exists, and the names below that do not."""
    path, missing = os.path.realpath(path), []
    while True:
        try:
            found = os.stat(path)
        except OSError:
            above, name = os.path.split(path)
            if above == path or not name:  # not even the drive
                return os.path.normcase(path), missing
            path, missing = above, [os.path.normcase(name), *missing]
            continue
        # Some network file systems number no files.
        return (found.st_dev, found.st_ino) if found.st_ino else os.path.normcase(path), missing


def _nearest_folder(path):
    folder = os.path.dirname(os.path.realpath(path))
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder
