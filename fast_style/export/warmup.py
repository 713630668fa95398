"""Warm-up requests, which TensorFlow Serving sends to a network before the first real one.

They are in assets.extra/ of a SavedModel, as TFRecords of tensorflow.serving.PredictionLog. That
message comes with tensorflow-serving-api, which nothing else here needs; the few fields in use are
encoded here, as protocol buffers.
"""

import os

import tensorflow as tf

PATH = os.path.join("assets.extra", "tf_serving_warmup_requests")


def write(path, model_name, requests):
    """Writes the warm-up requests of a SavedModel.

    Args:
        path: folder of the SavedModel.
        model_name: name under which the model is served.
        requests: list of (signature name, dict of arrays by input name).
    """
    target = os.path.join(path, PATH)
    os.makedirs(os.path.dirname(target))
    with tf.io.TFRecordWriter(target) as writer:
        for signature, inputs in requests:
            writer.write(_prediction_log(model_name, signature, inputs))


def _prediction_log(model_name, signature, inputs):
    """PredictionLog{predict_log: PredictLog{request: PredictRequest}}, serialized."""
    # ModelSpec: name = 1, signature_name = 3
    spec = _field(1, model_name.encode()) + _field(3, signature.encode())
    request = _field(1, spec)  # PredictRequest: model_spec = 1, inputs = 2 (a map: key 1, value 2)
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))  # PredictionLog: predict_log = 6; PredictLog: request = 1


def _field(number, payload):
    """A field of bytes: tag (wire type 2), length, payload."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value):
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes(encoded) + bytes([value])
