"""Pictures per second on OpenVINO: one at a time on all cores, in batches, and in streams.

    python -m benchmarks.streams CHECKPOINT [--sizes=256,512] [--precision=float32]

A stream is a picture of its own on a part of the cores, beside those of the other streams. The
ways alternate; medians of several rounds, and their ratios to one picture at a time.
"""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tqdm
from absl import app, flags

from benchmarks import machine
from fast_style.checkpoints import tensor_bundle
from fast_style.checkpoints.styles import choose
from fast_style.painting import openvino_devices, openvino_graph, precisions, quantization, segments

flags.DEFINE_list("sizes", ["256", "512"], "Sides of the pictures, pixels.")
flags.DEFINE_enum("precision", "float32", precisions.PRECISIONS[1:], "That of the network.")
flags.DEFINE_string("style", None, "Which style of a network of several.")
flags.DEFINE_integer("count", 16, "Pictures in a round.")
flags.DEFINE_integer("rounds", 5, "Rounds of each way.")
flags.DEFINE_integer("streams", os.cpu_count(), "Streams.")
flags.DEFINE_integer("batch", 4, "Pictures in a batch.")


class _Way:
    """Some streams, each of which takes batches of some pictures."""

    def __init__(self, model, architecture, streams=1, batch=1):
        options = openvino_devices.options(flags.FLAGS.precision) | {"NUM_STREAMS": streams}
        compiled = openvino_devices.core().compile_model(model, "CPU", options)
        self._requests = [compiled.create_infer_request() for _ in range(streams)]
        self._architecture, self._batch = architecture, batch

    def seconds(self, pictures):
        """Seconds in which all pictures, uint8 `[N, S, S, 3]`, are painted."""
        batches = [
            pictures[start : start + self._batch] for start in range(0, len(pictures), self._batch)
        ]
        started = time.perf_counter()
        with ThreadPoolExecutor(len(self._requests)) as pool:
            shares = [batches[n :: len(self._requests)] for n in range(len(self._requests))]
            list(pool.map(self._paint, self._requests, shares))
        return time.perf_counter() - started

    def _paint(self, request, batches):
        for batch in batches:
            request.infer([batch, segments.centres(self._architecture, batch)])


def main(argv):
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    values = flags.FLAGS
    architecture, arrays, metadata = tensor_bundle.load(argv[1])
    arrays, architecture = choose(arrays, architecture, metadata, argv[1], values.style)
    model = openvino_graph.whole(architecture, openvino_graph.folded(architecture, arrays))
    if values.precision == "int8":
        model = quantization.quantized(model, architecture)
    ways = {
        "one at a time": _Way(model, architecture),
        f"batches of {values.batch}": _Way(model, architecture, batch=values.batch),
        f"{values.streams} streams": _Way(model, architecture, streams=values.streams),
    }
    print(f"{machine.processor()}; {values.precision}")
    rows = []
    for size in map(int, values.sizes):
        shape = (values.count, size, size, 3)
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        found = {name: [] for name in ways}
        for _ in tqdm.tqdm(range(1 + values.rounds), unit="round", leave=False):
            for name, way in ways.items():
                found[name].append(way.seconds(pictures))
        medians = {name: statistics.median(seconds[1:]) for name, seconds in found.items()}
        for name, seconds in medians.items():
            rate = medians["one at a time"] / seconds
            rows.append((size, name, f"{values.count / seconds:.2f}", f"{rate:.2f}"))
    machine.table(("side", "way", "pictures/s", "to one at a time"), rows)


if __name__ == "__main__":
    app.run(main)
