"""Exports a trained network to where it is deployed.

    %s CHECKPOINT FOLDER [flags]

CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done. The network goes under
the next free version number in FOLDER, FOLDER/1 first, with MODEL_CARD.md and a sample picture:
a SavedModel for TensorFlow Serving, or with --format model.tflite, model.onnx or model.keras.
"""

import os
import re

from absl import flags

from fast_style import command_line
from fast_style.commands import provided
from fast_style.export import formats, savedmodel
from fast_style.export.exporting import FORMATS, export


def define_flags():
    """Defines the flags of the command."""
    defaults = command_line.defaults(export)
    flags.DEFINE_enum("format", defaults["format"], FORMATS, "Format of the exported network.")
    flags.DEFINE_integer(
        "max_pixels",
        defaults["max_pixels"],
        "savedmodel: a request with more pixels in all its images is refused before it is decoded "
        f"(default: {savedmodel.MAX_PIXELS:,}).",
    )
    flags.DEFINE_enum(
        "quantize",
        defaults["quantize"],
        formats.QUANTIZATIONS,
        "tflite: how numbers are stored; int8 also computes with them.",
    )
    flags.DEFINE_string(
        "size",
        None,
        "tflite, onnx: HEIGHTxWIDTH in pixels to which the file is bound (default: any size).",
    )
    command_line.define_path(
        "sample",
        provided.sample_photo(),
        "Photograph that is painted for the model card.",
    )
    flags.DEFINE_string(
        "style",
        defaults["style"],
        "Of a network of several styles: the one or the mixture that is exported (default: all).",
    )
    flags.DEFINE_string("licence", defaults["licence"], "Licence that the model card names.")


def _parse_size(text):
    if not (match := re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)):
        command_line.usage_error(f"--size must be HEIGHTxWIDTH, received {text}")
    return int(match[1]), int(match[2])


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: CHECKPOINT and FOLDER")
    values = flags.FLAGS
    path = export(
        argv[1],
        argv[2],
        format=values.format,
        max_pixels=values.max_pixels,
        quantize=values.quantize,
        size=None if values.size is None else _parse_size(values.size),
        sample=values.sample,
        licence=values.licence,
        style=values.style,
    )
    total = sum(os.path.getsize(os.path.join(r, n)) for r, _, names in os.walk(path) for n in names)
    print(f"{path}: {values.format}, {total / 1e6:.1f} MB")
    return 0
