"""Exports a trained network to where it is deployed.

    %s CHECKPOINT FOLDER [flags]

CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done. The network goes under
the next free version number in FOLDER, FOLDER/1 first, with MODEL_CARD.md and a sample picture:
a SavedModel for TensorFlow Serving, or with --format model.tflite, model.onnx, model.keras, or
model.xml and model.bin for OpenVINO.

With --format=web FOLDER becomes a page that paints in the browser itself, for any static host;
--onnxruntime_web names the folder of the npm package onnxruntime-web, which runs the network.
"""

import os
import re

from absl import flags

from fast_style import command_line
from fast_style.commands import provided
from fast_style.export import formats, savedmodel
from fast_style.export.exporting import FORMATS, export
from fast_style.web import site

_NOT_WEB = ("max_pixels", "quantize", "size", "licence", "calibration")


def define_flags():
    """Defines the flags of the command."""
    defaults = command_line.defaults(export)
    flags.DEFINE_enum(
        "format", defaults["format"], (*FORMATS, "web"), "Format of the exported network."
    )
    command_line.define_path(
        "onnxruntime_web", None, "web: folder of the npm package onnxruntime-web."
    )
    command_line.define_path(
        "paintings",
        provided.paintings(),
        "web: folder of the paintings, each named as its style; empty for none.",
    )
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
        "tflite, onnx, openvino: how numbers are stored; int8 also computes with them. float16 is "
        "tflite's.",
    )
    command_line.define_path(
        "calibration",
        defaults["calibration"],
        "int8 of onnx, openvino: a folder of photographs like those to be painted (default: some "
        "that come along).",
    )
    flags.DEFINE_string(
        "size",
        None,
        "tflite, onnx, openvino: HEIGHTxWIDTH in pixels to which the file is bound (default: any "
        "size).",
    )
    command_line.define_path(
        "sample",
        provided.sample_photo(),
        "Photograph that is painted for the model card, or with which the page can be tried.",
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
    web = values.format == "web"
    command_line.refuse_unused(
        values,
        *((name, web, "without --format=web") for name in ("onnxruntime_web", "paintings")),
        *((name, not web, "with --format=web") for name in _NOT_WEB),
    )
    if web:
        return _export_site(argv[1], argv[2], values)
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
        calibration=values.calibration,
    )
    print(f"{path}: {values.format}, {_megabytes(path)}")
    return 0


def _export_site(prefix, folder, values):
    if values.onnxruntime_web is None:
        command_line.usage_error(
            "--format=web needs --onnxruntime_web, the folder of the npm package onnxruntime-web"
        )
    precision = site.export_site(
        prefix,
        folder,
        values.onnxruntime_web,
        values.paintings or None,
        values.sample,
        values.style,
    )
    size = os.path.getsize(os.path.join(folder, site.NETWORK)) / 1e6
    print(f"{folder}: web, {_megabytes(folder)}, of which the network ({precision}) {size:.1f} MB")
    return 0


def _megabytes(path):
    total = sum(os.path.getsize(os.path.join(r, n)) for r, _, names in os.walk(path) for n in names)
    return f"{total / 1e6:.1f} MB"
