"""Seconds per training step, images per second, and the time spent waiting for photographs.

    python -m benchmarks.training_speed STYLE PHOTOS --vgg_weights=PATH

Trains with and without XLA in turns, at 128 and 256 pixels. The photographs are first written
as JPEG of 640 x 480, COCO's size.
"""

import os
import statistics
import tempfile

from absl import app, flags

from benchmarks import machine
from data import images
from data.photos import Photos
from fast_style.settings import TrainingSettings
from fast_style.training import Trainer

flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_list("sizes", ["128", "256"], "Sides of the crops, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a step.")
flags.DEFINE_integer("steps", 10, "Measured steps of each round.")
flags.DEFINE_integer("rounds", 2, "Rounds of each variant.")
flags.DEFINE_integer("photographs", 64, "Number of photographs.")

WARM_UP = 3  # steps that trace, compile and fill caches


def _measure(style, folder, size, jit_compile):
    """Seconds, and seconds spent waiting, of each step but the first few."""
    values = flags.FLAGS
    settings = TrainingSettings(
        steps=WARM_UP + values.steps,
        image_size=size,
        batch_size=values.batch_size,
        vgg_weights=values.vgg_weights,
    )
    seen = []
    with tempfile.TemporaryDirectory() as checkpoint_dir:
        trainer = Trainer(
            settings,
            style,
            Photos(folder, size, values.batch_size),
            checkpoint_dir=checkpoint_dir,
            save_every=settings.steps,
            log_every=settings.steps,
            jit_compile=jit_compile,
        )
        trainer.run(seen.append)
    return [(progress.seconds, progress.waiting) for progress in seen[WARM_UP:]]


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("STYLE and PHOTOS are wanted")
    style = images.read(argv[1])
    print(machine.describe())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(images.find(argv[2])[: flags.FLAGS.photographs]):
            photo = images.resize(images.read(path), 480, 640)
            images.save(os.path.join(folder, f"{number}.jpg"), photo)
        for size in map(int, flags.FLAGS.sizes):
            measured = {False: [], True: []}
            for _ in range(flags.FLAGS.rounds):
                for jit_compile, steps in measured.items():
                    steps += _measure(style, folder, size, jit_compile)
            plain = statistics.median(seconds for seconds, _ in measured[False])
            for jit_compile, steps in measured.items():
                seconds = [seconds for seconds, _ in steps]
                waited = sum(waiting for _, waiting in steps) / sum(seconds)
                rows.append(
                    (
                        size,
                        "XLA" if jit_compile else "tf.function",
                        machine.spread(seconds),
                        f"{flags.FLAGS.batch_size / statistics.median(seconds):.1f}",
                        f"{statistics.median(seconds) / plain:.2f}",
                        f"{waited:.2%}",
                    )
                )
    machine.table(
        ("crop", "step", "s/step, median (min)", "images/s", "of tf.function", "waiting"), rows
    )


if __name__ == "__main__":
    app.run(main)
