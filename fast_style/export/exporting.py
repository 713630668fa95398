"""Exporting a trained network for deployment."""

import os

import numpy as np
import tensorflow as tf

from fast_style import images
from fast_style.checkpoints import store
from fast_style.checkpoints.styles import style_names
from fast_style.errors import InvalidValue, check_choice, check_utf8, first_line
from fast_style.export import (
    formats,
    model_card,
    openvino_file,
    savedmodel,
    version_folders,
    warmup,
)
from fast_style.painting import quantization

FORMATS = ("savedmodel", "tflite", "onnx", "openvino", "keras")
QUANTIZATIONS = {
    "tflite": formats.QUANTIZATIONS,
    "onnx": ("float32", "int8"),
    "openvino": ("float32", "int8"),
}
"""How the files of a format may store their numbers."""
PIXELS = "uint8 RGB [N, H, W, 3], 0..255: pixels -> stylized"
CONTRACTS = {
    "savedmodel": (
        "serving_default: image_bytes -> stylized_bytes (JPEG, PNG, WebP; a batch of strings); "
        f"pixels: {PIXELS}; pixels_float: the same in float32"
    ),
    "keras": "float32 RGB [N, H, W, 3], 0..255; not clipped",
}
MAX_SIDE = 8192  # pixels; longer sides are taken for typing errors
_WARMUP_SIDE = 64  # pixels: quick, and it runs every operation


def export(
    prefix,
    folder,
    format="savedmodel",
    max_pixels=None,
    quantize="float32",
    size=None,
    sample=None,
    licence="",
    style=None,
    calibration=None,
):
    """Exports a trained network under the next free version number of a folder.

    Args:
        prefix: checkpoint prefix of the network.
        folder: path of the folder; made if missing.
        format: one of `FORMATS`.
        max_pixels: of a SavedModel, limit on the pixels of a request; see `savedmodel.signatures`;
            None: `savedmodel.MAX_PIXELS`.
        quantize: of TFLite, ONNX and OpenVINO, one of `QUANTIZATIONS`. int8 is calibrated with
            photographs, but TFLite's, see `formats.write_tflite`.
        size: of TFLite, ONNX and OpenVINO, (height, width) in pixels, or None for any size.
        sample: path of a photograph for the model card and the warm-up requests, or None.
        licence: str, named in the model card.
        style: of a network of several styles, the one or the mixture that is exported as a plain
            network, see `fast_style.checkpoints.styles`; None for all of them, which each request
            then chooses from. OpenVINO's files have one.
        calibration: of int8, but TFLite's, folder of photographs like those to be painted; None:
            those that come along.

    Returns:
        str, path of the version.

    Raises:
        ValueError: an option that does not apply to the format, a network for super-resolution, or
            a sample that is not an image.
        FileNotFoundError: there is no checkpoint, or no sample.
        OSError: `folder` can't be written.
    """
    check_choice("format", format, FORMATS)
    photos = _calibration_photos(format, quantize, calibration)
    if max_pixels is not None and format != "savedmodel":
        raise InvalidValue(
            f"`max_pixels` is for format savedmodel only; received {max_pixels}, {format}"
        )
    max_pixels = savedmodel.MAX_PIXELS if max_pixels is None else max_pixels
    if size is not None:
        _check_size(size, format)
    if format == "onnx":
        formats.check_onnx(calibrated=photos is not None)
    if format == "savedmodel":
        check_utf8(folder)
    photo = None if sample is None else images.read(sample)
    network, metadata = store.load_network(prefix, "style", style)
    names = style_names(metadata) if network.styles > 1 else []
    if format == "openvino" and names:
        raise InvalidValue(f"{prefix}: `style` must name one of several: {', '.join(names)}")
    facts = {"format": format, "takes and returns": _contract(format, names)}
    if style is not None:
        metadata = {**metadata, "style": {"name": style}}

    def write(path):
        if format == "savedmodel":
            facts["limit"] = f"{max_pixels:,} pixels in a request"
            savedmodel.save(network, path, max_pixels, names)
            requests = _warmup_requests(photo, max_pixels, names)
            warmup.write(path, _model_name(folder), requests)
        elif format == "keras":
            formats.write_keras(network, _file(path, format))
        else:
            facts["height x width"] = f"{size[0]} x {size[1]}" if size else "any"
            facts["numbers"] = quantize
            if format == "tflite":
                formats.write_tflite(network, _file(path, format), quantize, size)
            elif format == "onnx":
                formats.write_onnx(network, _file(path, format), size, photos)
            else:
                openvino_file.write(network, _file(path, "xml"), size, photos)
        model_card.write(path, network, metadata, facts, photo, licence)

    try:
        return version_folders.write_version(folder, write)
    except tf.errors.OpError as error:  # TensorFlow writes the SavedModel: a full disk, say
        raise OSError(f"{folder}: could not be written ({first_line(error)})") from error


def _calibration_photos(format, quantize, calibration):
    """Paths of the photographs that int8 is calibrated with; None without it."""
    if format not in QUANTIZATIONS:
        if quantize != "float32":
            raise InvalidValue(
                f"`quantize` is for formats {', '.join(QUANTIZATIONS)}; "
                f"received {quantize!r}, {format}"
            )
    else:
        check_choice("quantize", quantize, QUANTIZATIONS[format])
    if quantize != "int8" or format == "tflite":
        if calibration is not None:
            raise InvalidValue("`calibration` is for int8 of formats onnx and openvino")
        return None
    quantization.nncf_version()
    return quantization.calibration_photos(calibration)


def _contract(format, names):
    """What a file takes and returns, for the model card."""
    contract = CONTRACTS.get(format, PIXELS)
    if not names:
        return contract
    if format == "savedmodel":
        return (
            f'{contract}; with style, strings such as "{names[0]}" or "{names[0]}:2,{names[1]}:1"'
        )
    weights = f"float32 [N, {len(names)}], how much of each style, parts of 1"
    return f"{contract}; with {'styles' if format == 'keras' else 'style_weights'}, {weights}"


def _file(path, format):
    return os.path.join(path, f"model.{format}")


def _check_size(size, format):
    if format not in QUANTIZATIONS:
        raise InvalidValue(
            f"`size` is for formats {', '.join(QUANTIZATIONS)}; received {size}, {format}"
        )
    if len(size) != 2 or not all(isinstance(n, int) and 1 <= n <= MAX_SIDE for n in size):
        raise InvalidValue(
            f"`size` must be height and width, integers from 1 to {MAX_SIDE}; received {size}"
        )


def _model_name(folder):
    return os.path.basename(os.path.abspath(folder))


def _warmup_requests(photo, max_pixels, names):
    """A small image for each signature, so that a server's first request finds it initialized."""
    if photo is None:
        photo = np.zeros((_WARMUP_SIDE, _WARMUP_SIDE, 3), np.uint8)
    side = min(_WARMUP_SIDE, int(max_pixels**0.5))
    pixels = images.resize(photo, side, side)
    jpeg = tf.io.encode_jpeg(pixels).numpy()
    style = {"style": [names[0]]} if names else {}
    return [
        ("serving_default", {"image_bytes": [jpeg], **style}),
        ("pixels", {"pixels": pixels[None], **style}),
        ("pixels_float", {"pixels": pixels[None].astype(np.float32), **style}),
    ]
