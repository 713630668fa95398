"""Opening the files of films, which nobody vouches for."""

import os

import av
import av.error

from fast_style.video.frames import FilmError

# Only these are opened: others read further files, or addresses, that a file names (HLS, concat).
_FORMATS = "mov,matroska,avi,mpeg,mpegts,ogg,flv,asf,mxf,nut,yuv4mpegpipe"


def open_film(path):
    """Opens a film, an `av.container.InputContainer`.

    Raises:
        FilmError: it is none.
        OSError: it can't be opened.
    """
    if not os.path.isfile(path):  # FFmpeg would take some names for addresses
        kind = "is no file" if os.path.exists(path) else "no such file"
        raise FileNotFoundError(f"{path}: {kind}")
    try:
        return av.open(
            f"file:{os.path.abspath(path)}",
            options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        if isinstance(error, MemoryError):
            raise
        raise FilmError(f"{path}: not a readable film ({error.strerror})") from error


def packets(container, streams):
    """Packets of the streams, to the end of the file or to where it can be read no further."""
    try:
        yield from container.demux(streams)
    except av.error.InvalidDataError:
        return


def choose_stream(container, path):
    """The stream of pictures, an `av.VideoStream`; not a cover, and the usual one of several.

    Raises:
        FilmError: there is none, or none that can be decoded.
    """
    cover = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & cover]
    if not streams:
        raise FilmError(f"{path}: there is no video stream in it")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise FilmError(f"{path}: the installed PyAV has no decoder for its codec")
    marked = [s for s in known if s.disposition & av.stream.Disposition.default]
    chosen = (marked or known)[0]
    # Threads of frames would report a broken packet with a later one, and lose its frame too.
    chosen.thread_type = "SLICE"
    return chosen
