"""Writing films with PyAV: painted frames at their times, sound and subtitles as they were."""

import contextlib
import errno
import os

import av
import av.error

from fast_style.atomic_files import put_in_place, unused_path
from fast_style.video import pixels
from fast_style.video.clock import FrameNumbers
from fast_style.video.encoding import choose_encoder, holds
from fast_style.video.frames import CopiedPacket, FilmError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ENOMEM)
_TAGS_OF_CONTAINER = ("major_brand", "minor_version", "compatible_brands", "encoder")


class FilmWriter:
    """A film that appears at its path when `finish` has been called.

    Args:
        path: of the film; missing folders are made.
        source: `Description` of the film that is painted.
        size: (height, width) of the painted frames.
        options: `fast_style.video.EncodeOptions`.

    Attributes:
        left_out: list of str, streams of the source that the container can't hold.
        lost: int, damaged packets of sound or subtitles, which can't be written.

    Raises:
        FilmError: the container can't hold the sound or what the encoder makes, or the encoder
            refuses its options.
        OSError: the file can't be written.
    """

    def __init__(self, path, source, size, options):
        self.path = path
        self.left_out = []
        self.lost = 0
        encoder = choose_encoder(path, options, source.frame_count)
        self._target = os.path.realpath(path)
        self._partial = unused_path(os.path.dirname(self._target))
        self._encoding = pixels.output_encoding(
            source.encoding,
            encoder.codec,
            encoder.is_lossless,
            (source.height, source.width),
            size,
        )
        self._from_rgb = pixels.FromRGB(self._encoding)
        self._numbers = FrameNumbers(source.time_base, source.rate)
        self._copies = {}
        copied = self._choose_copied(source.copied, encoder.container) if options.sound else []
        os.makedirs(os.path.dirname(self._target), exist_ok=True)
        fast_start = {"movflags": "+faststart"} if encoder.container in ("mp4", "mov") else {}
        self._container = av.open(
            f"file:{self._partial}", "w", format=encoder.container, options=fast_start
        )
        try:
            self._start(source, size, encoder, copied)
        except BaseException:
            self.abandon()
            raise

    def _choose_copied(self, streams, container):
        chosen = []
        for stream in streams:
            if stream.codec is not None and holds(container, stream.codec):
                chosen.append(stream)
            elif stream.kind == "audio":
                raise FilmError(
                    f"{self.path}: a {container} file can't hold this film's sound, {stream.codec} "
                    "(--nosound leaves it out; an .mkv file holds nearly every kind)"
                )
            else:
                self.left_out.append(f"{stream.kind} in {stream.codec}")
        return chosen

    def _start(self, source, size, encoder, copied):
        height, width = size
        rate = self._numbers.rate
        stream = self._container.add_stream(encoder.codec.name, rate=rate, options=encoder.options)
        stream.height, stream.width, stream.pix_fmt = height, width, self._encoding.format
        context = stream.codec_context
        stream.time_base, context.time_base = source.time_base, 1 / rate
        context.colorspace = self._encoding.matrix
        context.color_range = self._encoding.range
        context.color_primaries = self._encoding.primaries
        context.color_trc = self._encoding.transfer
        if source.pixel_aspect != 1:
            context.sample_aspect_ratio = source.pixel_aspect
        self._stream = stream
        for original in copied:
            copy = self._container.add_stream_from_template(original.template)
            copy.metadata.update(original.metadata)
            copy.disposition = original.disposition
            self._copies[original.index] = copy
        tags = {k: v for k, v in source.metadata.items() if k not in _TAGS_OF_CONTAINER}
        self._container.metadata.update(tags)
        if source.chapters:
            self._container.set_chapters(source.chapters)
        try:
            self._container.start_encoding()
        except av.error.FFmpegError as error:
            if error.errno in _DISK_ERRORS:
                raise OSError(error.errno, error.strerror, str(self.path)) from error
            raise FilmError(
                f"{self.path}: {encoder.codec.name} does not take this film, {width} x {height} "
                f"pixels, {float(rate):.5g} frames/s ({error.strerror})"
            ) from error

    def write(self, item):
        """Writes a painted `Frame`, or a `CopiedPacket` of the source.

        Raises:
            OSError: the disk is full.
        """
        if isinstance(item, CopiedPacket):
            self._copy(item.packet)
            return
        frame = self._from_rgb(item.picture.rgb)
        frame.pts = self._numbers.add(item.pts, item.duration)
        frame.time_base = 1 / self._numbers.rate
        self._encode(frame)

    def finish(self):
        """Completes the film and puts it in its place."""
        try:
            self._encode(None)
            with self._readable_errors():
                self._container.close()
            put_in_place(self._partial, self._target)
        except BaseException:
            self.abandon()
            raise

    def abandon(self):
        """Leaves nothing of the film behind, and what was there before as it was."""
        # Closing writes the file's end, which fails where writing did.
        with contextlib.suppress(av.error.FFmpegError):
            self._container.close()
        with contextlib.suppress(FileNotFoundError):
            os.remove(self._partial)

    def _encode(self, frame):
        with self._readable_errors():
            for packet in self._stream.encode(frame):
                self._numbers.restore(packet)
                self._container.mux(packet)

    def _copy(self, packet):
        copy = self._copies.get(packet.stream.index)
        if copy is None:
            return
        packet.stream = copy
        with self._readable_errors():
            try:
                self._container.mux(packet)
            except av.error.FFmpegError as error:
                if error.errno in _DISK_ERRORS:
                    raise
                self.lost += 1  # its times, or what is in it, make no sense

    @contextlib.contextmanager
    def _readable_errors(self):
        try:
            yield
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(self.path)) from error
            raise FilmError(f"{self.path}: can't be encoded ({error.strerror})") from error
