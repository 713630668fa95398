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

flags.DEFINE_integer("passes", 3, "Measured passes of each.")


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


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("CHECKPOINT and PHOTO are expected")
    from benchmarks import machine

    machine.check_installed("ai_edge_litert", "tf2onnx", "onnxruntime")
    from fast_style import images
    from fast_style.checkpoints import store
    from fast_style.export import formats
    from fast_style.painting.stylizer import Stylizer

    network, _ = store.load_network(argv[1])
    pixels = images.read(argv[2])[None]
    rows = []
    expected = None

    def measure(name, run, size):
        nonlocal expected
        seconds = []
        for _ in range(1 + flags.FLAGS.passes):
            started = time.perf_counter()
            stylized = np.asarray(run(pixels))
            seconds.append(time.perf_counter() - started)
        expected = stylized if expected is None else expected
        off = np.abs(stylized.astype(int) - expected)
        median = statistics.median(seconds[1:])
        rows.append((name, off.max(), f"{off.mean():.4f}", f"{size / 1e6:.2f}", f"{median:.2f}"))

    print(machine.describe())
    weights = f"{argv[1]}.data-00000-of-00001"
    measure("TensorFlow", Stylizer(network), os.path.getsize(weights))
    with tempfile.TemporaryDirectory() as folder:
        for quantize in formats.QUANTIZATIONS:
            path = os.path.join(folder, f"{quantize}.tflite")
            formats.write_tflite(network, path, quantize)
            measure(f"TFLite {quantize}", _tflite(path), os.path.getsize(path))
        path = os.path.join(folder, "model.onnx")
        formats.write_onnx(network, path)
        measure("ONNX", _onnx(path), os.path.getsize(path))
    machine.table(("format", "largest difference", "mean difference", "MB", "s"), rows)


if __name__ == "__main__":
    app.run(main)
