"""Paints photographs with a trained network, or enlarges them with one for super-resolution.

    %s IMAGE [IMAGE ...] [CHECKPOINT] [flags]

IMAGE is a photograph, a folder, searched recursively, or a quoted pattern such as "photos/*.jpg";
CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done; without it the
network that comes with this program paints. One photograph is painted to --output,
generated/res.jpg by default; several go into the folder --output under their own names.
"""

import glob
import os
import sys
import time

import tqdm
from absl import flags

from fast_style import command_line, images
from fast_style.checkpoints.metadata import check_task, read_metadata, task_of
from fast_style.checkpoints.styles import style_names
from fast_style.commands import provided
from fast_style.errors import MENDABLE, InvalidValue, one_line
from fast_style.networks.architecture import STYLE, SUPER_RESOLUTION
from fast_style.painting import file_batch, memory, output_plan, runtimes
from fast_style.painting.enlarge import enlarge
from fast_style.painting.paint_options import PaintOptions, paint
from fast_style.painting.stylizer import Stylizer

# Flags without a meaning for a network that enlarges.
_STYLE_FLAGS = (
    "style",
    "keep_colors",
    "strength",
    "image_size",
    "style_scale",
    "tile",
)


def define_flags():
    """Defines the flags of the command."""
    _define_files()
    _define_appearance()
    _define_runtime()
    enlarging = command_line.defaults(enlarge)
    flags.DEFINE_bool(
        "match_histogram",
        enlarging["match_histograms"],
        "Super-resolution: give the enlarged image's channels the photograph's histograms.",
    )


def _define_files():
    flags.DEFINE_string(
        "output",
        None,
        f"File for one photograph (default {output_plan.ONE_OUTPUT}), folder for several (default "
        f"{output_plan.SEVERAL_OUTPUT}/). The suffix chooses the format.",
    )
    flags.DEFINE_bool("skip_existing", False, "Leave out photographs whose result already exists.")
    flags.DEFINE_integer(
        "max_pixels",
        images.MAX_PIXELS,
        "Images with more pixels than this are refused, also those that would get them by "
        "enlarging.",
    )


def _define_appearance():
    default = command_line.defaults(PaintOptions)
    flags.DEFINE_string(
        "style",
        None,
        "Which style of a network of several: a name, or a mixture such as "
        '"starry_night:2,wave:1", whose weights are made to add up to 1.',
    )
    flags.DEFINE_bool("list_styles", False, "Print the names of the network's styles, and stop.")
    flags.DEFINE_bool("keep_colors", default["keep_colors"], "Keep the colours of the photograph.")
    flags.DEFINE_float(
        "strength", default["strength"], "From 0, the photograph, to 1, the painting."
    )
    flags.DEFINE_integer(
        "image_size",
        default["image_size"],
        "Long side in pixels at which the photograph is painted and the result written (default: "
        "its own).",
    )
    flags.DEFINE_float(
        "style_scale",
        default["style_scale"],
        "Size of the strokes: the photograph is painted at 1/style_scale of its size and the "
        "picture resized to it, so above 1 it is also softer.",
    )


def _define_runtime():
    loading = command_line.defaults(Stylizer.load)
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
        "same result; 0: the whole image at once; auto: bands if the whole would not fit in "
        "memory.",
    )
    flags.DEFINE_string(
        "max_memory",
        None,
        "Limit for --tile=auto, and for networks that enlarge, on the memory of the program (on a "
        "GPU: of passes there), in MiB or such as 2GiB "
        f"(default: {memory.SHARE:.0%} of what is available).",
    )
    flags.DEFINE_bool(
        "jit_compile",
        loading["jit_compile"],
        "Compile the network with XLA, once for each image size (within the seconds of the first "
        "image): pays for many images of one size. TensorFlow only.",
    )


def main(argv):
    """Runs the command; returns its exit status."""
    values = flags.FLAGS
    if values.list_styles:
        return _list_styles(argv[1:])
    inputs, prefix = _arguments(argv[1:])
    options = PaintOptions(
        values.keep_colors, values.strength, values.image_size, values.style_scale
    )
    planned = output_plan.plan(inputs, values.output)
    wanted = [file for file in planned if not (values.skip_existing and file.is_done)]
    skipped = len(planned) - len(wanted)
    if not wanted:
        print(f"all {skipped} images exist already")
        return 0
    started = time.perf_counter()
    task = _task(prefix, values)
    stylizer = _load(prefix, values, task)
    loading = time.perf_counter() - started

    def change(picture):
        if task == SUPER_RESOLUTION:
            return enlarge(stylizer, picture, values.match_histogram, values.max_pixels)
        return paint(stylizer, picture, options, values.max_pixels)

    failed = _change_all(wanted, change, values.max_pixels, stylizer.factor**2)
    if len(planned) > 1:
        existing = f", {skipped} exist already" if skipped else ""
        print(f"{len(wanted) - failed} of {len(planned)} images painted{existing}")
    if failed < len(wanted):
        print(
            f"(seconds without reading and writing; loading the network took {loading:.2f} s; "
            f"runtime {stylizer.runtime.name} on {_device(stylizer)})"
        )
    return 1 if failed else 0


def _arguments(given):
    """Inputs and checkpoint prefix: the last argument, unless it names images."""
    if not given:
        command_line.usage_error("at least one argument is expected: IMAGE")
    if len(given) > 1 and not _names_images(given[-1]):
        return given[:-1], given[-1]
    prefix = provided.checkpoint()
    if prefix is None:
        command_line.usage_error("two arguments are expected: IMAGE and CHECKPOINT")
    return given, prefix


def _list_styles(given):
    if len(given) != 1:
        command_line.usage_error("one argument is expected with --list_styles: CHECKPOINT")
    print("\n".join(style_names(read_metadata(given[0]))))
    return 0


def _names_images(path):
    if os.path.exists(f"{path}.index"):
        return False
    if os.path.isdir(path):
        return bool(images.find(path))
    suffix = os.path.splitext(path)[1].lower()
    return suffix in images.SUFFIXES and (os.path.exists(path) or glob.has_magic(path))


def _tile(text):
    """The value of --tile as `Stylizer` takes it."""
    if text == "auto":
        return None
    if not text.isdecimal():
        command_line.usage_error(f"--tile must be auto or a number of pixels, received {text!r}")
    return int(text)


def _task(prefix, values):
    """The task of the network at `prefix`, checked against the flags that were given."""
    metadata = read_metadata(prefix)
    task = task_of(metadata)
    if values.match_histogram:
        check_task(prefix, metadata, SUPER_RESOLUTION)
    given = [name for name in _STYLE_FLAGS if values[name].present]
    if task != STYLE and given:
        raise InvalidValue(f"--{given[0]} is for networks for {STYLE}, {prefix} is one for {task}")
    return task


def _load(prefix, values, task):
    """A stylizer that is ready to paint."""
    max_memory = None if values.max_memory is None else memory.parse_size(values.max_memory)
    runtime = runtimes.choose(values.runtime, values.jit_compile, task)
    if runtime == "tensorflow":
        command_line.start_tensorflow()
    stylizer = Stylizer.load(
        prefix, values.jit_compile, runtime, _tile(values.tile), max_memory, style=values.style
    )
    stylizer.prepare()
    return stylizer


def _device(stylizer):
    return command_line.describe_device() if stylizer.runtime.name == "tensorflow" else "CPU"


def _change_all(files, change, max_pixels, growth):
    """Paints or enlarges files, with a line for each; returns the number of failures.

    Several files get a progress bar.
    """
    failed = 0
    with tqdm.tqdm(total=len(files), unit="image", disable=len(files) < 2) as bar:
        for outcome in file_batch.run(files, change, MENDABLE, max_pixels, growth):
            if outcome.error is None:
                bar.write(f"{outcome.file.target}: {outcome.seconds:.2f} s")
            else:
                failed += 1
                line, source = one_line(outcome.error), outcome.file.source
                known = source in line or outcome.file.target in line
                bar.write(f"error: {line if known else f'{source}: {line}'}", file=sys.stderr)
            bar.update()
    return failed
