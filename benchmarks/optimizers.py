"""How far each optimizer brings a network in so many steps.

    python -m benchmarks.optimizers STYLE PHOTOS --vgg_weights=PATH --runs=adam:0.001,muon:0.01

Each of --runs, an optimizer and its learning rate, trains a network from the same initial weights
on the same crops, the learning rate along a cosine to 0, and the total loss after every
--print_every steps is printed, a mean over the last --smoothing ones. --picture shows what the
networks make of --paint.
"""

import statistics

from absl import app, flags

from benchmarks import machine, runs
from fast_style import images
from fast_style.painting.stylizer import Stylizer
from fast_style.training.settings import TrainingSettings
from gatys.figures.drawing import grid

_RUNS = ["adam:0.001", "adam:0.005", "muon:0.005", "muon:0.01"]

flags.DEFINE_list("runs", _RUNS, "Optimizers with their learning rates.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer("steps", 250, "Steps of each run.", lower_bound=1)
flags.DEFINE_integer("image_size", 128, "Side of the crops, pixels.")
flags.DEFINE_integer("style_size", 384, "Long side of the painting, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a step.")
flags.DEFINE_integer("print_every", 50, "Steps between the losses that are printed.", lower_bound=1)
flags.DEFINE_integer("smoothing", 20, "Steps over which a loss is averaged.", lower_bound=1)
flags.DEFINE_list("paint", ["img/chelsea.jpg", "img/coffee.jpg"], "Photographs of --picture.")
flags.DEFINE_string("picture", None, "File for a picture of painted photographs.")


def _settings(run):
    values = flags.FLAGS
    optimizer, _, learning_rate = run.partition(":")
    try:
        learning_rate = float(learning_rate)
    except ValueError as error:
        raise app.UsageError(f"--runs wants optimizer:learning rate, received {run!r}") from error
    return TrainingSettings(
        steps=values.steps,
        image_size=values.image_size,
        style_size=values.style_size,
        batch_size=values.batch_size,
        optimizer=optimizer,
        learning_rate=learning_rate,
        learning_rate_schedule="cosine",
        vgg_weights=values.vgg_weights,
    )


def main(argv):
    values = flags.FLAGS
    if len(argv) != 3:
        raise app.UsageError("STYLE and PHOTOS are expected")
    each = [_settings(run) for run in values.runs]
    style = images.read(argv[1])
    photos = []
    if values.picture:
        images.check_writable(values.picture)
        photos = [images.fit(images.read(path), 300) for path in values.paint]
    columns = [photos]
    print(machine.describe())
    steps = [*range(values.print_every, values.steps, values.print_every), values.steps]
    rows = []
    for settings in each:
        progress, network = runs.train(settings, style, argv[2])
        losses = [one.losses["total"] for one in progress]
        seconds = statistics.median(one.seconds for one in progress)
        means = [statistics.mean(losses[max(step - values.smoothing, 0) : step]) for step in steps]
        columns.append(list(map(Stylizer(network), photos)))
        rows.append(
            (
                settings.optimizer,
                settings.learning_rate,
                *(f"{mean:.3g}" for mean in means),
                f"{seconds:.2f}",
            )
        )
    header = ("optimizer", "learning rate", *(f"step {step}" for step in steps), "s/step")
    machine.table(header, rows)
    if values.picture:
        labels = ["", *(run.replace(":", " ") for run in values.runs)]
        images.save(values.picture, grid(list(zip(*columns, strict=True)), labels))


if __name__ == "__main__":
    app.run(main)
