"""The flags of the command paint, and the check that each that is given has an effect."""

from absl import flags

from fast_style import command_line, images
from fast_style.commands import look_flags, streams
from fast_style.painting import memory, output_plan
from fast_style.painting.enlarge import enlarge
from fast_style.painting.paint_options import PaintOptions

_FORMATS = ("jpg", "png", "webp", "avif", "tif", "jp2", "bmp", "gif", "ppm")


def define():
    """Defines the flags of the command."""
    _define_files()
    define_picture()
    flags.DEFINE_bool("list_styles", False, "Print the names of the network's styles, and stop.")


def define_picture():
    """Defines the flags of how a photograph is painted or enlarged, and of what paints it."""
    _define_appearance()
    _define_runtime()
    enlarging = command_line.defaults(enlarge)
    flags.DEFINE_bool(
        "match_histogram",
        enlarging["match_histograms"],
        "Super-resolution: give the enlarged image's channels the photograph's histograms.",
    )


def _define_files():
    command_line.define_path(
        "output",
        None,
        f"File for one photograph (default {output_plan.ONE_OUTPUT}), folder for several (default "
        f"{output_plan.SEVERAL_OUTPUT}/), or - for standard output. The suffix chooses the format.",
        short_name="o",
    )
    flags.DEFINE_enum(
        "format",
        None,
        _FORMATS,
        "Format where --output names no file but a folder, a pipe or - (default: the "
        "photograph's own, or jpg).",
    )
    flags.DEFINE_bool("skip_existing", False, "Leave out photographs whose result already exists.")
    flags.DEFINE_bool(
        "json",
        False,
        "Print nothing on standard output but a line of JSON for each image: source, target, size "
        "(width and height of the result), seconds and error, null where there is none.",
    )


def _define_appearance():
    look_flags.define_look("photograph")
    flags.DEFINE_integer(
        "max_pixels",
        images.MAX_PIXELS,
        "Images with more pixels than this are refused, also those that would get them by "
        "enlarging.",
    )
    flags.DEFINE_integer(
        "image_size",
        command_line.defaults(PaintOptions)["image_size"],
        "Long side in pixels at which the photograph is painted and the result written (default: "
        "its own).",
    )


def _define_runtime():
    look_flags.define_runtime(
        "once for each image size (within the seconds of the first image): pays for many images of "
        "one size. TensorFlow only"
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


def check(values):
    """Raises `ValueError` for a flag that was given although it changes nothing."""
    check_picture(values)
    if values.output is not None and streams.is_stream(values.output):
        command_line.refuse_unused(
            values,
            ("skip_existing", False, f"with --output={values.output}"),
            ("json", values.output != streams.STANDARD, "where standard output is the picture"),
        )


def check_picture(values):
    """As `check`, for the flags of `define_picture`."""
    bands = values.tile not in ("auto", "0")
    command_line.refuse_unused(
        values,
        ("jit_compile", not bands, "with --tile: bands are not compiled"),
        ("max_memory", values.tile != "0", "with --tile=0"),
    )
