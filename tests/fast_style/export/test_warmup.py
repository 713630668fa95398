"""Warm-up requests, read back with the messages of tensorflow-serving-api."""

import numpy as np
import pytest
import tensorflow as tf

from fast_style.export import warmup

REQUESTS = [
    ("serving_default", {"image_bytes": [b"\xff\xd8" * 300]}),
    ("pixels", {"pixels": np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)}),
]


def records(path):
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path / warmup.PATH))]


def test_the_records_are_prediction_logs(tmp_path):
    prediction_log_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2",
        reason="tensorflow-serving-api is not installed",
    )
    warmup.write(str(tmp_path), "starry_night", REQUESTS)
    found = records(tmp_path)
    assert len(found) == len(REQUESTS)
    for record, (signature, inputs) in zip(found, REQUESTS, strict=True):
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "starry_night"
        assert request.model_spec.signature_name == signature
        assert set(request.inputs) == set(inputs)
        for name, value in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[name]), value)
        # No field is unknown to the message, none is missing.
        assert log.SerializeToString(deterministic=True) == record


def test_it_lies_where_tensorflow_serving_looks(tmp_path):
    warmup.write(str(tmp_path), "m", REQUESTS)
    assert (tmp_path / "assets.extra" / "tf_serving_warmup_requests").is_file()
    assert len(records(tmp_path)) == 2
