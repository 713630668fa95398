"""The flags of how a picture looks, and of what paints it, that several commands share."""

import sys

from absl import flags

from fast_style import command_line
from fast_style.painting import precisions, runtimes
from fast_style.painting.paint_options import PaintOptions
from fast_style.painting.stylizer import Stylizer


def define_look(subject):
    """Defines --style, --keep_colors, --strength and --style_scale.

    Args:
        subject: what is painted, in the help texts: "photograph" or "film".
    """
    default = command_line.defaults(PaintOptions)
    flags.DEFINE_string(
        "style",
        None,
        "Which style of a network of several: a name, or a mixture such as "
        '"starry_night:2,wave:1", whose weights are made to add up to 1.',
    )
    flags.DEFINE_bool("keep_colors", default["keep_colors"], f"Keep the colours of the {subject}.")
    flags.DEFINE_float(
        "strength", default["strength"], f"From 0, the {subject}, to 1, the painting."
    )
    flags.DEFINE_float(
        "style_scale",
        default["style_scale"],
        f"Size of the strokes, 0.25 to 8: the {subject} is painted at 1/style_scale of its size "
        "and resized to it, so above 1 it is also softer.",
    )


def paint_options(values):
    """The `PaintOptions` that flags, parsed, ask for; --image_size is each command's own."""
    return PaintOptions(values.keep_colors, values.strength, values.image_size, values.style_scale)


def load(prefix, values, task, tile=None, max_memory=None):
    """A `Stylizer` that is ready to paint, of the style and on the runtime that flags ask for.

    Args:
        prefix: checkpoint prefix.
        values: `absl.flags.FlagValues`, parsed.
        task: what the network must have been trained for.
        tile, max_memory: of `Stylizer.load`.

    Raises:
        ValueError, FileNotFoundError, CheckpointError: as of `Stylizer.load`.
    """
    runtime = runtimes.choose(values.runtime, values.jit_compile, task)
    if runtime == "tensorflow":
        command_line.start_tensorflow()
    else:
        import_openvino()
    command_line.refuse_unused(
        values, ("calibration", values.precision == "int8", "without --precision=int8")
    )
    stylizer = Stylizer.load(
        prefix,
        values.jit_compile,
        runtime,
        tile,
        max_memory,
        task,
        values.style,
        values.precision,
        values.calibration,
    )
    stylizer.prepare()
    return stylizer


def define_runtime(pays):
    """Defines --runtime, --jit_compile, --precision and --calibration.

    Args:
        pays: when compiling is worth its time, for the help text.
    """
    loading = command_line.defaults(Stylizer.load)
    flags.DEFINE_enum(
        "runtime",
        loading["runtime"],
        runtimes.RUNTIMES,
        "What the network runs on; auto: TensorFlow for a GPU or XLA, else OpenVINO if installed.",
    )
    flags.DEFINE_bool(
        "jit_compile", loading["jit_compile"], f"Compile the network with XLA, {pays}."
    )
    flags.DEFINE_enum(
        "precision",
        loading["precision"],
        precisions.PRECISIONS,
        "Of the network's products; auto: bfloat16 where the processor has it and is faster with "
        "it, float16 on a GPU, else float32. int8 is the fastest and needs the package nncf; the "
        "first time it takes some seconds more.",
    )
    command_line.define_path(
        "calibration",
        None,
        "--precision=int8: a folder of photographs like those to be painted (default: some that "
        "come with the program).",
    )


def import_openvino():
    """Without its converter, which no command uses: its import takes longer than all the rest."""
    name = "openvino.tools.ovc"
    if "openvino" in sys.modules:
        return
    sys.modules[name] = None
    try:
        import openvino  # noqa: F401
    finally:
        del sys.modules[name]
