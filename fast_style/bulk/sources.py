"""The photographs of a folder, a pattern or a list, on disks or in buckets, one by one."""

import glob
import os
import re
from dataclasses import dataclass

from fsspec.utils import glob_translate

from fast_style import images
from fast_style.bulk import object_store
from fast_style.bulk.storage import exists, is_url, join
from fast_style.errors import InvalidValue
from fast_style.images import finding, identity
from fast_style.painting.output_plan import output_name

LIST_SUFFIX = ".txt"
_MAX_LINE = 1 << 16  # characters of a line of a list
_MAX_LIST = 1 << 30  # bytes of a list in a bucket


@dataclass(frozen=True)
class Photo:
    """One photograph of a source.

    Attributes:
        source: its path or URL.
        target: that of its result; None where it can't have one.
        error: why not; None otherwise.
    """

    source: str
    target: str | None
    error: str | None = None


class Source:
    """Photographs, listed as they are asked for: their number takes no memory.

    Args:
        given: a folder, searched recursively as eval.py does; a pattern such as "photos/*.jpg" or
            "s3://bucket/photos/**/*.png"; a list, a file whose name ends in .txt with a path or
            URL in each line; one photograph; or the URL of a folder or a list.
        target: folder of the results, a path or URL. Names and folders below `root` are kept.

    Attributes:
        root: the folder that all photographs are in: path or URL.

    Raises:
        ValueError: nothing matches, or `target` lies in the source.
        OSError: there is no such source, or it can't be read.
    """

    def __init__(self, given, target):
        self.given = given
        self._target = target
        self._pattern = None
        self._is_list = self._is_folder = False
        self.root = self._root(given)
        self._check_target()
        if next(iter(self), None) is None:
            raise InvalidValue(f"{given}: no image file there")

    def __iter__(self):
        """Yields a `Photo` for each photograph, and for each folder that can't be listed."""
        for source in self._sources():
            if isinstance(source, OSError):
                path = source.filename or self.root
                yield Photo(path, None, f"{path}: {source.strerror or source}")
                continue
            name = self._name(source)
            renamed = output_name(name)
            target = join(self._target, renamed)
            if renamed != name and exists(other := join(self.root, renamed)):
                yield Photo(source, None, f"{source} and {other} would both be written to {target}")
            else:
                yield Photo(source, target)

    def count(self):
        """How many photographs there are (int), by listing them all."""
        return sum(1 for _ in self._sources())

    def _root(self, given):
        if _is_list(given):
            self._is_list = True
            return _common_folder(_lines(given), given)
        if is_url(given):
            object_store.split(given)
            if glob.has_magic(given):
                folder = given[: re.search(r"[*?[]", given).start()].rpartition("/")[0]
                self._pattern = re.compile(glob_translate(given))
                return folder
            self._is_folder = not _is_image(given)
            return given.rstrip("/") if self._is_folder else given.rpartition("/")[0]
        if os.path.isdir(given):
            self._is_folder = True
            return given
        if not os.path.lexists(given) and glob.has_magic(given):
            self._pattern = finding.escaped(given)
            folder = given
            while not os.path.isdir(folder) and folder:
                folder = os.path.dirname(folder)
            return folder or "."
        if not os.path.exists(given):
            raise FileNotFoundError(f"{given}: no such file or folder")
        return os.path.dirname(given) or "."

    def _check_target(self):
        """Raises where the next run would take results for photographs."""
        if is_url(self.root) != is_url(self._target):
            return
        # What a folder, a list or ** finds may be at any depth; other patterns find no results.
        deep = self._is_list or "**" in self.given or self._is_folder
        if is_url(self.root):
            same = self._target.rstrip("/") == self.root.rstrip("/")
            inside = f"{self._target.rstrip('/')}/".startswith(f"{self.root.rstrip('/')}/")
        else:
            same = os.path.realpath(self._target) == os.path.realpath(self.root)
            inside = identity.lies_in(self._target, self.root)
        if same or (deep and inside):
            raise InvalidValue(
                f"{self._target}: lies in the source {self.root}, where the next run would take "
                "results for photographs"
            )

    def _sources(self):
        """Yields paths and URLs, and an `OSError` for each folder that can't be listed."""
        if self._is_list:
            yield from _lines(self.given)
        elif is_url(self.given):
            yield from self._objects()
        elif self._is_folder:
            found = finding.Found()
            yield from finding.walk(self.given, found)
            yield from found.unreadable
        elif self._pattern:
            for path in glob.iglob(self._pattern, recursive=True):
                if _is_image(path) and not self._is_hidden(path) and os.path.isfile(path):
                    yield path
        else:
            yield self.given

    def _objects(self):
        if self._pattern is None and not self._is_folder:
            yield self.given
            return
        for url in object_store.walk(self.root):
            matches = self._pattern is None or self._pattern.fullmatch(url)
            if _is_image(url) and matches and not self._is_hidden(url):
                yield url

    def _is_hidden(self, source):
        """Whether it is a hidden file, or in a folder that `finding.search` skips."""
        *folders, name = self._name(source).split("/")
        return name.startswith(".") or any(map(finding.is_skipped, folders))

    def _name(self, source):
        """The part of a path or URL below the root, with / between its parts."""
        if is_url(source):
            return source[len(self.root) :].lstrip("/")
        return os.path.relpath(source, self.root).replace(os.sep, "/")


def _is_image(path):
    return os.path.splitext(path)[1].lower() in images.SUFFIXES


def _is_list(given):
    is_file = is_url(given) or os.path.isfile(given)
    return given.lower().endswith(LIST_SUFFIX) and is_file


def _lines(given):
    """The paths and URLs in a list, without blank lines."""
    if is_url(given):
        text = object_store.read(given, _MAX_LIST).decode("utf-8", "surrogateescape")
        lines = iter(text.splitlines())
    else:
        lines = _file_lines(given)
    for line in lines:
        if line := line.strip("\r\n"):
            yield line if is_url(line) else os.path.abspath(line)


def _file_lines(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        while line := file.readline(_MAX_LINE):
            if len(line) == _MAX_LINE:
                raise InvalidValue(f"{path}: no list of paths, a line is too long")
            yield line


def _common_folder(lines, given):
    """The folder that all files of a list are in."""
    common = None
    for line in lines:
        folder = line.rpartition("/")[0] if is_url(line) else os.path.dirname(line)
        if common is None:
            common = folder
        elif folder != common:
            if is_url(folder) != is_url(common):
                raise InvalidValue(f"{given}: {line} has no folder in common with {common}")
            share = _shared if is_url(folder) else lambda *folders: os.path.commonpath(folders)
            common = share(common, folder)
    if common is None:
        raise InvalidValue(f"{given}: names no file")
    if is_url(common):
        object_store.split(common)
    return common or "."


def _shared(one, other):
    """The folder in which two folders of a bucket are, without / at its end."""
    parts = []
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        parts.append(a)
    return "/".join(parts)
