"""Photographs per second from the training pipeline, with and without a cache.

    python -m benchmarks.photos_speed PHOTOS

Each round reads an epoch three ways in turns, once the caches are filled; nothing is trained.
"""

import os
import tempfile
import time

from absl import app, flags

from benchmarks import machine
from data.cache import MEMORY, make_cache
from data.photos import Photos

flags.DEFINE_integer("image_size", 256, "Side of the crops, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a batch.")
flags.DEFINE_integer("rounds", 3, "Measured epochs of each.")


def _epoch(photos):
    """Seconds for each photograph, over an epoch."""
    batches = max(len(photos) // photos.batch_size, 1)
    began = time.perf_counter()
    for _ in photos.batches().take(batches):
        pass
    return (time.perf_counter() - began) / (batches * photos.batch_size)


def main(argv):
    values = flags.FLAGS
    if len(argv) != 2:
        raise app.UsageError("PHOTOS is expected")
    print(machine.describe())
    with tempfile.TemporaryDirectory() as folder:
        caches = {
            "none": None,
            "memory": make_cache(MEMORY),
            "folder": make_cache(os.path.join(folder, "cache")),
        }
        sources = {
            name: Photos(argv[1], values.image_size, values.batch_size, cache=cache)
            for name, cache in caches.items()
        }
        for photos in sources.values():
            _epoch(photos)
        measured = {name: [] for name in sources}
        for _ in range(values.rounds):
            for name, photos in sources.items():
                measured[name].append(_epoch(photos))
    plain = min(measured["none"])
    machine.table(
        ("cache", "ms/photograph, median (min)", "photographs/s", "of none"),
        [
            (
                name,
                machine.spread([1000 * seconds for seconds in found]),
                f"{1 / min(found):.0f}",
                f"{min(found) / plain:.2f}",
            )
            for name, found in measured.items()
        ],
    )


if __name__ == "__main__":
    app.run(main)
