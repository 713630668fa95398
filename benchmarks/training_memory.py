"""Memory of the training process over many steps: it must not grow.

    python -m benchmarks.training_memory STYLE PHOTOS --vgg_weights=PATH

Prints the resident memory at every 200th step of 2,000 at 64 x 64, with checkpoints, summaries and
pictures in between as in any run.
"""

import tempfile

from absl import app, flags

from benchmarks import machine
from data.photos import Photos
from fast_style import images
from fast_style.machine import resources
from fast_style.training.settings import TrainingSettings
from fast_style.training.trainer import Trainer

flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer("steps", 2000, "Steps.")
flags.DEFINE_integer("every", 200, "Steps between two measurements; growth counts from the first.")
flags.DEFINE_integer("image_size", 64, "Side of the crops, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a step.")


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("STYLE and PHOTOS are expected")
    values = flags.FLAGS
    style = images.read(argv[1])
    settings = TrainingSettings(
        steps=values.steps,
        image_size=values.image_size,
        batch_size=values.batch_size,
        vgg_weights=values.vgg_weights,
    )
    print(machine.describe())
    rows = []

    def measure(progress):
        if progress.step % values.every == 0:
            resident = resources.resident_memory() / 2**20
            first = rows[0][1] if rows else resident
            rows.append((progress.step, resident, resident - first))

    with tempfile.TemporaryDirectory() as checkpoint_dir:
        Trainer(
            settings,
            style,
            Photos(argv[2], settings.image_size, settings.batch_size),
            checkpoint_dir=checkpoint_dir,
            validation_images=[images.fit(style, 256)],
            save_every=values.every,
        ).run(measure)
    machine.table(
        ("step", "resident, MiB", f"since step {values.every}, MiB"),
        [(step, f"{resident:,.0f}", f"{growth:+,.0f}") for step, resident, growth in rows],
    )


if __name__ == "__main__":
    app.run(main)
