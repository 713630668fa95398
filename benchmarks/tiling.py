"""Bands beside the whole image, and beside statistics from a thumbnail.

    python -m benchmarks.tiling CHECKPOINT PHOTO [PHOTO ...]

Prints mean and largest difference in steps of 255 from the picture painted at once, and seconds,
for bands with the image's own statistics, with those of a thumbnail (Chen et al. 2022), and for
bands painted each by itself; writes the differences, amplified, as pictures.
"""

import os
import statistics
import time

import numpy as np
from absl import app, flags

from benchmarks import machine
from fast_style import images
from fast_style.painting import bands, runtimes

flags.DEFINE_enum("runtime", "auto", runtimes.RUNTIMES, "What the network runs on.")
flags.DEFINE_string("size", "2048x1536", "WIDTHxHEIGHT to which the photographs are resized.")
flags.DEFINE_integer("tile", 64, "Height of the bands, pixels.")
flags.DEFINE_integer("rounds", 3, "Measurements at once and in bands, in turns.")
flags.DEFINE_list("thumbnails", ["512", "1024"], "Long sides of thumbnails, pixels.")
flags.DEFINE_string("output", "generated/tiling", "Folder for the pictures.")
flags.DEFINE_float("amplify", 16, "Factor of the differences in them.")


def _variants(runtime, photo, rows):
    """Yields names and pictures."""
    yield "own statistics", bands.paint(runtime, photo, rows)
    for size in map(int, flags.FLAGS.thumbnails):
        statistics = bands.measure(runtime, images.fit(photo, size), size)
        yield f"thumbnail {size}", bands.paint(runtime, photo, rows, statistics=statistics)
    parts = [photo[start : start + rows] for start in range(0, len(photo), rows)]
    yield "each by itself", np.concatenate([runtime.paint(part[None])[0] for part in parts])


def _compared(runtime, photo, rows):
    """The picture painted at once, its seconds, and the time of bands as a multiple of them.

    Both are painted in turns; medians.
    """
    found = {"whole": [], "bands": []}
    for _ in range(flags.FLAGS.rounds):
        runtime.prepare()
        started = time.perf_counter()
        whole = runtime.paint(photo[None])[0]
        found["whole"].append(time.perf_counter() - started)
        runtime.release()
        started = time.perf_counter()
        bands.paint(runtime, photo, rows)
        found["bands"].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in found.items()}
    return whole, medians["whole"], medians["bands"] / medians["whole"]


def main(argv):
    if len(argv) < 3:
        raise app.UsageError("CHECKPOINT and photographs are expected")
    values = flags.FLAGS
    width, height = map(int, values.size.split("x"))
    runtime, _ = runtimes.load(argv[1], values.runtime)
    rows = []
    for path in argv[2:]:
        photo = images.resize(images.read(path), height, width)
        name = os.path.splitext(os.path.basename(path))[0]
        whole, seconds, ratio = _compared(runtime, photo, values.tile)
        rows.append((name, "none: at once", *("",) * 3, f"{seconds:.1f}", ""))
        rows.append((name, "own, measured beside it", *("",) * 3, "", f"{ratio:.2f}"))
        images.save(os.path.join(values.output, f"{name}.png"), whole)
        started = time.perf_counter()
        for variant, painted in _variants(runtime, photo, values.tile):
            seconds = time.perf_counter() - started
            difference = np.abs(painted.astype(np.int16) - whole)
            shown = np.clip(values.amplify * difference, 0, 255).astype(np.uint8)
            file = f"{name}-{variant.replace(' ', '_')}.png"
            images.save(os.path.join(values.output, file), shown)
            unlike = f"{(difference > 0).mean():.3%}"
            figures = (f"{difference.mean():.4f}", difference.max(), unlike, f"{seconds:.1f}")
            rows.append((name, variant, *figures, ""))
            started = time.perf_counter()
    print(f"{machine.processor()}, runtime {runtime.name}, bands of {values.tile} pixels")
    header = ("photograph", "bands with", "mean", "largest", "values that differ", "s", "ratio")
    machine.table(header, rows)


if __name__ == "__main__":
    app.run(main)
