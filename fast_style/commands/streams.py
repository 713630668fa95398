"""Standard input and pipes in place of image files.

What comes in or goes out that way is kept in a temporary file, so that a picture from a pipe is
read, painted and written as every other one.
"""

import contextlib
import os
import shutil
import stat
import sys
import tempfile

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.images.decoding import DAMAGED, open_header

STANDARD = "-"
"""What stands for standard input or output on a command line."""
INPUT, OUTPUT = "standard input", "standard output"
"""What messages call them."""

_PIXEL_BYTES = 8  # read at most for each pixel that an image may have: those of 16-bit RGBA
_MORE_BYTES = 1 << 24  # for metadata
_CHUNK = 1 << 20


def is_stream(path):
    """Whether a path is "-", or that of a pipe, a device or their like (bool)."""
    if path == STANDARD:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_standard_output(path):
    """Whether a path is "-", or leads to the same, as /dev/stdout does (bool)."""
    if path == STANDARD:
        return True
    try:
        return sys.stdout is not None and os.path.samestat(os.stat(path), os.fstat(1))
    except OSError:
        return False


class Streams:
    """Files in place of the streams among some paths; a context manager, which removes them.

    Attributes:
        names: dict from the path of such a file to what messages call its stream.
    """

    def __init__(self):
        self.names = {}
        self._stack = contextlib.ExitStack()
        self._folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def receive(self, path, max_pixels=images.MAX_PIXELS):
        """Reads a stream to its end.

        Args:
            path: "-" for standard input, or the path of a pipe.
            max_pixels: of the image. Hardly more is read than it could take uncompressed.

        Returns:
            str, path of a file, which ends as its format does if the contents tell it.

        Raises:
            ValueError: the stream is a terminal, is empty, or holds too much.
            OSError: it can't be read.
        """
        shown = INPUT if path == STANDARD else path
        called = "stdin" if path == STANDARD else os.path.basename(path)
        file = os.path.join(self.make_folder(), called)
        self.names[file] = shown
        if path == STANDARD and sys.stdin is None:
            raise InvalidValue(f"{shown}: is closed, an image is expected")
        with (
            open(os.dup(0) if path == STANDARD else path, "rb") as stream,
            open(file, "wb") as copy,
        ):
            _copy_bounded(stream, copy, shown, max_pixels)
        named = os.path.splitext(file)[0] + _suffix(file)
        os.rename(file, named)
        self.names[named] = shown
        return named

    def make_folder(self):
        """A new temporary folder, with the separator at its end (str)."""
        if self._folder is None:
            self._folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        return os.path.join(tempfile.mkdtemp(dir=self._folder), "")


def send(file, stream, shown):
    """Copies a file into a stream.

    Args:
        file: path of the file.
        stream: binary file, or the path of a pipe.
        shown: what messages call the stream.

    Raises:
        OSError: nobody reads any more, or the stream is full.
    """
    try:
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(open(file, "rb"))
            if not hasattr(stream, "write"):
                stream = stack.enter_context(open(stream, "wb"))
            shutil.copyfileobj(source, stream)
            stream.flush()
    except OSError as error:
        raise type(error)(error.errno, error.strerror, shown) from error


@contextlib.contextmanager
def standard_output():
    """Context that keeps standard output for one purpose.

    What anything prints meanwhile goes to standard error.

    Yields:
        Standard output as a binary file.

    Raises:
        ValueError: standard output is closed.
    """
    if sys.stdout is None:
        raise InvalidValue(f"{OUTPUT}: is closed")
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    stream = os.fdopen(os.dup(kept), "wb")
    try:
        yield stream
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        with contextlib.suppress(BrokenPipeError):  # which whoever wrote has reported
            stream.close()


def _copy_bounded(stream, copy, shown, max_pixels):
    limit = _PIXEL_BYTES * max_pixels + _MORE_BYTES
    if stream.isatty():
        raise InvalidValue(f"{shown}: is a terminal, an image is expected")
    while chunk := stream.read(min(_CHUNK, limit + 1 - copy.tell())):
        copy.write(chunk)
    if not copy.tell():
        raise InvalidValue(f"{shown}: is empty, an image is expected")
    if copy.tell() > limit:
        raise InvalidValue(
            f"{shown}: more than {limit:,} bytes, which an image of {max_pixels:,} pixels does "
            "not take (--max_pixels raises the limit)"
        )


def _suffix(path):
    """The suffix for the format of an image file; an empty text for none that can be written."""
    try:
        with open(path, "rb") as stream:
            format = (open_header(stream).format or "").lower()
    except DAMAGED:
        return ""
    suffix = {"jpeg2000": ".jp2", "mpo": ".jpg", "jpeg": ".jpg"}.get(format, f".{format}")
    return suffix if images.can_write(f"image{suffix}") else ""
