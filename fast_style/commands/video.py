"""Paints a film, an animation or a folder of frames with a trained network.

    %s FILM [CHECKPOINT] [flags]

FILM is a film (mp4, mov, mkv, webm and others), an animated GIF, WebP or PNG, or a folder of
numbered pictures; CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done;
without it the network that comes with this program paints. Times of frames, sound and subtitles
stay as they are. Ctrl-C leaves a film that plays to that point.
"""

import contextlib
import dataclasses
import os
import sys
import time

import tqdm
from absl import flags

from fast_style import command_line, images
from fast_style.commands import look_flags, provided
from fast_style.errors import printable
from fast_style.networks.architecture import STYLE
from fast_style.painting.paint_options import paint
from fast_style.video import formats, frame_folders
from fast_style.video.encoding import EncodeOptions
from fast_style.video.frames import TimeRange, check_pixels
from fast_style.video.pipeline import paint_film
from fast_style.video.smoothing import Smoother, check_strength

# Frames per second, which tqdm would turn into seconds per frame below one.
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}]"


def define_flags():
    """Defines the flags of the command."""
    _define_files()
    _define_appearance()
    look_flags.define_runtime("for the size of the frames. TensorFlow only")


def _define_files():
    command_line.define_path(
        "output",
        None,
        "The painted film: .mp4 .mov .mkv .webm, an animation .gif .webp .png, or a folder for "
        f"frames (default: {formats.OUTPUT} with the suffix of FILM).",
        short_name="o",
    )
    flags.DEFINE_float("start", 0, "Seconds from the beginning at which painting starts.")
    flags.DEFINE_float("end", None, "Seconds from the beginning at which it ends (default: all).")
    flags.DEFINE_bool("sound", True, "Keep sound and subtitles.")
    flags.DEFINE_string("codec", None, "FFmpeg's name of the encoder, such as libx265 or ffv1.")
    flags.DEFINE_integer(
        "crf",
        None,
        "Constant rate factor of the encoder: smaller is better and larger; 0 is lossless with "
        "libx264, libx265 and libvpx-vp9 (default: 18 for libx264, others alike).",
    )
    flags.DEFINE_float(
        "fps", None, f"Frames per second of a folder of frames (default: {frame_folders.RATE})."
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Films with more pixels in a frame are refused."
    )


def _define_appearance():
    look_flags.define_look("film")
    flags.DEFINE_integer(
        "image_size",
        None,
        "Long side in pixels at which the film is painted and written (default: its own); films "
        "get even sides, as their codecs want them.",
    )
    flags.DEFINE_float(
        "smooth",
        0,
        "Against flicker: how much of the painted frame before is blended in, moved along by "
        "optical flow, 0 to 1; takes more time.",
    )


def main(argv):
    """Runs the command; returns its exit status."""
    source, prefix = _arguments(argv[1:])
    os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder's own: errors only
    values = flags.FLAGS
    options = look_flags.paint_options(values)
    encoding = EncodeOptions(values.codec, values.crf, values.sound)
    check_strength(values.smooth)
    time_range = TimeRange(values.start, values.end)
    output = formats.choose_output(source, values.output)
    with contextlib.closing(
        formats.open_reader(source, time_range, values.max_pixels, values.fps)
    ) as reader:
        size = _size(reader.description, options.image_size, formats.is_film(output))
        check_pixels(source, *size, values.max_pixels)
        stylizer = look_flags.load(prefix, values, STYLE)
        writer = formats.open_writer(output, reader.description, size, encoding)
        try:
            with _painter(stylizer, options, values) as change:
                return _paint(reader, writer, change, size)
        except BaseException:
            writer.abandon()
            raise


def _arguments(given):
    """The film and the checkpoint's prefix."""
    prefix = given[1] if len(given) == 2 else provided.checkpoint(flags.FLAGS.style)
    if len(given) not in (1, 2):
        command_line.usage_error("one film and at most one CHECKPOINT are expected")
    if prefix is None:
        command_line.usage_error("two arguments are expected: FILM and CHECKPOINT")
    return given[0], prefix


def _size(description, image_size, even):
    """Height and width of the painted frames."""
    size = (description.height, description.width)
    if image_size is None:
        return size
    size = images.scaled_sides(*size, image_size)
    return tuple(max(2, round(side / 2) * 2) for side in size) if even else size


@contextlib.contextmanager
def _painter(stylizer, options, values):
    """Yields a function from a picture to the painted one, to be called in the film's order."""
    options = dataclasses.replace(options, image_size=None)  # `_fit` has done it

    def change(picture):
        return paint(stylizer, picture, options, values.max_pixels)

    if not values.smooth:
        yield change
        return
    with contextlib.closing(Smoother(values.smooth)) as smoother:
        yield lambda picture: dataclasses.replace(
            picture,
            rgb=smoother(
                picture.rgb, lambda rgb: change(dataclasses.replace(picture, rgb=rgb)).rgb
            ),
        )


def _fit(picture, size):
    if picture.rgb.shape[:2] == size:
        return picture
    rgb, alpha = images.resize(picture.rgb, *size), images.resize_alpha(picture.alpha, *size)
    return dataclasses.replace(picture, rgb=rgb, alpha=alpha)


def _paint(reader, writer, change, size):
    """Paints all frames with a progress bar; returns the exit status."""
    count, painting, started = 0, 0.0, time.perf_counter()
    with command_line.StopSignals() as stop:
        with (
            tqdm.tqdm(total=reader.description.frame_count, unit="frames", bar_format=_BAR) as bar,
            contextlib.closing(
                paint_film(reader, writer, change, lambda picture: _fit(picture, size))
            ) as frames,
        ):
            for progress in frames:
                count += 1
                painting += progress.seconds
                bar.update()
                if stop():
                    break
        interrupted = stop()
        writer.finish()
    seconds = time.perf_counter() - started
    _warn(reader, writer)
    path = printable(writer.path)
    print(
        f"{path}: {count} frames in {seconds:.1f} s, {count / seconds:.2f} frames/s; "
        f"the network took {painting / seconds:.0%} of the time"
    )
    if interrupted:
        print(f"interrupted: {path} ends after {count} frames", file=sys.stderr)
        return 128 + stop.received
    return 0


def _warn(reader, writer):
    """Says what of the source is not in the result."""
    encoding, problems = reader.description.encoding, []
    if encoding is not None and encoding.hdr:
        problems.append(f"{reader.path}: is HDR ({encoding.hdr}), painted in the colours of BT.709")
    if reader.lost:
        problems.append(f"{reader.path}: {reader.lost} frames can't be read")
    if getattr(reader, "missing", 0):
        problems.append(f"{reader.path}: is cut, the last {reader.missing:.1f} s are missing")
    if writer.lost:
        problems.append(f"{writer.path}: {writer.lost} packets of sound left out")
    for stream in writer.left_out:
        problems.append(f"{writer.path} can't hold, and lacks: {stream}")
    for problem in problems:
        print(printable(f"warning: {problem}"), file=sys.stderr)
