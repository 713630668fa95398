"""Paints photographs with a trained network, or enlarges them with one for super-resolution.

    python eval.py IMAGE [IMAGE ...] CHECKPOINT [flags]

IMAGE is a photograph, a folder, searched recursively, or a quoted pattern such as "photos/*.jpg";
CHECKPOINT the prefix of a trained network, such as checkpoints/ckpt-done. One photograph goes to
--output, generated/res.jpg by default; several go into the folder --output under their own names.
"""

import os
import sys
import time

import tqdm
from absl import flags

from data import images
from fast_style import command_line, jobs, looks, memory, pipeline, runtimes, super_resolution
from fast_style.description import STYLE, SUPER_RESOLUTION, check_task, read_description, task_of
from fast_style.inference import Stylizer

# What would mean nothing, or something else, for a network that enlarges.
_STYLE_FLAGS = ("keep_colors", "strength", "image_size", "style_scale", "tile", "max_memory")


def _define_flags():
    loading, look = command_line.defaults(Stylizer.load), command_line.defaults(looks.Looks)
    flags.DEFINE_string(
        "output",
        None,
        f"File for one photograph (default {jobs.ONE_OUTPUT}), folder for several (default "
        f"{jobs.SEVERAL_OUTPUT}/). The suffix chooses the format.",
    )
    flags.DEFINE_bool(
        "skip_existing", False, "Leave out photographs whose result is there already."
    )
    flags.DEFINE_bool("keep_colors", look["keep_colors"], "Keep the colours of the photograph.")
    flags.DEFINE_float("strength", look["strength"], "From 0, the photograph, to 1, the painting.")
    flags.DEFINE_integer(
        "image_size",
        look["image_size"],
        "Long side in pixels at which the photograph is painted and the result written (default: "
        "its own).",
    )
    flags.DEFINE_float(
        "style_scale",
        look["style_scale"],
        "Size of the strokes: the photograph is painted at 1/style_scale of its size and the "
        "picture resized, so above 1 it is softer, too.",
    )
    flags.DEFINE_enum(
        "runtime",
        loading["runtime"],
        runtimes.RUNTIMES,
        "What the network runs on; auto: TensorFlow for a GPU or XLA, else OpenVINO if installed.",
    )
    flags.DEFINE_string(
        "tile",
        "auto",
        "Height in pixels of the bands in which a large image goes through the network, with the "
        "same result; 0: none; auto: where memory asks for them.",
    )
    flags.DEFINE_string(
        "max_memory",
        None,
        "Memory that the program may hold, in MiB or such as 2GiB, for --tile=auto to keep to "
        f"(default: {memory.SHARE:.0%} of what is available).",
    )
    flags.DEFINE_bool(
        "jit_compile",
        loading["jit_compile"],
        "Compile the network with XLA, once for each image size (the first one's seconds include "
        "it): worth it for many images of one size. TensorFlow only.",
    )
    flags.DEFINE_integer(
        "max_pixels",
        images.MAX_PIXELS,
        "Images with more pixels than this are refused, enlarged ones with as many, too.",
    )
    enlarging = command_line.defaults(super_resolution.enlarge)
    flags.DEFINE_bool(
        "match_histogram",
        enlarging["match_histograms"],
        "Super-resolution: give the enlarged image's channels the photograph's histograms.",
    )


def _tile(text):
    """The value of --tile as `Stylizer` takes it."""
    if text == "auto":
        return None
    if not text.isdecimal():
        command_line.usage_error(f"--tile must be auto or a number of pixels, received {text!r}")
    return int(text)


def _task(prefix, values):
    """What the network at `prefix` is for, checked against the flags that were given."""
    description = read_description(prefix)
    task = task_of(description)
    if values.match_histogram:
        check_task(prefix, description, SUPER_RESOLUTION)
    given = [name for name in _STYLE_FLAGS if values[name].present]
    if task != STYLE and given:
        raise ValueError(f"--{given[0]} is for networks for {STYLE}, {prefix} is one for {task}")
    return task


def _load(prefix, values, task):
    """A stylizer that is ready to paint."""
    max_memory = None if values.max_memory is None else memory.parse_size(values.max_memory)
    runtime = runtimes.choose(values.runtime, values.jit_compile, task)
    if runtime == "tensorflow":
        command_line.import_tensorflow()
    stylizer = Stylizer.load(prefix, values.jit_compile, runtime, _tile(values.tile), max_memory)
    stylizer.prepare()
    return stylizer


def main(argv):
    if len(argv) < 3:
        command_line.usage_error("at least two arguments are wanted: IMAGE and CHECKPOINT")
    values = flags.FLAGS
    *inputs, prefix = argv[1:]
    look = looks.Looks(values.keep_colors, values.strength, values.image_size, values.style_scale)
    planned = jobs.plan(inputs, values.output)
    wanted = [job for job in planned if not (values.skip_existing and os.path.exists(job.target))]
    skipped = len(planned) - len(wanted)
    if not wanted:
        print(f"all {skipped} images are there already")
        return 0
    started = time.perf_counter()
    task = _task(prefix, values)
    stylizer = _load(prefix, values, task)
    loading = time.perf_counter() - started

    def paint(picture):
        if task == SUPER_RESOLUTION:
            return super_resolution.enlarge(
                stylizer, picture, values.match_histogram, values.max_pixels
            )
        return looks.paint(stylizer, picture, look, values.max_pixels)

    failed = 0
    # A bar for many, a line for each.
    with tqdm.tqdm(total=len(wanted), unit="image", disable=len(wanted) < 2) as bar:
        outcomes = pipeline.run(
            wanted, paint, command_line.MISTAKES, values.max_pixels, stylizer.factor**2
        )
        for outcome in outcomes:
            if outcome.error is not None:
                failed += 1
                line = command_line.one_line(outcome.error)
                source = outcome.job.source
                line = line if source in line or outcome.job.target in line else f"{source}: {line}"
                bar.write(f"error: {line}", file=sys.stderr)
            else:
                bar.write(f"{outcome.job.target}: {outcome.seconds:.2f} s")
            bar.update()
    if len(planned) > 1:
        there = f", {skipped} there already" if skipped else ""
        print(f"{len(wanted) - failed} of {len(planned)} images painted{there}")
    if failed < len(wanted):
        print(
            f"(seconds without reading and writing; loading the network took {loading:.2f} s; "
            f"runtime {stylizer.runtime.name})"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
