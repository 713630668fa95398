"""What a command that paints photographs does to each of them, as its flags say."""

from fast_style import command_line
from fast_style.checkpoints.metadata import check_task, read_metadata, task_of
from fast_style.commands import look_flags
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STYLE, SUPER_RESOLUTION
from fast_style.painting import memory
from fast_style.painting.enlarge import enlarge
from fast_style.painting.paint_options import paint

# Flags without a meaning for a network that enlarges.
_STYLE_FLAGS = (
    "style",
    "keep_colors",
    "strength",
    "image_size",
    "style_scale",
    "tile",
)


def check_network(prefix, values):
    """The task of the network at `prefix`, checked against the flags that were given.

    Args:
        prefix: checkpoint prefix.
        values: `absl.flags.FlagValues`, parsed, with the flags of `paint_flags.define_picture`.

    Raises:
        ValueError: a flag that is not for such a network.
        FileNotFoundError, CheckpointError: as of `read_metadata`.
    """
    metadata = read_metadata(prefix)
    task = task_of(metadata)
    if values.match_histogram:
        check_task(prefix, metadata, SUPER_RESOLUTION)
    given = [name for name in _STYLE_FLAGS if values[name].present]
    if task != STYLE and given:
        raise InvalidValue(f"--{given[0]} is for networks for {STYLE}, {prefix} is one for {task}")
    return task


def load(prefix, values, task, max_memory=None):
    """A `Stylizer` that is ready to paint.

    Args:
        prefix, values: as in `check_network`.
        task: what that returned.
        max_memory: bytes, as of `Stylizer.load`, where --max_memory is not given.
    """
    if values.max_memory is not None:
        max_memory = memory.parse_size(values.max_memory)
    return look_flags.load(prefix, values, task, tile(values.tile), max_memory)


def make(stylizer, values, task):
    """The function from a `fast_style.images.Picture` to the painted or enlarged one."""
    options = look_flags.paint_options(values)

    def change(picture):
        if task == SUPER_RESOLUTION:
            return enlarge(stylizer, picture, values.match_histogram, values.max_pixels)
        return paint(stylizer, picture, options, values.max_pixels)

    return change


def tile(text):
    """The value of --tile as `Stylizer` takes it."""
    if text == "auto":
        return None
    if not text.isdecimal():
        command_line.usage_error(f"--tile must be auto or a number of pixels, received {text!r}")
    return int(text)
