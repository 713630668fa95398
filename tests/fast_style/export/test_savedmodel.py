"""The serving graph, also where this project cannot be imported: its answers against Stylizer's."""

import base64
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_style import images
from fast_style.export import savedmodel
from fast_style.painting.stylizer import Stylizer

LIMIT = 4096  # pixels


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("serving") / "1"
    savedmodel.save(network, str(path), LIMIT)
    return path


@pytest.fixture(scope="module")
def model(path):
    return tf.saved_model.load(str(path))


def encode(rgb, format="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, format, **options)
    return stream.getvalue()


def expected_of(network, data):
    """What eval.py writes for an image, decoded again."""
    picture = images.decode(data)
    painted = Stylizer(network)(picture.rgb)
    if data[:2] == b"\xff\xd8":
        return images.decode(encode(painted, "JPEG", quality=95, subsampling=0)).rgb, None
    return painted, picture.alpha


def assert_answers(network, requests, answers):
    for data, answer in zip(requests, answers, strict=True):
        rgb, alpha = expected_of(network, data)
        picture = images.decode(answer)
        assert picture.rgb.shape == rgb.shape
        # JPEG may turn a step of 1 in a pixel into 2 in its neighbours.
        most = 2 if answer[:2] == b"\xff\xd8" else 1
        assert np.abs(picture.rgb.astype(int) - rgb).max() <= most
        np.testing.assert_array_equal(picture.alpha, alpha)


@pytest.fixture
def requests(photo):
    rgba = np.dstack([photo(9, 30), photo(9, 30, seed=1)[..., 0]])
    return [
        encode(photo(16, 24), "JPEG"),
        encode(photo(17, 5)),
        encode(rgba),
        encode(photo(20, 20)[..., 0]),
        encode(photo(21, 13), "WEBP"),
        encode(photo(1, 1)),
    ]


def test_a_batch_of_files_of_different_sizes(network, model, requests):
    signature = model.signatures["serving_default"]
    answers = signature(image_bytes=tf.constant(requests))["stylized_bytes"].numpy()
    assert_answers(network, requests, answers)
    assert signature(image_bytes=tf.constant([], tf.string))["stylized_bytes"].shape == (0,)


@pytest.mark.parametrize("shape", [(2, 16, 24), (1, 7, 9), (3, 1, 1)])
def test_pixels(network, model, photo, shape):
    batch = np.stack([photo(*shape[1:], seed=i) for i in range(shape[0])])
    expected = Stylizer(network)(batch)
    stylized = model.signatures["pixels"](pixels=batch)["stylized"].numpy()
    assert stylized.dtype == np.uint8
    assert np.abs(stylized.astype(int) - expected).max() <= 1
    raw = model.signatures["pixels_float"](pixels=batch.astype("float32"))["stylized"].numpy()
    np.testing.assert_allclose(raw, network(batch.astype("float32")), rtol=1e-4, atol=1e-2)


# What is refused


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda data: b"", "image 1: not a JPEG, PNG or WebP image"),
        (lambda data: b"no image", "image 1: not a JPEG, PNG or WebP image"),
        (lambda data: data[: len(data) // 2], "Invalid PNG data"),
    ],
)
def test_a_damaged_image_is_an_error_for_its_request(model, photo, damage, message):
    good = encode(photo())
    signature = model.signatures["serving_default"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signature(image_bytes=tf.constant([good, damage(good)]))
    assert signature(image_bytes=tf.constant([good]))["stylized_bytes"].shape == (1,)


def test_too_many_pixels_are_refused_before_they_are_decoded(model, photo):
    signature = model.signatures["serving_default"]
    # Only its header claims the size: whoever decoded it would find it damaged.
    png = encode(photo())
    for sides in (b"\x00\x00\x75\x30" * 2, b"\xff" * 8):
        claimed = png[:16] + sides + png[24:]
        with pytest.raises(tf.errors.InvalidArgumentError, match="limit is 4096"):
            signature(image_bytes=tf.constant([claimed]))
    whole = encode(photo(64, 64))
    assert signature(image_bytes=tf.constant([whole]))["stylized_bytes"].shape == (1,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="has 4160 pixels, the limit is 4096"):
        signature(image_bytes=tf.constant([whole, encode(photo(1, 1))]))


@pytest.mark.parametrize("name, dtype", [("pixels", np.uint8), ("pixels_float", np.float32)])
@pytest.mark.parametrize(
    "shape, message",
    [
        ((2, 64, 33, 3), "4224 pixels"),
        ((1, 1, 513, 3), "4104 pixels"),  # the network enlarges it to 8 x 513
        ((0, 8, 8, 3), "no pixels"),
        ((1, 0, 8, 3), "no pixels"),
    ],
)
def test_pixels_beyond_the_limit_are_refused(model, name, dtype, shape, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        model.signatures[name](pixels=tf.zeros(shape, dtype))


def test_a_limit_that_no_image_meets_is_refused(network):
    with pytest.raises(ValueError, match="`max_pixels` must be at least 64; received 63"):
        savedmodel.signatures(network, 63)


# As a server loads it


CLIENT = """
import sys
for name in ("fast_style", "gatys", "data"):
    sys.modules[name] = None  # an installed project could be imported otherwise
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
with np.load(sys.argv[2], allow_pickle=False) as inputs:
    results = {}
    for name, output in (("pixels", "stylized"), ("pixels_float", "stylized")):
        results[name] = model.signatures[name](pixels=inputs[name])[output].numpy()
    data = inputs["image_bytes"].tobytes()
answer = model.signatures["serving_default"](image_bytes=tf.constant([data]))["stylized_bytes"]
results["stylized_bytes"] = np.frombuffer(answer.numpy()[0], np.uint8)
np.savez(sys.argv[3], keras="keras" in sys.modules, **results)
"""


def test_it_loads_where_this_project_cannot_be_imported(network, path, photo, tmp_path):
    data, batch = encode(photo(), "JPEG"), photo()[None]
    inputs = {"pixels": batch, "pixels_float": batch.astype("float32")}
    np.savez(tmp_path / "in.npz", image_bytes=np.frombuffer(data, np.uint8), **inputs)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, path, tmp_path / "in.npz", tmp_path / "out.npz"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
    )
    with np.load(tmp_path / "out.npz") as results:
        expected = Stylizer(network)(batch).astype(int)
        assert np.abs(results["pixels"] - expected).max() <= 1
        assert np.abs(np.clip(results["pixels_float"], 0, 255) - expected).max() <= 1
        assert_answers(network, [data], [results["stylized_bytes"].tobytes()])


def test_the_rest_interface_carries_it_as_base64(network, model, requests):
    """The predict call of TF Serving's REST interface, by its rules.

    A value {"b64": ...} is decoded; an output whose name ends in _bytes is encoded. With one named
    input, "instances" may hold objects of that name, and "predictions" holds bare values.
    """
    body = json.dumps(
        {
            "instances": [
                {"image_bytes": {"b64": base64.b64encode(data).decode()}} for data in requests
            ]
        }
    )
    signature = model.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    (output,) = signature.structured_outputs
    assert output.endswith("_bytes")
    decoded = [
        base64.b64decode(instance[name]["b64"], validate=True)
        for instance in json.loads(body)["instances"]
    ]
    results = signature(**{name: tf.constant(decoded)})[output].numpy()
    response = json.dumps(
        {"predictions": [{"b64": base64.b64encode(result).decode()} for result in results]}
    )
    answers = [base64.b64decode(p["b64"]) for p in json.loads(response)["predictions"]]
    assert_answers(network, requests, answers)


def test_the_grpc_interface_carries_it(network, model, requests, photo):
    predict_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.predict_pb2", reason="tensorflow-serving-api is not installed"
    )
    for name, value in (("serving_default", requests), ("pixels", photo()[None])):
        signature = model.signatures[name]
        (key,) = signature.structured_input_signature[1]
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "starry_night"
        request.model_spec.signature_name = name
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
        received = predict_pb2.PredictRequest.FromString(request.SerializeToString())
        inputs = {k: tf.constant(tf.make_ndarray(v)) for k, v in received.inputs.items()}
        response = predict_pb2.PredictResponse()
        for k, v in model.signatures[received.model_spec.signature_name](**inputs).items():
            response.outputs[k].CopyFrom(tf.make_tensor_proto(v))
        if name == "serving_default":
            answers = tf.make_ndarray(response.outputs["stylized_bytes"])
            assert_answers(network, requests, answers)
        else:
            stylized = tf.make_ndarray(response.outputs["stylized"])
            expected = Stylizer(network)(photo()[None]).astype(int)
            assert np.abs(stylized - expected).max() <= 1
