"""How many steps a network that starts from a trained one saves.

    python -m benchmarks.fine_tuning STYLE PHOTOS --init_from=PREFIX --vgg_weights=PATH

Trains for a painting from scratch, then from the network of another painting, and prints after how
many steps each reaches the losses that the run from scratch has at some of its steps. Losses are
means over the last --smoothing steps.
"""

import numpy as np
from absl import app, flags

from benchmarks import machine, runs
from fast_style import images
from fast_style.training.settings import TrainingSettings

flags.DEFINE_string("init_from", "checkpoints/ckpt-done", "Prefix of the network to start from.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer("steps", 400, "Steps of each run.")
flags.DEFINE_integer("image_size", 128, "Side of the crops, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a step.")
flags.DEFINE_integer("smoothing", 20, "Steps over which a loss is averaged.")


def _losses(style, folder, init_from=""):
    """Smoothed total losses of a run; the first is that after --smoothing steps."""
    values = flags.FLAGS
    settings = TrainingSettings(
        steps=values.steps,
        image_size=values.image_size,
        batch_size=values.batch_size,
        vgg_weights=values.vgg_weights,
        init_from=init_from,
    )
    progress, _ = runs.train(settings, style, folder)
    losses = [one.losses["total"] for one in progress]
    window = np.full(values.smoothing, 1 / values.smoothing)
    return np.convolve(losses, window, "valid")


def main(argv):
    values = flags.FLAGS
    if len(argv) != 3:
        raise app.UsageError("STYLE and PHOTOS are expected")
    if not 1 <= values.smoothing <= values.steps:
        raise app.UsageError(f"--smoothing must be from 1 to --steps, received {values.smoothing}")
    style = images.read(argv[1])
    print(machine.describe())
    scratch = _losses(style, argv[2])
    tuned = _losses(style, argv[2], values.init_from)
    rows = []
    for part in (0.25, 0.5, 0.75, 1.0):
        step = max(round(part * values.steps), values.smoothing)
        reached = np.flatnonzero(tuned <= scratch[step - values.smoothing])
        needed = int(reached[0]) + values.smoothing if len(reached) else None
        rows.append(
            (
                step,
                f"{scratch[step - values.smoothing]:.4g}",
                needed or f"more than {values.steps}",
                f"{needed / step:.2f}" if needed else "-",
            )
        )
    machine.table(("steps from scratch", "total loss", "steps from a network", "share"), rows)


if __name__ == "__main__":
    app.run(main)
