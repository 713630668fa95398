"""Exports a trained network to where it is deployed.

    python -m fast_style.export CHECKPOINT FOLDER [flags]

CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done. The network goes under
the next free version number in FOLDER, FOLDER/1 first, with MODEL_CARD.md and a sample picture:
a SavedModel for TensorFlow Serving, or with --format model.tflite, model.onnx or model.keras.
"""

# ruff: noqa: E402 - TensorFlow's chatter is silenced before anything imports it.

import inspect
import os
import re

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

import numpy as np
import tensorflow as tf

from data import images
from fast_style import checkpoint, export_formats, model_card, serving, versions, warmup
from fast_style.architecture import check_choice

FORMATS = ("savedmodel", "tflite", "onnx", "keras")
PIXELS = "uint8 RGB [N, H, W, 3], 0..255: pixels -> stylized"
CONTRACTS = {
    "savedmodel": (
        "serving_default: image_bytes -> stylized_bytes (JPEG, PNG, WebP; a batch of strings); "
        f"pixels: {PIXELS}; pixels_float: the same in float32"
    ),
    "keras": "float32 RGB [N, H, W, 3], 0..255; not clipped",
}
# One rule for all formats: a side that no network is exported for by mistake.
MAX_SIDE = 8192  # pixels
SAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "img/test.jpg")


def export(
    prefix,
    folder,
    format="savedmodel",
    max_pixels=serving.MAX_PIXELS,
    quantize="float32",
    size=None,
    sample=None,
    licence="",
):
    """Exports a trained network under the next free version number of a folder.

    Args:
        prefix: checkpoint prefix of the network.
        folder: path of the folder; made if missing.
        format: one of `FORMATS`.
        max_pixels: of a SavedModel, limit on the pixels of a request; see `serving.signatures`.
        quantize: of TFLite, "float32", "float16" or "int8"; see `export_formats.write_tflite`.
        size: of TFLite and ONNX, (height, width) in pixels, or None for any size.
        sample: path of a photograph for the model card and the warm-up requests, or None.
        licence: str, named in the model card.

    Returns:
        str, path of the version.

    Raises:
        ValueError: an option that does not fit, a network for super-resolution, or a sample that
            is no image.
        FileNotFoundError: there is no checkpoint, or no sample.
        OSError: `folder` can't be written.
    """
    check_choice("format", format, FORMATS)
    check_choice("quantize", quantize, export_formats.QUANTIZATIONS)
    if quantize != "float32" and format != "tflite":
        raise ValueError(f"`quantize` is for format tflite alone; received {quantize!r}, {format}")
    if size is not None:
        _check_size(size, format)
    if format == "onnx":
        export_formats.check_onnx()
    photo = None if sample is None else images.read(sample)
    network, description = checkpoint.load_network(prefix, task="style")
    facts = {"format": format, "takes and returns": CONTRACTS.get(format, PIXELS)}

    def write(path):
        if format == "savedmodel":
            facts["limit"] = f"{max_pixels:,} pixels in a request"
            serving.save(network, path, max_pixels)
            warmup.write(path, _model_name(folder), _warmup_requests(photo, max_pixels))
        elif format == "keras":
            export_formats.write_keras(network, _file(path, format))
        else:
            facts["height x width"] = f"{size[0]} x {size[1]}" if size else "any"
            if format == "onnx":
                export_formats.write_onnx(network, _file(path, format), size)
            else:
                facts["numbers"] = quantize
                export_formats.write_tflite(network, _file(path, format), quantize, size)
        model_card.write(path, network, description, facts, photo, licence)

    try:
        return versions.write_version(folder, write)
    except tf.errors.OpError as error:  # TensorFlow writes the SavedModel: a full disk, say
        raise OSError(
            f"{folder}: could not be written ({error.message.splitlines()[0]})"
        ) from error


def _file(path, format):
    return os.path.join(path, f"model.{format}")


def _check_size(size, format):
    if format not in ("tflite", "onnx"):
        raise ValueError(f"`size` is for formats tflite and onnx alone; received {size}, {format}")
    if len(size) != 2 or not all(isinstance(n, int) and 1 <= n <= MAX_SIDE for n in size):
        raise ValueError(
            f"`size` must be height and width, integers from 1 to {MAX_SIDE}; received {size}"
        )


def _model_name(folder):
    return os.path.basename(os.path.abspath(folder))


def _warmup_requests(photo, max_pixels):
    """A small image through each signature: what is set up at the first request, is set up then."""
    if photo is None:
        photo = np.zeros((64, 64, 3), np.uint8)
    side = min(64, int(max_pixels**0.5))
    pixels = images.resize(photo, side, side)
    jpeg = tf.io.encode_jpeg(pixels).numpy()
    return [
        ("serving_default", {"image_bytes": [jpeg]}),
        ("pixels", {"pixels": pixels[None]}),
        ("pixels_float", {"pixels": pixels[None].astype(np.float32)}),
    ]


def _define_flags():
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(export).parameters.items()
    }
    flags.DEFINE_enum("format", defaults["format"], FORMATS, "What is written.")
    flags.DEFINE_integer(
        "max_pixels",
        defaults["max_pixels"],
        "savedmodel: a request with more pixels in all its images is refused before it is decoded.",
    )
    flags.DEFINE_enum(
        "quantize",
        defaults["quantize"],
        export_formats.QUANTIZATIONS,
        "tflite: how numbers are stored; int8 also computes with them.",
    )
    flags.DEFINE_string(
        "size",
        None,
        "tflite, onnx: HEIGHTxWIDTH in pixels to which the file is bound (default: any size).",
    )
    flags.DEFINE_string(
        "sample",
        SAMPLE if os.path.exists(SAMPLE) else None,
        "Photograph that is painted for the model card.",
    )
    flags.DEFINE_string("licence", defaults["licence"], "Licence that the model card names.")


def _parse_size(text):
    if not (match := re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)):
        command_line.usage_error(f"--size must be HEIGHTxWIDTH, received {text}")
    return int(match[1]), int(match[2])


def main(argv):
    if len(argv) != 3:
        command_line.usage_error("two arguments are wanted: CHECKPOINT and FOLDER")
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
    )
    total = sum(os.path.getsize(os.path.join(r, n)) for r, _, names in os.walk(path) for n in names)
    print(f"{path}: {values.format}, {total / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
