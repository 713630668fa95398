"""One bulk run: where it reads, writes and records, and what is sent to its processes."""

import contextlib
import glob
import os
import shutil
import tempfile
from dataclasses import dataclass

from fast_style import atomic_files
from fast_style.bulk.cluster import Place
from fast_style.bulk.painter import Painter
from fast_style.bulk.storage import is_url
from fast_style.errors import MENDABLE, InvalidValue, one_line
from fast_style.training.folder_lock import FolderInUse, FolderLock

_ASIDE = ".fast-style-"  # hidden, so that no search takes what lies there for photographs
_MAX_CHECKPOINT = 1 << 31  # bytes that are sent to each machine


@dataclass(frozen=True)
class Job:
    """What the processes of a run have in common; it is sent to them.

    Attributes:
        root: folder of the photographs, path or URL.
        aside: of `fast_style.bulk.storage.Storage`.
        started: when the run began, seconds by the clock of the results' storage.
        skip_existing: bool, whether a result from before the run is left as it is.
        max_pixels: as of `fast_style.images.load`.
    """

    root: str
    aside: str | None
    started: float
    skip_existing: bool
    max_pixels: int

    def painter(self, change, place: Place, growth):
        """A `Painter` in the process that calls it.

        Raises:
            ValueError: the machine does not see the folders that the driver sees.
        """
        for folder in (self.root, self.aside):
            if folder is not None and not is_url(folder) and not os.path.isdir(folder):
                raise InvalidValue(
                    f"this machine has no folder {folder}: all machines must see the same, on a "
                    "network file system, or give URLs"
                )
        return Painter(
            change,
            place.node,
            self.started,
            self.skip_existing,
            self.aside,
            self.max_pixels,
            growth,
        )


@contextlib.contextmanager
def folder_aside(target):
    """A hidden folder in a local folder of results, where they are written until they are whole.

    It is removed in the end, and with it what processes left there that died; so are those of
    runs that were killed.

    Args:
        target: path of a folder, which is made if it is missing, or a URL.

    Yields:
        str, its path; None for a URL.

    Raises:
        OSError: it can't be made.
    """
    if is_url(target):
        yield None
        return
    atomic_files.make_folder(target, "results")
    for old in glob.glob(os.path.join(glob.escape(target), f"{_ASIDE}*")):
        with contextlib.suppress(FolderInUse, FileNotFoundError), FolderLock(old):
            shutil.rmtree(old, ignore_errors=True)
    folder = os.path.join(
        target, _ASIDE + os.path.basename(atomic_files.unused_path(target)).strip(".")
    )
    os.mkdir(folder)
    try:
        with FolderLock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Checkpoint:
    """The files of a checkpoint, to be sent to other machines.

    Attributes:
        prefix: the checkpoint's, on the machine that has it.
        contents: dict from the ends of the files' names, such as ".json", to bytes.
    """

    prefix: str
    contents: dict

    @classmethod
    def read(cls, prefix):
        """Reads the files of the checkpoint at `prefix`.

        Raises:
            FileNotFoundError: there is none.
            ValueError: they are too large.
        """
        paths = glob.glob(f"{glob.escape(prefix)}.*")
        wanted = [p for p in paths if p[len(prefix) :].startswith((".index", ".data-", ".json"))]
        if f"{prefix}.index" not in wanted:
            raise FileNotFoundError(f"{prefix}: no such checkpoint")
        if sum(map(os.path.getsize, wanted)) > _MAX_CHECKPOINT:
            raise InvalidValue(f"{prefix}: more than {_MAX_CHECKPOINT >> 30} GiB can't be sent")
        contents = {}
        for path in wanted:
            with open(path, "rb") as file:
                contents[path[len(prefix) :]] = file.read()
        return cls(prefix, contents)

    @contextlib.contextmanager
    def written(self):
        """Context in which the files lie in a folder of their own; yields their prefix.

        Errors that name it, and that a user can mend, name the prefix that the user knows.
        """
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "network")
            for suffix, contents in self.contents.items():
                with open(f"{prefix}{suffix}", "xb") as file:
                    file.write(contents)
            try:
                yield prefix
            except MENDABLE as error:
                raise InvalidValue(one_line(error).replace(prefix, self.prefix)) from error
