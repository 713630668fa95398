"""Paints a photograph in every style of a network, on one sheet.

    %s PHOTO [CHECKPOINT] [flags]

CHECKPOINT is the prefix of a network of several styles; without it the one that comes along paints.
The sheet goes to --output, the names of the styles beneath the pictures and the paintings beside
them. With --blend it shows mixtures: from one style to another, or a grid between four.
"""

import os

import tqdm
from absl import flags

from fast_style import command_line, images
from fast_style.commands import provided
from fast_style.images import identity
from fast_style.painting import precisions, runtimes, sheet

OUTPUT = os.path.join("generated", "sheet.jpg")


def define_flags():
    """Defines the flags of the command."""
    command_line.define_path(
        "output", OUTPUT, "Where the sheet goes; the suffix chooses the format."
    )
    flags.DEFINE_integer("image_size", 320, "Long side of each picture, pixels.")
    flags.DEFINE_integer(
        "columns", command_line.defaults(sheet.style_sheet)["columns"], "Pictures side by side."
    )
    command_line.define_path(
        "paintings",
        provided.paintings(),
        "Folder of the paintings, each named as its style; empty for none.",
    )
    flags.DEFINE_list("blend", [], "Two or four styles of which mixtures are painted.")
    flags.DEFINE_integer("steps", sheet.BLEND_STEPS, "--blend: pictures along a side.")
    flags.DEFINE_enum("runtime", "auto", runtimes.RUNTIMES, "What the network runs on.")
    flags.DEFINE_enum(
        "precision",
        "auto",
        precisions.UNQUANTIZED,
        "Of the network's products, as in fast-style paint.",
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "A photograph with more pixels than this is refused."
    )


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) == 2 and (found := provided.gallery()) is not None:
        argv = [*argv, found]
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: PHOTO and CHECKPOINT")
    values = flags.FLAGS
    for name, least in (("columns", 1), ("steps", 2), ("image_size", 8)):
        if values[name].value < least:
            command_line.usage_error(f"--{name} must be at least {least}")
    command_line.refuse_unused(
        values,
        ("steps", bool(values.blend), "without --blend"),
        ("columns", not values.blend, "with --blend"),
        ("paintings", not values.blend, "with --blend"),
    )
    _, path, prefix = argv
    shown = images.find(values.paintings) if values.paintings and not values.blend else []
    identity.check_kept([values.output], [path, *shown])
    images.check_writable(values.output)
    photo = images.fit(images.read(path, values.max_pixels), values.image_size)
    count = len(sheet.check_several(prefix))
    if values.blend:
        count = values.steps ** (2 if len(values.blend) == 4 else 1)
    with tqdm.tqdm(total=count, unit="picture") as bar:
        options = {"done": bar.update, "runtime": values.runtime, "precision": values.precision}
        if values.blend:
            made = sheet.blend_sheet(photo, prefix, values.blend, values.steps, **options)
        else:
            folder = values.paintings or None
            made = sheet.style_sheet(photo, prefix, values.columns, folder, **options)
    images.save(values.output, made)
    print(f"{values.output}: {made.shape[1]} x {made.shape[0]}")
    return 0
