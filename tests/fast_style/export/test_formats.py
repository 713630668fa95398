"""Exported files, each run by its own runtime, against TensorFlow."""

import os
import pathlib

import keras
import numpy as np
import openvino
import pytest

from fast_style import images
from fast_style.export import formats, openvino_file
from fast_style.networks.transform_net import TransformNet
from fast_style.painting.stylizer import Stylizer

# As trained here, as the paper has it, as a network from elsewhere.
NETWORKS = {
    "usual": {},
    "paper": {"normalization": "batch", "upsampling": "transpose", "output": "tanh"},
    "plain": {
        "normalization": "none",
        "padding": "zero",
        "upsampling": "transpose",
        "strided_kernel": 4,
    },
}
EVERY = pytest.mark.parametrize("kind", NETWORKS)
# Of 255. int8 rounds weights and activations of a network of random weights.
TOLERANCES = {"float32": 1, "float16": 2, "int8": 24}


def make(kind):
    keras.utils.set_random_seed(0)
    network = TransformNet(width=4, residual_blocks=1, **NETWORKS[kind])
    network.build()
    return network


def run_tflite(path, pixels):
    interpreter = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    runner = interpreter.Interpreter(os.fspath(path))
    (given,), (result,) = runner.get_input_details(), runner.get_output_details()
    assert "pixels" in given["name"]
    if list(given["shape"]) != list(pixels.shape):
        runner.resize_tensor_input(given["index"], pixels.shape)
    runner.allocate_tensors()
    runner.set_tensor(given["index"], pixels)
    runner.invoke()
    return runner.get_tensor(result["index"])


def run_onnx(path, pixels):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    return session.run(["stylized"], {"pixels": pixels})[0]


def difference(stylized, network, pixels):
    assert stylized.dtype == np.uint8
    assert stylized.shape == pixels.shape
    return np.abs(stylized.astype(int) - Stylizer(network)(pixels)).max()


@EVERY
@pytest.mark.parametrize("quantize", TOLERANCES)
def test_tflite_of_any_size(tmp_path, photo, kind, quantize):
    network = make(kind)
    formats.write_tflite(network, tmp_path / "model.tflite", quantize)
    for size in ((16, 24), (17, 9), (1, 1)):
        pixels = photo(*size)[None]
        stylized = run_tflite(tmp_path / "model.tflite", pixels)
        assert difference(stylized, network, pixels) <= TOLERANCES[quantize]


@EVERY
def test_tflite_of_one_size(tmp_path, photo, kind):
    network = make(kind)
    formats.write_tflite(network, tmp_path / "model.tflite", size=(15, 22))
    pixels = photo(15, 22)[None]
    assert difference(run_tflite(tmp_path / "model.tflite", pixels), network, pixels) <= 1


def test_fewer_bits_make_smaller_files(tmp_path):
    network = TransformNet(width=8, residual_blocks=2)
    network.build()
    sizes = {}
    for quantize in TOLERANCES:
        formats.write_tflite(network, tmp_path / quantize, quantize)
        sizes[quantize] = (tmp_path / quantize).stat().st_size
    assert sizes["int8"] < 0.8 * sizes["float16"] < 0.8 * 0.8 * sizes["float32"]


@EVERY
@pytest.mark.parametrize("size", [None, (15, 22)])
def test_onnx(tmp_path, photo, kind, size):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    network = make(kind)
    formats.write_onnx(network, tmp_path / "model.onnx", size)
    for shape in [size] if size else [(16, 24), (17, 9), (1, 1)]:
        pixels = np.stack([photo(*shape, seed=seed) for seed in range(2)])
        assert difference(run_onnx(tmp_path / "model.onnx", pixels), network, pixels) <= 1


@pytest.fixture
def photos(tmp_path, photo):
    """Paths of photographs to calibrate with."""
    paths = [tmp_path / "photos" / f"{seed}.png" for seed in range(2)]
    for seed, path in enumerate(paths):
        images.save(path, photo(40, 50, seed=seed))
    return paths


def run_openvino(path, pixels):
    model = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model({"pixels": pixels})["stylized"]


@EVERY
@pytest.mark.parametrize("size", [None, (15, 22)])
def test_openvino(tmp_path, photo, kind, size):
    network = make(kind)
    openvino_file.write(network, tmp_path / "model.xml", size)
    for shape in [size] if size else [(16, 24), (17, 9), (1, 1)]:
        pixels = np.stack([photo(*shape, seed=seed) for seed in range(2)])
        assert difference(run_openvino(tmp_path / "model.xml", pixels), network, pixels) <= 1


def test_openvino_in_int8(tmp_path, photo, photos):
    pytest.importorskip("nncf", reason="nncf is not installed")
    network = make("usual")
    openvino_file.write(network, tmp_path / "model.xml", calibration=photos)
    pixels = photo(40, 50, seed=3)[None]
    stylized = run_openvino(tmp_path / "model.xml", pixels)
    assert 0 < difference(stylized, network, pixels) <= TOLERANCES["int8"]


def test_onnx_in_int8_of_several_styles(tmp_path, photo, photos):
    pytest.importorskip("nncf", reason="nncf is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    keras.utils.set_random_seed(0)
    network = TransformNet(width=8, residual_blocks=1, styles=2)
    network.build()
    formats.write_onnx(network, tmp_path / "float32.onnx")
    formats.write_onnx(network, tmp_path / "int8.onnx", calibration=photos)
    session = runtime.InferenceSession(tmp_path / "int8.onnx", providers=["CPUExecutionProvider"])
    pixels, weights = photo(40, 50, seed=3)[None], np.float32([[0.25, 0.75]])
    stylized = session.run(["stylized"], {"pixels": pixels, "style_weights": weights})[0]
    expected = network(pixels.astype(np.float32), training=False, styles=weights)
    expected = np.clip(np.asarray(expected), 0, 255)
    assert 0.5 < np.abs(stylized - expected).max() <= TOLERANCES["int8"]
    sizes = [(tmp_path / f"{name}.onnx").stat().st_size for name in ("int8", "float32")]
    assert sizes[0] < sizes[1]


def test_a_missing_onnx_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install tf2onnx onnx"):
        formats.write_onnx(make("usual"), tmp_path / "model.onnx")


@EVERY
def test_keras(tmp_path, photo, kind):
    network = make(kind)
    formats.write_keras(network, tmp_path / "model.keras")
    loaded = keras.saving.load_model(
        tmp_path / "model.keras", custom_objects={"TransformNet": TransformNet}
    )
    pixels = photo()[None].astype("float32")
    np.testing.assert_allclose(loaded(pixels), network(pixels), rtol=1e-5, atol=1e-3)
    assert loaded.get_config() == network.get_config()


def test_int8_of_onnx_names_the_package_that_calibrates(tmp_path, monkeypatch):
    missing = {"onnxruntime": None}
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: missing.get(name, name))
    with pytest.raises(ValueError, match="pip install onnxruntime"):
        formats.write_onnx(make("usual"), tmp_path / "model.onnx", calibration=[])


def test_an_unknown_quantization_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`quantize` must be one of float32, float16, int8"):
        formats.write_tflite(make("usual"), tmp_path / "model.tflite", "int4")


@pytest.mark.parametrize("custom_objects", [None, {"TransformNet": TransformNet}])
def test_keras_files_name_their_class_wherever_its_module_lies(tmp_path, photo, custom_objects):
    network = make("usual")
    formats.write_keras(network, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects)
    x = photo()[None].astype("float32")
    np.testing.assert_array_equal(loaded(x), network(x))


def test_a_keras_file_exported_before_the_modules_moved_still_loads():
    folder = pathlib.Path(__file__).parent / "files"
    network = keras.saving.load_model(
        folder / "exported_before_0.2.keras", {"TransformNet": TransformNet}
    )
    x = np.random.default_rng(5).integers(0, 256, (1, 16, 20, 3)).astype("float32")
    expected = np.load(folder / "exported_before_0.2.npy").astype("float32")
    np.testing.assert_allclose(network(x), expected, atol=0.3)  # kept as float16
