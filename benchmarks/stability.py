"""How much painted films flicker: the film, frame by frame, smoothed, a stable network, and both.

    python -m benchmarks.stability FILM CHECKPOINT [PAINTING] [--stable=CHECKPOINT]

Prints, for each: the warping error of Lai et al. 2018 (`fast_style.video.stability`), its ratio to
that of frame by frame, the share of the photograph's style loss that is left in the painted frames
(with PAINTING, which needs the loss network), sharpness, since a blur has a small warping error
too, and frames per second of painting, smoothing included. Scene cuts are left out. Writes a strip
of crops from successive frames.
"""

import contextlib
import time

import numpy as np
from absl import app, flags

from benchmarks import machine, trained_losses
from fast_style import images
from fast_style.images.grid import grid
from fast_style.painting import runtimes
from fast_style.painting.stylizer import Stylizer
from fast_style.video import formats, stability
from fast_style.video.frames import Frame, TimeRange
from fast_style.video.smoothing import Smoother
from gatys.objective import batch

flags.DEFINE_string("stable", None, "Prefix of a network trained for stability.")
flags.DEFINE_string("style", None, "Which style of networks of several.")
flags.DEFINE_float("smooth", 0.9, "Of smoothing.")
flags.DEFINE_float("start", 0, "Seconds of the film at which to begin.")
flags.DEFINE_float("end", None, "Seconds of the film at which to end.")
flags.DEFINE_integer("image_size", None, "Long side of the frames, pixels (default: their own).")
flags.DEFINE_enum("runtime", "auto", runtimes.RUNTIMES, "What the networks run on.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer(
    "losses_every", 10, "Frames from one whose style loss is computed to the next."
)
flags.DEFINE_integer("crop", 160, "Side of the crops, pixels.")
flags.DEFINE_integer("columns", 5, "Successive frames in the strip.")
flags.DEFINE_string("output", "generated/stability.png", "File of the strip.")

FILM = "film"


class Way:
    """One way of painting a film, and what was measured of it."""

    def __init__(self, stylizer=None, smoother=None, loss=None):
        self._stylizer, self._smoother, self._loss = stylizer, smoother, loss
        self.painted = None
        self.errors, self.sharpness, self.shares, self.seconds = [], [], [], []
        self.crops = []

    def paint(self, frame):
        """Paints the next frame; returns the picture and the one before."""
        before, started = self.painted, time.perf_counter()
        if self._smoother is not None:
            self.painted = self._smoother(frame, self._stylizer)
        else:
            self.painted = self._stylizer(frame) if self._stylizer else frame
        self.seconds.append(time.perf_counter() - started)
        self.sharpness.append(stability.sharpness(self.painted))
        return before, self.painted

    def measure_style(self, frame):
        """The share of the frame's style loss that is left in the painted one."""
        if self._loss is not None:
            _, before = self._loss(batch(frame), self._loss.content_targets(batch(frame)))
            _, after = self._loss(batch(self.painted), self._loss.content_targets(batch(frame)))
            self.shares.append(float(after["style"]) / float(before["style"]))


def _ways(prefix, painting, stack):
    """dict of `Way` by name."""
    values = flags.FLAGS
    found = {FILM: Way()}
    names = {"frame by frame": (prefix, "smoothed")}
    if values.stable:
        names["stable network"] = (values.stable, "stable, smoothed")
    for name, (path, smoothed) in names.items():
        stylizer = Stylizer.load(path, runtime=values.runtime, style=values.style)
        stylizer.prepare()
        loss = None
        if painting:
            loss = trained_losses.load(
                stylizer.metadata, painting, values.vgg_weights, values.style
            )
        smoother = stack.enter_context(contextlib.closing(Smoother(values.smooth)))
        found[name] = Way(stylizer, None, loss)
        found[smoothed] = Way(stylizer, smoother, loss)
    return found


def _frames(path):
    values = flags.FLAGS
    with contextlib.closing(
        formats.open_reader(path, TimeRange(values.start, values.end))
    ) as reader:
        for item in reader:
            if isinstance(item, Frame):
                rgb = item.picture.rgb
                yield images.fit(rgb, values.image_size) if values.image_size else rgb


def _measure(ways, frames):
    """Measures every way; returns the number of scene cuts."""
    values = flags.FLAGS
    last, window, cuts = None, None, 0
    for number, frame in enumerate(frames):
        between = stability.motion(last, frame) if last is not None else None
        cuts += between is not None and between.is_cut
        for name, way in ways.items():
            before, painted = way.paint(frame)
            if between is not None and not between.is_cut:
                way.errors.append(stability.warping_error(between, before, painted))
                if name == "frame by frame" and window is None and number >= values.columns:
                    window = _worst(np.abs(before.astype(int) - painted).mean(axis=-1))
            if number % values.losses_every == 0:
                way.measure_style(frame)
        if window is not None and len(ways[FILM].crops) < values.columns:
            for way in ways.values():
                way.crops.append(np.ascontiguousarray(way.painted[window]))
        last = frame
    return cuts


def _worst(difference):
    """Slices of the square in which two frames differ most."""
    side = min(flags.FLAGS.crop, *difference.shape)
    sums = np.pad(difference, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    squares = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    top, left = np.unravel_index(squares.argmax(), squares.shape)
    return slice(top, top + side), slice(left, left + side)


def _row(name, way, plain):
    error = np.mean(way.errors)
    return (
        name,
        f"{error:.4f}",
        f"{error / np.mean(plain.errors):.2f}",
        f"{np.mean(way.shares):.1%}" if way.shares else "",
        f"{np.mean(way.sharpness):.2f}",
        f"{np.mean(way.sharpness) / np.mean(plain.sharpness):.2f}",
        "" if name == FILM else f"{1 / np.median(way.seconds):.2f}",
    )


def main(argv):
    if len(argv) not in (3, 4):
        raise app.UsageError("FILM, CHECKPOINT and at most one PAINTING are expected")
    _, film, prefix, *painting = argv
    values = flags.FLAGS
    images.check_writable(values.output)
    with contextlib.ExitStack() as stack:
        ways = _ways(prefix, painting[0] if painting else None, stack)
        cuts = _measure(ways, _frames(film))
    plain = ways["frame by frame"]
    if not plain.errors:
        raise app.UsageError(f"{film}: two frames of one scene are needed")
    print(f"{machine.processor()}; {film}: {len(plain.seconds)} frames, {cuts} scene cuts")
    machine.table(
        ("painted", "warping error", "ratio", "style share", "sharpness", "ratio", "frames/s"),
        [_row(name, way, plain) for name, way in ways.items()],
    )
    rows = [way.crops for way in ways.values()]
    if all(rows):
        images.save(values.output, grid(rows, row_labels=list(ways)))
        print(f"{values.output}: {len(rows[0])} successive frames")


if __name__ == "__main__":
    app.run(main)
