import os

import pytest
import tensorflow as tf

from fast_style import images
from fast_style.checkpoints import store
from fast_style.export import savedmodel
from fast_style.export.exporting import FORMATS, export
from fast_style.networks.transform_net import TransformNet
from fast_style.painting.stylizer import Stylizer


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("checkpoints") / "ckpt-done"
    network = TransformNet(width=4, residual_blocks=1)
    network.build()
    store.save_network(network, prefix, {"style": {"name": "wave.jpg"}})
    return prefix


@pytest.fixture
def sample(photo, tmp_path):
    images.save(tmp_path / "photo.png", photo(40, 30))
    return tmp_path / "photo.png"


FILES = {
    "savedmodel": {
        "saved_model.pb",
        "fingerprint.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        "assets.extra/tf_serving_warmup_requests",
    },
    "tflite": {"model.tflite"},
    "onnx": {"model.onnx"},
    "openvino": {"model.xml", "model.bin"},
    "keras": {"model.keras"},
}


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_a_version_with_its_card(prefix, sample, tmp_path, format):
    if format == "onnx":
        pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    path = export(prefix, tmp_path / "wave", format, sample=sample, licence="CC0")
    assert path == str(tmp_path / "wave" / "1")
    files = {
        os.path.relpath(os.path.join(root, name), path)
        for root, _, names in os.walk(path)
        for name in names
    }
    assert files == FILES[format] | {"MODEL_CARD.md", "sample.jpg"}
    text = (tmp_path / "wave" / "1" / "MODEL_CARD.md").read_text()
    assert "wave.jpg" in text
    assert f"| format | {format} |" in text
    assert os.listdir(tmp_path / "wave") == ["1"]


def test_the_warmup_requests_are_answered(prefix, sample, tmp_path):
    prediction_log_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2",
        reason="tensorflow-serving-api is not installed",
    )
    for limit in (savedmodel.MAX_PIXELS, 64):  # however small the limit
        path = export(prefix, tmp_path / "wave", max_pixels=limit, sample=sample)
        model = tf.saved_model.load(path)
        requests = tf.data.TFRecordDataset(f"{path}/assets.extra/tf_serving_warmup_requests")
        asked = []
        for record in requests:
            log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
            request = log.predict_log.request
            assert request.model_spec.name == "wave"
            signature = request.model_spec.signature_name
            inputs = {k: tf.constant(tf.make_ndarray(v)) for k, v in request.inputs.items()}
            model.signatures[signature](**inputs)
            asked.append(signature)
        assert sorted(asked) == sorted(model.signatures)


def test_a_network_is_exported_without_a_sample(prefix, tmp_path):
    path = export(prefix, tmp_path / "wave")
    assert not os.path.exists(os.path.join(path, "sample.jpg"))


def test_what_is_exported_is_the_network_of_the_checkpoint(prefix, photo, tmp_path):
    model = tf.saved_model.load(export(prefix, tmp_path / "wave"))
    stylized = model.signatures["pixels"](pixels=photo()[None])["stylized"].numpy()
    expected = Stylizer.load(prefix)(photo()[None])
    assert abs(stylized.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "options, message",
    [
        ({"format": "caffe"}, "`format` must be one of savedmodel, tflite, onnx, openvino"),
        ({"quantize": "int8"}, "`quantize` is for formats tflite, onnx, openvino"),
        ({"format": "onnx", "quantize": "float16"}, "`quantize` must be one of float32, int8"),
        ({"format": "openvino", "calibration": "photos"}, "`calibration` is for int8 of formats"),
        ({"format": "tflite", "quantize": "int4"}, "`quantize` must be one of"),
        ({"size": (8, 8)}, "`size` is for formats tflite, onnx, openvino"),
        ({"format": "tflite", "size": (0, 8)}, "`size` must be height and width"),
        ({"format": "tflite", "size": (8, 10**5)}, "`size` must be height and width"),
        ({"max_pixels": 10}, "`max_pixels` must be at least 64"),
    ],
)
def test_options_that_do_not_fit_leave_nothing(prefix, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export(prefix, tmp_path / "wave", **options)
    assert not list(tmp_path.rglob("*.*"))


def test_missing_files_are_named_before_anything_is_made(prefix, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export(tmp_path / "nowhere", tmp_path / "wave")
    with pytest.raises(FileNotFoundError, match="photo.jpg"):
        export(prefix, tmp_path / "wave", sample=tmp_path / "photo.jpg")
    assert not (tmp_path / "wave").exists()


def test_a_sample_inside_the_folder_stays_as_it_is(prefix, sample, tmp_path):
    inside = tmp_path / "wave" / "1" / "sample.jpg"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(sample.read_bytes())
    path = export(prefix, tmp_path / "missing" / ".." / "wave", "keras", sample=inside)
    assert os.path.samefile(path, tmp_path / "wave" / "2")
    assert os.listdir(inside.parent) == ["sample.jpg"]
    assert inside.read_bytes() == sample.read_bytes()


def test_a_limit_of_pixels_is_for_a_savedmodel(prefix, tmp_path):
    for format in ("tflite", "onnx", "keras"):
        with pytest.raises(ValueError, match="`max_pixels` is for format savedmodel only"):
            export(prefix, tmp_path / "wave", format, max_pixels=1000)
    assert not (tmp_path / "wave").exists()
