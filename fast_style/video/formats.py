"""Which reader and writer a path stands for, and the checks of an output's name."""

import os

from fast_style import images
from fast_style.atomic_files import check_writable_folder
from fast_style.errors import InvalidValue
from fast_style.images import identity
from fast_style.video import animation_reader, animation_writer, encoding, frame_folders
from fast_style.video.frames import FilmError

OUTPUT = os.path.join("generated", "res")
"""Where the painted film goes unless it is said; a suffix is added."""


def open_reader(path, time_range=None, max_pixels=images.MAX_PIXELS, rate=None):
    """A reader of a film, an animation or a folder of pictures.

    Args:
        path: of the file or folder.
        time_range: `fast_style.video.frames.TimeRange`; None for all of it.
        max_pixels: limit on height * width of a frame.
        rate: frames per second of a folder; None for `fast_style.video.frame_folders.RATE`.

    Returns:
        `FilmReader`, `AnimationReader` or `FolderReader`.

    Raises:
        FilmError: it can't be read.
        ValueError: PyAV is missing, or `rate` given for what is no folder.
        OSError: there is no such file.
    """
    if os.path.isdir(path):
        rate = frame_folders.RATE if rate is None else rate
        return frame_folders.FolderReader(path, time_range, max_pixels, rate)
    if rate is not None:
        raise InvalidValue(f"`fps` is of folders of frames; {path} is none, and keeps its times")
    suffix = _suffix(path)
    if suffix in animation_reader.SUFFIXES:
        return animation_reader.AnimationReader(path, time_range, max_pixels)
    if suffix in images.SUFFIXES and os.path.exists(path):
        raise FilmError(f"{path}: is a still image, which `fast-style paint` paints")
    encoding.check_installed()
    from fast_style.video.film_reader import FilmReader

    return FilmReader(path, time_range, max_pixels)


def choose_output(source, output=None):
    """The path of the painted film, checked before any work is done.

    Args:
        source: path of what is painted.
        output: path of a film, an animation, or a folder (ending in a separator, existing, or
            without a suffix); None: `OUTPUT` as what the source is.

    Returns:
        str; a folder's ends in a separator.

    Raises:
        ValueError: a suffix that can't be written, or an output that would replace the source.
        OSError: it can't be written.
    """
    if output is None:
        writable = (*encoding.CONTAINERS, *animation_writer.SUFFIXES)
        suffix = _suffix(source)
        output = f"{OUTPUT}{suffix if suffix in writable else '.mp4'}"
        if os.path.isdir(source):
            output = OUTPUT + os.sep
    if output.endswith(os.sep) or os.path.isdir(output) or not _suffix(output):
        output = os.path.join(output, "")
        _check_folder(source, output)
        return output
    if _suffix(output) not in (*encoding.CONTAINERS, *animation_writer.SUFFIXES):
        known = " ".join(sorted((*encoding.CONTAINERS, *animation_writer.SUFFIXES)))
        raise InvalidValue(
            f"`output` must end in one of {known}, or name a folder for frames; received {output}"
        )
    identity.check_kept([output], [source])
    if os.path.isdir(source) and _lies_in(output, source) and _suffix(output) in images.SUFFIXES:
        raise InvalidValue(f"{output}: lies among the frames, where it would be taken for one")
    check_writable_folder(output, output)
    return output


def open_writer(path, source, size, options):
    """A writer for a path that `choose_output` returned; missing folders are made.

    Args:
        path: of the output.
        source: `fast_style.video.frames.Description` of what is painted.
        size: (height, width) of the painted frames.
        options: `fast_style.video.EncodeOptions`, of films.

    Returns:
        `FilmWriter`, `AnimationWriter` or `FolderWriter`.

    Raises:
        ValueError: a codec or crf for what is no film; and as those raise.
    """
    if is_film(path):
        encoding.check_installed()
        from fast_style.video.film_writer import FilmWriter

        return FilmWriter(path, source, size, options)
    for name, value in (("codec", options.codec), ("crf", options.crf)):
        if value is not None:
            raise InvalidValue(f"`{name}` is of films; {path} is none")
    if path.endswith(os.sep):
        writer = frame_folders.FolderWriter(path)
    else:
        writer = animation_writer.AnimationWriter(path, source, size)
    writer.left_out = [stream.kind for stream in source.copied] if options.sound else []
    return writer


def is_film(path):
    """Whether a path names a film to be written, which has an encoder (bool)."""
    return _suffix(path) in encoding.CONTAINERS


def _suffix(path):
    return os.path.splitext(os.fspath(path))[1].lower()


def _check_folder(source, output):
    if os.path.exists(output.rstrip(os.sep)) and not os.path.isdir(output):
        raise NotADirectoryError(f"{output}: is a file, a folder for the frames is expected")
    if os.path.isdir(source) and _lies_in(os.path.join(output, "x"), source):
        raise InvalidValue(f"{output}: --output would replace the frames themselves")
    check_writable_folder(os.path.join(output, "x"), output)


def _lies_in(path, folder):
    """Whether a file lies right in a folder (bool)."""
    return os.path.dirname(os.path.realpath(path)) == os.path.realpath(folder)
