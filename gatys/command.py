"""Paints one photograph at the best quality, by optimizing its pixels.

    %s CONTENT STYLE [STYLE ...] [flags]

CONTENT is the photograph, STYLE the painting; several paintings are mixed. The picture is written
to --output, generated/gatys.jpg by default; Ctrl-C ends the run and keeps the best picture so far.
"""

import os

import tensorflow as tf
import tqdm
from absl import flags

import gatys
from fast_style import command_line, images
from fast_style.errors import UserError
from fast_style.images import identity
from fast_style.training.summaries import Summaries
from gatys import options
from gatys.settings import INITS

OUTPUT = os.path.join("generated", "gatys.jpg")
LOG_DIR = os.path.join("generated", "log")


def define_flags():
    """Defines the flags of the command."""
    options.define_flags()
    command_line.define_path(
        "init",
        gatys.Settings.init,
        f"Picture to begin with: {', '.join(INITS)}, or the path of an image.",
    )
    command_line.define_path(
        "output", OUTPUT, "File of the picture; the suffix chooses the format."
    )
    command_line.define_path(
        "log_dir",
        LOG_DIR,
        "Folder of TensorBoard's events; empty for none.",
        allow_override=True,  # of absl's flag of this name, for log files that are not written
    )
    flags.DEFINE_integer(
        "show_every",
        50,
        "Steps after which the picture so far is written to --output and to TensorBoard; 0: never.",
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Images with more pixels than this are refused."
    )


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) < 3:
        command_line.usage_error("at least two arguments are expected: CONTENT and STYLE")
    values = flags.FLAGS
    _, content, *styles = argv
    command_line.refuse_unused(
        values, ("style_image_weights", len(styles) > 1, "for a single painting")
    )
    init = values.init
    read = (content, *styles) if init in INITS else (content, *styles, init)
    identity.check_kept([values.output], read)
    images.check_writable(values.output)
    if init not in INITS:
        init = images.read(init, values.max_pixels)
    settings = options.settings(init=init)
    photo = images.load(content, values.max_pixels)
    paintings = [images.read(path, values.max_pixels) for path in styles]
    print(f"painting on {command_line.describe_device()}", flush=True)
    # The same seed gives the same picture, on a GPU too.
    tf.config.experimental.enable_op_determinism()
    with (
        command_line.StopSignals() as stop,
        _Show(photo, values.output, values.show_every, values.log_dir, settings) as show,
    ):
        try:
            painted = gatys.stylize(photo.rgb, paintings, show, stop, **settings)
        except gatys.Diverged as error:
            _save(values.output, error.image, photo)
            raise UserError(f"{error}; {values.output} holds the best picture before it") from error
    _save(values.output, painted, photo)
    height, width = painted.shape[:2]
    ending = f"stopped at step {show.step} of" if stop() else f"{show.step} steps of"
    print(
        f"{values.output}: {width} x {height}, {ending} {settings['steps']}, {show.seconds:.1f} s"
    )
    return 128 + stop.received if stop() else 0


class _Show:
    """The callback: shows a progress bar, writes pictures so far and TensorBoard's events."""

    def __init__(self, photo, output, every, log_dir, settings):
        self.step, self.seconds = 0, 0.0
        self._photo = photo
        self._output = output
        self._every = every
        self._steps = settings["steps"]
        self._bar = None  # made at the first step, so that an earlier error is the only line
        self._summaries = None
        if log_dir:
            os.makedirs(log_dir, exist_ok=True)
            size = settings["image_size"] or max(photo.rgb.shape[:2])
            self._summaries = Summaries(log_dir, [images.fit(photo.rgb, size)])
            shown = {name: value for name, value in settings.items() if name != "init"}
            self._summaries.settings(shown)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()
        if self._summaries is not None:
            self._summaries.close()

    def __call__(self, progress):
        self.step, self.seconds = progress.step, progress.seconds
        losses = " ".join(
            f"{name} {progress.losses[name]:.4g}" for name in ("total", "content", "style")
        )
        if self._bar is None:
            self._bar = tqdm.tqdm(total=self._steps, unit="step", dynamic_ncols=True)
        self._bar.set_postfix_str(f"{losses} {progress.width} x {progress.height}", refresh=False)
        self._bar.update(progress.step - self._bar.n)
        if self._summaries is not None:
            self._summaries.scalars(
                progress.step,
                {f"loss/{name}": value for name, value in progress.losses.items()},
            )
        if self._every and progress.step % self._every == 0:
            picture = progress.image
            _save(self._output, picture, self._photo)
            if self._summaries is not None:
                self._summaries.pictures(
                    progress.step, lambda photo: images.resize(picture, *photo.shape[:2])
                )


def _save(path, painted, photo):
    """Writes the picture with the photograph's metadata and alpha channel."""
    alpha = images.resize_alpha(photo.alpha, *painted.shape[:2])
    images.save(path, painted, alpha, photo.metadata)
