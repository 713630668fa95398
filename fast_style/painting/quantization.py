"""Networks in int8: quantized by NNCF for photographs, and kept in the user's cache.

Weights and the inputs of convolutions become whole numbers of 8 bits. What normalizes and the first
convolution stay in float: docs/painting.md tells what each is worth.
"""

import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import openvino as ov

from fast_style import images
from fast_style.atomic_files import replacing
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import SMALLEST, STRIDE
from fast_style.networks.padding import pad_to_multiple
from fast_style.painting import openvino_devices, segments

# Whatever is changed below this line changes what is made of the same network.
_RECIPE = "1"
_MOST_PHOTOS = 16
_SIDE = 384  # pixels, at most, of a photograph for calibration
_PHOTOS = ("chelsea.jpg", "coffee.jpg", "rocket.jpg", "test.jpg")
# In a wheel they lie inside the package (setup.cfg), in a checkout beside it.
_PACKAGE = Path(__file__).resolve().parents[1]


def quantized(model, architecture, calibration=None):
    """The model in int8, from the cache or made anew.

    Args:
        model: `openvino.Model`, as `fast_style.painting.openvino_graph.whole` makes it.
        architecture: `fast_style.networks.architecture.Architecture`.
        calibration: folder of photographs, of which some are taken; None: those that come along.

    Returns:
        `openvino.Model`.

    Raises:
        ValueError: the package nncf is missing, or `calibration` has no image.
        OSError: a photograph can't be read.
    """
    photos = calibration_photos(calibration)
    file = cache_folder() / f"{_key(model, photos)}.int8"
    kept = _read(file)
    if kept is None:
        kept = _quantize(model, architecture, photos)
        _write(file, kept)
    return kept


def cache_folder():
    """Folder of quantized networks: fast-style/int8 in XDG_CACHE_HOME or ~/.cache (`Path`)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "fast-style" / "int8"


def calibration_photos(calibration=None):
    """Paths of the photographs to calibrate with: list of path; see `quantized`."""
    if calibration is None:
        folders = (_PACKAGE / "samples", _PACKAGE.parent / "img")
        found = [folder / name for folder in folders for name in _PHOTOS]
        found = [path for path in found if path.is_file()]
        if not found:
            raise InvalidValue("`calibration` is missing: no photographs came with the program")
        return found
    found = images.find(calibration)
    if not found:
        raise InvalidValue(f"{calibration}: no image file in this folder or below it")
    return found[:: -(-len(found) // _MOST_PHOTOS)]  # from all parts of the folder


def _key(model, photos):
    """Name of what is made of a model with these photographs: a hash of all that it depends on."""
    digest = hashlib.sha256(f"{_RECIPE} {ov.__version__} {nncf_version()}".encode())
    for node in model.get_ordered_ops():
        digest.update(f"{node.get_type_name()} {node.get_attributes()}".encode())
        if node.get_type_name() == "Constant":
            digest.update(np.ascontiguousarray(node.data).tobytes())
    for path in photos:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()


def nncf_version():
    """The version of NNCF; `ValueError` if it is missing."""
    from importlib import metadata

    try:
        return metadata.version("nncf")
    except metadata.PackageNotFoundError:
        raise InvalidValue(
            '`precision` int8 needs the package nncf: pip install "fast-style[int8]"'
        ) from None


def calibration_batches(photos, size=None):
    """Photographs as networks take them, in a size that is enough for calibration.

    Args:
        photos: paths.
        size: (height, width) in pixels that they get; None: as many pixels as are needed.

    Returns:
        list of uint8 RGB `[1, H, W, 3]`.
    """
    read = [images.read(path) for path in photos]
    return [(images.resize(p, *size) if size else images.fit(p, _SIDE))[None] for p in read]


def _quantize(model, architecture, photos):
    batches = [pad_to_multiple(p, STRIDE, SMALLEST) for p in calibration_batches(photos)]
    inputs = [
        {"pixels": batch, "centres": segments.centres(architecture, batch)} for batch in batches
    ]
    print("quantizing the network, once for these photographs ...", file=sys.stderr)
    return quantize(model, inputs)


def quantize(model, inputs):
    """An OpenVINO model in int8.

    Args:
        model: `openvino.Model` of a network.
        inputs: list of dicts of what it takes, for calibration.
    """
    first = next(node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution")
    return quantize_with(model, inputs, first.get_friendly_name(), ["MVN"])


def quantize_with(model, inputs, first, floats):
    """A model of any kind that NNCF takes in int8.

    Args:
        model: `openvino.Model` or `onnx.ModelProto`.
        inputs: list of dicts of what the model takes, for calibration.
        first: name of the first convolution's node, which stays in float.
        floats: types of operations that stay in float, too.

    Returns:
        As `model`.
    """
    before = logging.getLogger("nncf").level
    import nncf
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    logging.getLogger("nncf").setLevel(logging.ERROR)  # it reports every step
    try:
        return nncf.quantize(
            model,
            nncf.Dataset(inputs),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(inputs),
            ignored_scope=nncf.IgnoredScope([first], types=floats),
            # Ranges that cost the least, not those of the few largest numbers.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                activations_range_estimator_params=RangeEstimatorParametersSet.HISTOGRAM
            ),
        )
    finally:
        logging.getLogger("nncf").setLevel(before)


def _read(file):
    """The model in a file of the cache; None if there is none, or if it is not as it was written.

    A checksum finds damage; what others could have put there is not read.
    """
    if not _is_own(file):
        return None
    data = file.read_bytes()
    head, size = hashlib.sha256().digest_size, 8
    if len(data) < head + size or hashlib.sha256(data[head:]).digest() != data[:head]:
        return None
    end = head + size + int.from_bytes(data[head : head + size], "little")
    return openvino_devices.core().read_model(data[head + size : end], data[end:])


def _is_own(file):
    """Whether a file is there that nobody but this user could write."""
    try:
        found = [os.stat(path) for path in (file, file.parent)]
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not hasattr(os, "geteuid"):  # Windows, where the folder is the user's
        return True
    return all(status.st_uid == os.geteuid() and not status.st_mode & 0o022 for status in found)


def _write(file, model):
    """Keeps a model; where that is impossible, it is made again the next time."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.xml"
            ov.save_model(model, path, compress_to_fp16=False)
            xml, weights = path.read_bytes(), path.with_suffix(".bin").read_bytes()
        body = len(xml).to_bytes(8, "little") + xml + weights
        with replacing(file) as target:
            target.write(hashlib.sha256(body).digest() + body)
    except OSError as error:
        print(f"{file}: not kept, {error}", file=sys.stderr)
