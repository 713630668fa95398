"""Peak memory of a pass for each pixel: the whole network, and one segment on a band.

    python -m benchmarks.pass_memory CHECKPOINT

For each runtime an image is painted at once in two sizes, and a larger one in bands of two heights,
each in a process of its own. Printed is the difference of the peaks of resident memory over the
difference in pixels of the image or of a band, which leaves out all that does not depend on them.
`bytes_per_pixel` and `bytes_per_band_pixel` of the runtimes are these figures at width 32 and a
margin.
"""

import json
import sys

import numpy as np
from absl import app, flags

from benchmarks import interpreters, machine

flags.DEFINE_list(
    "sides", ["512", "1024"], "Two sides of the square image painted at once, pixels."
)
flags.DEFINE_list("rows", ["128", "256"], "Two heights of bands, pixels; --side divides by both.")
flags.DEFINE_integer("side", 2048, "Side of the square image painted in bands, pixels.")
flags.DEFINE_integer("rounds", 2, "Processes for each figure.")
flags.DEFINE_list("runtimes", ["openvino", "tensorflow"], "What the network runs on.")
flags.DEFINE_list("child", None, "Measure one of them: SIDE,ROWS (used inside).")


def _child(prefix, runtime, side, rows):
    """Prints the peak of this process, MiB; `rows` of 0 paints the image at once."""
    from fast_style.painting.stylizer import Stylizer

    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    stylizer = Stylizer.load(prefix, runtime=runtime, tile=rows)
    for _ in range(2):  # the second finds the buffers of the first
        stylizer(image)
    print(json.dumps(machine.peak_memory()))


def _peak(prefix, runtime, side, rows):
    """Of several processes, the highest peak: memory has to suffice for it."""
    options = (f"--runtimes={runtime}", f"--child={side},{rows}")
    return max(
        interpreters.run_child(sys.executable, "benchmarks.pass_memory", prefix, *options)
        for _ in range(flags.FLAGS.rounds)
    )


def main(argv):
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    values = flags.FLAGS
    if values.child:
        _child(argv[1], values.runtimes[0], *map(int, values.child))
        return
    small, large = sorted(map(int, values.sides))
    low, high = sorted(map(int, values.rows))
    if small == large or low == high or values.side % low or values.side % high:
        raise app.UsageError(
            "two different --sides and --rows are expected, --rows dividing --side"
        )
    print(machine.processor())
    rows = []
    for runtime in values.runtimes:
        whole = [_peak(argv[1], runtime, side, 0) for side in (small, large)]
        bands = [_peak(argv[1], runtime, values.side, rows) for rows in (low, high)]
        each = (
            2**20 * np.diff(whole)[0] / (large**2 - small**2),
            2**20 * np.diff(bands)[0] / (values.side * (high - low)),
        )
        peaks = (f"{peak:,.0f}" for peak in (*whole, *bands))
        rows.append((runtime, *peaks, *(f"{value:,.0f}" for value in each)))
    header = (
        *("runtime", *(f"{side} x {side}, MiB" for side in (small, large))),
        *(f"bands of {height}, MiB" for height in (low, high)),
        *("bytes/pixel", "bytes/band pixel"),
    )
    machine.table(header, rows)


if __name__ == "__main__":
    app.run(main)
