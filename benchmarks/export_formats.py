"""Exported files beside TensorFlow: difference, size, seconds.

    python -m benchmarks.export_formats CHECKPOINT PHOTO

Each format is written from CHECKPOINT, run by its own runtime on PHOTO and compared with what
eval.py's runtime makes of it.
"""

import os
import statistics
import tempfile
import time

import numpy as np
from absl import app, flags

flags.DEFINE_integer("passes", 3, "Measured passes of each, alternating.")
flags.DEFINE_string("style", None, "Which style of a network of several.")


def _tflite(path):
    from ai_edge_litert import interpreter

    model = interpreter.Interpreter(path, num_threads=os.cpu_count())
    (given,), (result,) = model.get_input_details(), model.get_output_details()

    def run(pixels):
        model.resize_tensor_input(given["index"], pixels.shape)
        model.allocate_tensors()
        model.set_tensor(given["index"], pixels)
        model.invoke()
        return model.get_tensor(result["index"])

    return run


def _onnx(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {session.get_inputs()[0].name: pixels})[0]


def _openvino(path):
    import openvino

    model = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda pixels: model([pixels])[0]


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("CHECKPOINT and PHOTO are expected")
    from benchmarks import machine

    machine.check_installed("ai_edge_litert", "tf2onnx", "onnxruntime", "nncf")
    from fast_style import images
    from fast_style.checkpoints import store
    from fast_style.export import formats, openvino_file
    from fast_style.painting import quantization
    from fast_style.painting.stylizer import Stylizer

    network, _ = store.load_network(argv[1], "style", flags.FLAGS.style)
    pixels = images.read(argv[2])[None]
    photos = quantization.calibration_photos()
    # By name: how it is run, and its bytes.
    runs = {"TensorFlow": (Stylizer(network), os.path.getsize(f"{argv[1]}.data-00000-of-00001"))}
    with tempfile.TemporaryDirectory() as folder:
        for quantize in formats.QUANTIZATIONS:
            path = os.path.join(folder, f"{quantize}.tflite")
            formats.write_tflite(network, path, quantize)
            runs[f"TFLite {quantize}"] = _tflite(path), os.path.getsize(path)
        for quantize, calibration in (("float32", None), ("int8", photos)):
            path = os.path.join(folder, f"{quantize}.onnx")
            formats.write_onnx(network, path, calibration=calibration)
            runs[f"ONNX {quantize}"] = _onnx(path), os.path.getsize(path)
            path = os.path.join(folder, f"{quantize}.xml")
            openvino_file.write(network, path, calibration=calibration)
            size = os.path.getsize(path) + os.path.getsize(path[:-3] + "bin")
            runs[f"OpenVINO {quantize}"] = _openvino(path), size
        seconds = {name: [] for name in runs}
        stylized = {}
        for number in range(1 + flags.FLAGS.passes):
            for name, (run, _) in runs.items():
                started = time.perf_counter()
                stylized[name] = np.asarray(run(pixels)).astype(int)
                if number:
                    seconds[name].append(time.perf_counter() - started)
    print(machine.describe())
    rows = []
    for name, (_, size) in runs.items():
        off = np.abs(stylized[name] - stylized["TensorFlow"])
        median = statistics.median(seconds[name])
        rows.append((name, off.max(), f"{off.mean():.4f}", f"{size / 1e6:.2f}", f"{median:.2f}"))
    machine.table(("format", "largest difference", "mean difference", "MB", "s"), rows)


if __name__ == "__main__":
    app.run(main)
