"""Painting and enlarging encoded images, with a few styles kept ready."""

import collections
import contextlib
import io
import logging
import re
from dataclasses import dataclass

from fast_style import images
from fast_style.checkpoints import styles
from fast_style.errors import MENDABLE, one_line
from fast_style.images import decoding, encoding, metadata
from fast_style.networks.architecture import STYLE
from fast_style.painting import paint_options, precisions, runtimes
from fast_style.painting.enlarge import enlarge
from fast_style.painting.stylizer import Stylizer
from fast_style.web.limits import Refusal
from fast_style.web.options import FORMATS

_LOG = logging.getLogger(__name__)
# Of the pictures that styles kept ready painted last: each holds its buffers, some hundred bytes
# for each pixel.
_KEPT_PIXELS = 2_500_000
_PHOTO = "the photograph"  # how errors call it


@dataclass(frozen=True)
class Answer:
    """An encoded picture: its bytes, its media type, notes on how the photograph was read."""

    data: bytes
    media_type: str
    notes: tuple


class Painter:
    """Paints and enlarges encoded images, in one thread at a time.

    Args:
        limits: `fast_style.web.limits.Limits`.
        start_tensorflow: function that is called before TensorFlow is first used.
        precision: of networks that paint, as in `fast_style.painting.precisions.choose`.
    """

    def __init__(self, limits, start_tensorflow=lambda: None, precision="auto"):
        self._limits = limits
        self._precision = precision
        self._start_tensorflow = start_tensorflow
        self._ready = collections.OrderedDict()  # (network, style): `_Ready`

    def check_size(self, data, options=None, factor=1):
        """Checks by its header, before it is decoded, that an image is within the limits.

        Args:
            data: bytes of its file.
            options: `PaintOptions`, or None.
            factor: int, how many times as large the result is.

        Raises:
            Refusal: 413, too many pixels; 415, not an image of a known format; 400, damaged.
        """
        try:
            width, height = decoding.open_header(io.BytesIO(data), self._limits.upload_pixels).size
        except (decoding.UnknownFormat, decoding.camera_raw.CameraRaw):
            known = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, JPEG 2000, PNM or HEIC"
            raise Refusal(415, f"This is not an image that is read here: {known}.") from None
        except decoding.DAMAGED as error:
            raise Refusal(
                400, f"{_PHOTO.capitalize()}: not a readable image ({one_line(error)})"
            ) from None
        self._check_pixels("The photograph has", height, width, self._limits.upload_pixels)
        if options is not None and options.image_size is not None:
            height, width = images.scaled_sides(height, width, options.image_size)
        most = self._limits.result_pixels
        self._check_pixels("The result would have", height * factor, width * factor, most)
        if options is not None and options.style_scale < 1:
            sides = [round(side / options.style_scale) for side in (height, width)]
            self._check_pixels("Strokes of this size need", *sides, most)

    def _check_pixels(self, what, height, width, most):
        if height * width > most:
            raise Refusal(
                413,
                f"{what} {width:,} x {height:,} pixels; at most {most:,} are allowed in all.",
            )

    def paint(self, network, data, style, options, answer, stop):
        """Paints an encoded image.

        Args:
            network: `Network`.
            data: bytes of an image's file.
            style: as `check_style` returns it.
            options: `PaintOptions`.
            answer: dict with "format" and "keep_position" (`fast_style.web.options`).
            stop: `fast_style.web.turns.Stop`.

        Returns:
            `Answer`.

        Raises:
            Refusal: the image can't be read (400), memory or disk are too small (503), the network
                can't be loaded (500).
        """

        def change(picture):
            with self._style(network, style, stop) as stylizer:
                return paint_options.paint(stylizer, picture, options, self._limits.result_pixels)

        return self._changed(data, change, answer, stop)

    def enlarge(self, network, data, answer, stop):
        """Enlarges an encoded image; as `paint`."""

        def change(picture):
            with self._style(network, None, stop) as stylizer:
                return enlarge(stylizer, picture, max_pixels=self._limits.result_pixels)

        return self._changed(data, change, answer, stop)

    def _changed(self, data, change, answer, stop):
        stop.check()
        format, media_type = FORMATS[answer["format"]]
        try:
            picture = images.decode(data, _PHOTO, self._limits.upload_pixels)
            stop.check()
            made = change(picture)
            stop.check()
            said = made.metadata
            if not answer["keep_position"]:
                said = metadata.without_position(said, decoding.DAMAGED)
        except MENDABLE as error:
            raise _refusal(error) from error
        try:
            encoded = bytes(encoding.encode(format, made.rgb, made.alpha, said))
        except decoding.DAMAGED as error:
            raise Refusal(
                400, f"The result can't be written as {format} ({one_line(error)})."
            ) from error
        return Answer(encoded, media_type, picture.notes)

    def _style(self, network, style, stop):
        key = (network.name, style)
        if key not in self._ready:
            self._ready[key] = _Ready(self._load(network, style))
        self._ready.move_to_end(key)
        ready = self._ready[key]
        ready.stop = stop
        ready.after = self._shrink
        return ready

    def _shrink(self):
        """Lets go of what was used longest ago, until what is kept is small enough."""
        while sum(ready.pixels for ready in self._ready.values()) > _KEPT_PIXELS:
            self._ready.popitem(last=False)

    def _load(self, network, style):
        try:
            if network.loaded is not None:
                architecture, arrays, described = network.loaded
                arrays, architecture = styles.choose(
                    arrays, architecture, described, network.name, style
                )
                runtime = runtimes.openvino()
                precision = precisions.choose(self._precision, "openvino")
                return runtime(architecture, arrays, precision)
            self._start_tensorflow()
            precision = self._precision if network.task == STYLE else "float32"
            return runtimes.load(
                network.prefix,
                "tensorflow",
                task=network.task,
                style=style,
                precision=precision,
            )[0]
        except MENDABLE as error:
            _LOG.error("error: %s", one_line(error))
            raise Refusal(500, "The network can't be loaded; the server's log says why.") from error


class _Ready:
    """A style that is ready: a context with a function that paints, as a `Stylizer` does."""

    def __init__(self, runtime):
        self._runtime = runtime
        self._stylizer = Stylizer(self)
        self.stop = None
        self.after = None
        self.pixels = 0
        """Of the largest picture whose buffers it holds."""

    def __getattr__(self, name):
        return getattr(self._runtime, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.after()

    def __call__(self, image):
        self.pixels = max(self.pixels, image.shape[0] * image.shape[1])
        return self._stylizer(image)

    # What `Stylizer` calls: between these a large image can be dropped.

    def paint(self, images):
        self.stop.check()
        return self._runtime.paint(images)

    @contextlib.contextmanager
    def segment_pass(self, *arguments):
        self.stop.check()
        with self._runtime.segment_pass(*arguments) as compute:
            yield _Stopping(compute, self.stop)


class _Stopping:
    """A runtime's pass over the bands of an image, which can be dropped before each band."""

    def __init__(self, compute, stop):
        self._compute = compute
        self._stop = stop
        self.inputs = compute.inputs

    def __call__(self, *arguments):
        self._stop.check()
        return self._compute(*arguments)


def _refusal(error):
    """The `Refusal` for what painting raised; without paths."""
    if isinstance(error, MemoryError):
        return Refusal(
            503, "Too little memory is free for this picture; a smaller size needs less."
        )
    if isinstance(error, OSError):
        _LOG.error("error: %s", one_line(error))
        return Refusal(503, "The disk is too full for this picture; a smaller size needs less.")
    text = re.sub(r" \(--\w+ raises it\)", "", one_line(error))
    return Refusal(400, text[:1].upper() + text[1:])
