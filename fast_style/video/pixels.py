"""Frames as decoders and encoders hold them (YUV of several kinds) to RGB and back."""

import dataclasses
import re

import av
import av.filter
import numpy as np

from fast_style.video import hdr
from fast_style.video.frames import FilmError

# Numbers of ITU-T H.273, which FFmpeg uses too.
UNSPECIFIED = 2
BT709 = 1
LIMITED, FULL = 1, 2
_RGB = 0
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
# From a height of 720 lines or a width of 1280 pixels players take films that do not tell for
# BT.709, as broadcasters make them.
_HD_WIDTH, _HD_HEIGHT = 1280, 720

# Chroma is repeated on the way in and averaged on the way out: the two are each other's inverse, so
# a film that is only read and written keeps its colours to one step.
_TO_RGB = "neighbor+accurate_rnd+full_chroma_int"
_FROM_RGB = "area+accurate_rnd+full_chroma_inp"
_RGB_FORMATS = ("rgb24", "bgr24", "bgr0", "rgba", "bgra", "argb")
_PREFERRED = (
    *("yuv420p", "yuv444p", "yuv422p", "yuvj420p", "yuvj444p", "yuvj422p"),
    *("yuv420p10le", "yuv422p10le", "yuv444p10le"),
)


@dataclasses.dataclass(frozen=True)
class PixelEncoding:
    """How the numbers of a film stand for colours, by ITU-T H.273.

    Attributes:
        format: name of FFmpeg's pixel format, such as "yuv420p".
        matrix: int, matrix coefficients; `UNSPECIFIED` where the film does not tell.
        range: int, `LIMITED`, `FULL`, or 0 where the film does not tell.
        primaries, transfer: int, passed on.
    """

    format: str
    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    @property
    def is_rgb(self):
        """Whether its pixels are RGB, or palettes of it (bool)."""
        return av.VideoFormat(self.format).is_rgb or self.format.startswith(("pal8", "gbr"))

    @property
    def is_full(self):
        """Whether 0..255 are black to white, and not 16..235 (bool)."""
        return self.range == FULL or self.format.startswith("yuvj")

    @property
    def hdr(self):
        """ "PQ" or "HLG" for a film in high dynamic range; None for others."""
        return hdr.NAMES.get(self.transfer)

    def matrix_name(self, height, width):
        """Name of the matrix for FFmpeg's filters; a guess by size where it is not known."""
        if self.matrix in _MATRICES:
            return _MATRICES[self.matrix]
        return "bt709" if is_hd(height, width) else "bt601"


def is_hd(height, width):
    """Whether players take a film of that size for BT.709 where it does not tell (bool)."""
    return width >= _HD_WIDTH or height >= _HD_HEIGHT


def encoding_of(context, path):
    """The `PixelEncoding` of a decoder, `av.VideoCodecContext`.

    Raises:
        FilmError: colours that can't be converted: a rare matrix, or none known.
    """
    matrix = context.colorspace
    if context.pix_fmt is None:
        raise FilmError(f"{path}: damaged, it does not tell what its pixels are")
    if matrix not in (*_MATRICES, UNSPECIFIED, _RGB):
        raise FilmError(f"{path}: its colour matrix, number {matrix} of H.273, is not supported")
    found = PixelEncoding(
        context.pix_fmt, matrix, context.color_range, context.color_primaries, context.color_trc
    )
    if matrix == _RGB and not found.is_rgb:  # a false label
        found = dataclasses.replace(found, matrix=UNSPECIFIED)
    return found


def output_encoding(source, codec, lossless, source_size, size):
    """How a painted film is encoded: as its source, as far as the codec can and players do.

    Args:
        source: `PixelEncoding` of the source; None for pictures.
        codec: `av.Codec`, an encoder.
        lossless: bool; otherwise chroma has half the resolution, which every player decodes.
        source_size, size: (height, width) of the source's and the painted film's frames.

    Returns:
        `PixelEncoding`.
    """
    supported = [format.name for format in codec.video_formats or []]
    wanted = _wanted_formats(source, codec, lossless, size)
    chosen = next((name for name in wanted if name in supported), (*supported, wanted[0])[0])
    found = PixelEncoding(chosen)
    if found.is_rgb:
        return dataclasses.replace(found, matrix=_RGB, range=FULL)
    if source is None or source.is_rgb or source.hdr:
        return PixelEncoding(chosen, BT709, LIMITED, BT709, BT709)
    matrix = source.matrix
    if matrix == UNSPECIFIED and is_hd(*source_size) != is_hd(*size):
        matrix = BT709 if is_hd(*source_size) else 6  # players would guess anew
    full = FULL if chosen.startswith("yuvj") else source.range
    if source.is_full:
        full = FULL
    return PixelEncoding(chosen, matrix, full, source.primaries, source.transfer)


def _wanted_formats(source, codec, lossless, size):
    """Pixel formats for a film, the best one first."""
    whole_chroma = ("yuv444p", "gbrp", *_RGB_FORMATS)
    if not lossless:
        wanted = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", *whole_chroma)
    elif source is None or source.is_rgb:
        wanted = ("gbrp", *_RGB_FORMATS, *whole_chroma)
    else:
        wanted = (_eight_bits(source.format), *whole_chroma)
    if codec.canonical_name in ("h264", "hevc") and any(side % 2 for side in size):
        wanted = [format for format in wanted if format in whole_chroma]  # they halve even sides
    wanted = (*wanted, *_PREFERRED)
    if codec.canonical_name == "mjpeg":  # which knows the full range only
        wanted = [format.replace("yuv4", "yuvj4") for format in wanted]
    return wanted


class ToRGB:
    """Converts decoded frames of one film to RGB; films may change their format midway.

    Args:
        encoding: `PixelEncoding` of the film.
    """

    def __init__(self, encoding):
        self._encoding = encoding
        self._graphs = _Graphs()
        self._tone_mapping = hdr.ToneMapping(encoding.transfer) if encoding.hdr else None

    def __call__(self, frame):
        """uint8 RGB `[H, W, 3]` of an `av.VideoFrame`."""
        height, width, format = frame.height, frame.width, frame.format.name
        encoding = dataclasses.replace(self._encoding, format=format)
        if (height % 2 or width % 2) and format.startswith("yuv"):
            frame = _with_even_sides(frame)  # or the last column has no chroma of its own
        scale = f"flags={_TO_RGB}"
        if not encoding.is_rgb:
            scale += (
                f":in_color_matrix={encoding.matrix_name(height, width)}:out_range=full:"
                f"in_range={'full' if encoding.is_full else 'limited'}"
            )
        if self._tone_mapping is None:
            rgb = self._graphs.run(frame, format, scale, "rgb24").to_ndarray()
        else:
            rgb = self._graphs.run(frame, format, scale, "rgb48le").to_ndarray()
            rgb = self._tone_mapping(rgb)
        return np.ascontiguousarray(rgb[:height, :width])


class FromRGB:
    """Converts RGB to frames for an encoder.

    Args:
        encoding: `PixelEncoding` to make.
    """

    def __init__(self, encoding):
        self._encoding = encoding
        self._graphs = _Graphs()

    def __call__(self, rgb):
        """`av.VideoFrame` of uint8 RGB `[H, W, 3]`."""
        height, width = rgb.shape[:2]
        odd = (height % 2, width % 2)
        if any(odd):
            rgb = np.pad(rgb, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
        encoding = self._encoding
        scale = f"flags={_FROM_RGB}"
        if not encoding.is_rgb:
            scale += (
                f":out_color_matrix={encoding.matrix_name(height, width)}:"
                f"out_range={'full' if encoding.is_full else 'limited'}"
            )
        crop = f"{width}:{height}:0:0:exact=1" if any(odd) else None
        frame = self._graphs.run(frame, "rgb24", scale, encoding.format, crop)
        frame.colorspace = encoding.matrix
        frame.color_range = encoding.range
        return frame


class _Graphs:
    """A chain of FFmpeg's filters, made anew where frames change."""

    def __init__(self):
        self._key, self._graph = None, None

    def run(self, frame, format, scale, to, crop=None):
        key = (frame.height, frame.width, format)
        if key != self._key:
            self._key, self._graph = key, _graph(key, scale, to, crop)
        frame.pts = 0  # the filters have no use for times
        self._graph.vpush(frame)
        return self._graph.vpull()


def _graph(key, scale, to, crop):
    height, width, format = key
    graph = av.filter.Graph()
    last = graph.add("buffer", f"video_size={width}x{height}:pix_fmt={format}:time_base=1/25")
    steps = [
        # Scaling fails for primaries and transfers that it does not know, and needs none.
        ("setparams", "color_primaries=unknown:color_trc=unknown"),
        ("scale", scale),
        ("format", f"pix_fmts={to}"),
        *([("crop", crop)] if crop else []),
    ]
    for name, arguments in steps:
        step = graph.add(name, arguments)
        last.link_to(step)
        last = step
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph


def _with_even_sides(frame):
    """A planar YUV frame with its last column and row repeated where it has an odd number."""
    height, width = (side + side % 2 for side in (frame.height, frame.width))
    even = av.VideoFrame(width, height, frame.format.name)
    size = 1 if frame.format.components[0].bits <= 8 else 2  # bytes of a sample
    for plane, target in zip(frame.planes, even.planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        samples = rows[: plane.height, : size * plane.width].reshape(plane.height, plane.width, -1)
        missing = (target.height - plane.height, target.width - plane.width)
        samples = np.pad(samples, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        padded = np.zeros((target.height, target.line_size), np.uint8)
        padded[:, : size * target.width] = samples.reshape(target.height, -1)
        target.update(padded)
    return even


def _eight_bits(format):
    """The 8-bit planar format with the same chroma as another one."""
    if PixelEncoding(format).is_rgb:
        return "rgb24"
    if format.startswith(("gray", "ya", "mono")):
        return "yuv420p"
    if match := re.search(r"4(?:44|22|20|40|11|10)", format):
        return f"yuv{match[0]}p"
    first = format[:2] if format.startswith(("nv", "p")) else ""
    if first == "nv":
        return {"nv16": "yuv422p", "nv24": "yuv444p"}.get(format[:4], "yuv420p")
    return {"p2": "yuv422p", "p4": "yuv444p"}.get(first, "yuv420p")
