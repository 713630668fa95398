"""Seconds and peak memory for one image on TensorFlow, with and without XLA, and in bfloat16.

    python -m benchmarks.inference_speed CHECKPOINT

Each size and variant runs in a process of its own, in turns; the first pass (tracing, compiling) is
told apart from the later ones.
"""

import statistics
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

from benchmarks import machine

SIZES = ["256x256", "512x512", "1024x1024", "1920x1080"]

flags.DEFINE_list("sizes", SIZES, "WIDTHxHEIGHT, pixels.")
flags.DEFINE_integer("passes", 5, "Measured passes in each process.")
flags.DEFINE_integer("rounds", 2, "Processes for each size and variant.")
VARIANTS = ("tf.function", "XLA", "tf.function, bfloat16")
flags.DEFINE_enum("child", None, VARIANTS, "Measure one variant (used inside).")


def _child(prefix, size, variant):
    """Prints seconds to load, of the first pass, of later passes, and peak memory in MiB."""
    from fast_style.painting.stylizer import Stylizer

    width, height = map(int, size.split("x"))
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    times = [time.perf_counter()]
    precision = "bfloat16" if "bfloat16" in variant else "float32"
    stylizer = Stylizer.load(prefix, variant == "XLA", "tensorflow", tile=0, precision=precision)
    times.append(time.perf_counter())
    for _ in range(1 + flags.FLAGS.passes):
        stylizer(image)
        times.append(time.perf_counter())
    peak = machine.peak_memory()
    print("figures", *np.diff(times), peak)


def _run_child(prefix, size, variant):
    command = [sys.executable, "-m", "benchmarks.inference_speed", prefix]
    command += [f"--sizes={size}", f"--child={variant}", f"--passes={flags.FLAGS.passes}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in output.splitlines() if line.startswith("figures"))
    return [float(figure) for figure in line.split()[1:]]


def main(argv):
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    values = flags.FLAGS
    if values.child:
        _child(argv[1], values.sizes[0], values.child)
        return
    print(machine.describe())
    rows = []
    for size in values.sizes:
        figures = {variant: [] for variant in VARIANTS}
        for _ in range(values.rounds):
            for variant, runs in figures.items():
                runs.append(_run_child(argv[1], size, variant))
        medians = {}
        for variant, runs in figures.items():
            passes = [seconds for run in runs for seconds in run[2:-1]]
            medians[variant] = statistics.median(passes)
            rows.append(
                (
                    size,
                    variant,
                    machine.spread(passes),
                    f"{medians[variant] / medians['tf.function']:.2f}",
                    f"{statistics.median(run[1] for run in runs):.2f}",
                    f"{statistics.median(run[-1] for run in runs):,.0f}",
                )
            )
    machine.table(
        ("size", "variant", "s, median (min)", "of tf.function", "first pass, s", "peak MiB"),
        rows,
    )


if __name__ == "__main__":
    app.run(main)
