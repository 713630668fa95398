"""Photographs per second over a folder, end to end, and the network's share of the time.

    python -m benchmarks.folder_speed CHECKPOINT [PHOTOS]

Without PHOTOS, a folder, photographs are made of noise and shapes. eval.py itself is run, so
starting and loading count, and are told apart.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags

from benchmarks import machine
from fast_style import images
from fast_style.painting import runtimes

flags.DEFINE_integer("count", 100, "Photographs.")
flags.DEFINE_string("size", "592x424", "WIDTHxHEIGHT, about a quarter of a megapixel.")
flags.DEFINE_enum("runtime", "auto", runtimes.RUNTIMES, "What the network runs on.")


def _photographs(given, folder):
    """Writes the photographs as JPEG files."""
    width, height = map(int, flags.FLAGS.size.split("x"))
    rng = np.random.default_rng(0)
    found = images.find(given) if given else []
    for number in range(flags.FLAGS.count):
        if found:
            photo = images.read(found[number % len(found)])
        else:
            photo = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        photo = images.resize(photo, height, width)
        images.save(os.path.join(folder, f"{number:04}.jpg"), photo)


def main(argv):
    if len(argv) not in (2, 3):
        raise app.UsageError("CHECKPOINT is expected, and at most one folder")
    with tempfile.TemporaryDirectory() as folder:
        photos = os.path.join(folder, "photos")
        os.mkdir(photos)
        _photographs(argv[2] if len(argv) == 3 else None, photos)
        command = [sys.executable, "eval.py", photos, argv[1]]
        command += ["--output", os.path.join(folder, "out"), f"--runtime={flags.FLAGS.runtime}"]
        started = time.perf_counter()
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        wall = time.perf_counter() - started
    network = sum(map(float, re.findall(r"\.jpg: ([\d.]+) s", text)))
    loading = float(re.search(r"loading the network took ([\d.]+) s", text)[1])
    count = flags.FLAGS.count
    print(machine.processor())
    machine.table(
        ("images", "wall, s", "images/s", "network, s", "share", "loading, s", "of the rest"),
        [
            (
                count,
                f"{wall:.1f}",
                f"{count / wall:.2f}",
                f"{network:.1f}",
                f"{network / wall:.1%}",
                f"{loading:.2f}",
                f"{network / (wall - loading):.1%}",
            )
        ],
    )


if __name__ == "__main__":
    app.run(main)
