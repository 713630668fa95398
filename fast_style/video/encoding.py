"""Containers and encoders of films: which goes with which, and with what options.

PyAV is imported where it is used: animations and folders need none.
"""

import dataclasses
import functools
import importlib.util
import os
from typing import Any

from fast_style.errors import InvalidValue
from fast_style.video.frames import FilmError

CONTAINERS = {  # suffix: FFmpeg's name, the encoder unless --codec names another
    ".mp4": ("mp4", "libx264"),
    ".m4v": ("mp4", "libx264"),
    ".mov": ("mov", "libx264"),
    ".mkv": ("matroska", "libx264"),
    ".webm": ("webm", "libvpx-vp9"),
}
_FEW_FRAMES = 8
_LEAST_CRF, _MOST_CRF = 0, 63
_CODECS = {  # encoder: crf by default, its largest, further options
    "libx264": (18, 51, {"preset": "fast"}),
    "libx264rgb": (18, 51, {"preset": "fast"}),
    "libx265": (20, 51, {"preset": "fast", "x265-params": "log-level=error"}),
    "libvpx-vp9": (24, 63, {"b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1"}),
    "libvpx": (10, 63, {"b": "8M", "deadline": "good", "cpu-used": "5"}),
    "libsvtav1": (28, 63, {"preset": "8"}),
    "libaom-av1": (28, 63, {"cpu-used": "6", "row-mt": "1"}),
}


@dataclasses.dataclass(frozen=True)
class EncodeOptions:
    """How a film is encoded.

    Attributes:
        codec: name of FFmpeg's encoder, such as "libx265"; None: the container's usual one.
        crf: int, constant rate factor, smaller is better and larger files; None: the codec's usual
            one. 0 is lossless with libx264, libx264rgb, libx265 and libvpx-vp9.
        sound: bool, whether sound and subtitles are kept.

    Raises:
        ValueError: a codec that is not installed, or a `crf` that it does not have.
    """

    codec: str | None = None
    crf: int | None = None
    sound: bool = True

    def __post_init__(self):
        if self.codec is not None:
            codec = find_encoder(self.codec)
            if self.crf is not None and self.codec not in _CODECS:
                raise InvalidValue(
                    f"`crf` is not an option of {codec.name}; it is one of {', '.join(_CODECS)}"
                )
        most = _CODECS.get(self.codec, (0, _MOST_CRF))[1]
        if self.crf is not None and not _LEAST_CRF <= self.crf <= most:
            raise InvalidValue(f"`crf` must be from {_LEAST_CRF} to {most}; received {self.crf}")


def find_encoder(name):
    """The `av.Codec` of an encoder of films.

    Raises:
        ValueError: there is none of that name in this build of FFmpeg.
    """
    check_installed()
    import av

    try:
        codec = av.Codec(name, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError
        codec = None
    if codec is None or codec.type != "video":
        known = [known for known in (*_CODECS, "ffv1") if known in av.codecs_available]
        raise InvalidValue(
            f"`codec` must be an encoder of the installed PyAV, such as {', '.join(known)}; "
            f"received {name}"
        )
    return codec


@dataclasses.dataclass(frozen=True)
class Encoder:
    """The encoder and container of one output.

    Attributes:
        container: FFmpeg's name of the container.
        codec: `av.Codec`.
        options: dict of str, of the encoder.
        is_lossless: bool.
    """

    container: str
    codec: Any
    options: dict
    is_lossless: bool


def choose_encoder(path, options, frame_count=None):
    """The `Encoder` for a path.

    Args:
        path: of the film to be written; the suffix names the container.
        options: `EncodeOptions`.
        frame_count: int, of the film, or None where it is not known.

    Raises:
        FilmError: the container can't hold what the encoder makes.
        ValueError: a `crf` out of the encoder's range.
    """
    container, usual = CONTAINERS[os.path.splitext(path)[1].lower()]
    name = options.codec or usual
    options = dataclasses.replace(options, codec=name)  # checks the value for this encoder
    codec = find_encoder(name)
    if not holds(container, codec.canonical_name):
        raise FilmError(f"{path}: a {container} file can't hold {codec.canonical_name} ({name})")
    usual_crf, _, further = _CODECS.get(name, (None, None, {}))
    crf = usual_crf if options.crf is None else options.crf
    lossless = codec.lossless and not codec.lossy
    settings = dict(further)
    if name == "libx265" and frame_count is not None and frame_count <= _FEW_FRAMES:
        # With frames out of order it gives films of one or two no times of decoding.
        settings["x265-params"] += ":bframes=0"
    if crf is not None:
        settings["crf"] = str(crf)
        lossless = lossless or _make_lossless(name, crf, settings)
    return Encoder(container, codec, settings, lossless)


def holds(container, codec):
    """Whether a container (FFmpeg's name) holds a codec (canonical name): bool."""
    return codec in _supported(container)


def check_installed():
    """Raises `InvalidValue` unless PyAV is installed."""
    if importlib.util.find_spec("av") is None:
        raise InvalidValue(
            'films are read and written by PyAV, which is missing: pip install "fast-style[video]"'
        )


@functools.cache
def _supported(container):
    import av

    # PyAV tells it of an opened container only; nothing is written.
    with av.open(os.devnull, "w", format=container) as output:
        return output.supported_codecs


def _make_lossless(name, crf, settings):
    """Changes `settings` to lossless ones where `crf` is 0 and the encoder has them: bool."""
    if crf != 0:
        return False
    if name == "libvpx-vp9":
        settings["lossless"] = "1"
    elif name == "libx265":
        settings["x265-params"] += ":lossless=1"
    return name in ("libx264", "libx264rgb", "libx265", "libvpx-vp9")
