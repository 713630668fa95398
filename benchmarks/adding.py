"""How soon a network of several styles has learned one more painting.

    python -m benchmarks.adding CHECKPOINT PAINTING PHOTOS PHOTO [PHOTO ...] [--vgg_weights=PATH]

Adds PAINTING to the network for --seconds of training, then trains a whole network for it alone in
--times as many. Prints the total loss, a mean over the photographs named last, after so many
seconds of either, and after how many the added row was within 10 % of what the whole network
reached. Only the steps count: neither compiling nor the evaluations.
"""

import statistics
import tempfile
import time

from absl import app, flags

from benchmarks import machine, trained_losses
from data.photos import Photos
from fast_style import images
from fast_style.images.grid import grid
from fast_style.losses.loss_settings import LossSettings
from fast_style.painting.stylizer import Stylizer
from fast_style.training.added_style_task import AddedStyleTask
from fast_style.training.paintings import read_paintings
from fast_style.training.settings import TrainingSettings
from fast_style.training.style_task import StyleTask
from fast_style.training.trainer import TaskTrainer
from gatys.objective import batch

_MANY = 10**9  # steps: the seconds end the run
_WARMING = 3  # steps that compile, which do not count

flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_float("seconds", 60, "Of training the added row.", lower_bound=1)
flags.DEFINE_float("times", 20, "As many seconds for the whole network.", lower_bound=1)
flags.DEFINE_integer("marks", 12, "Evaluations of each run, spread evenly.", lower_bound=2)
flags.DEFINE_integer("image_size", 192, "Side of the crops, pixels.")
flags.DEFINE_integer("evaluation_size", 256, "Long side of the evaluated photographs, pixels.")
flags.DEFINE_float("learning_rate", 0.01, "Of Muon, constant.")
flags.DEFINE_float("tv_weight", LossSettings().tv_weight, "Weight of the total variation loss.")
flags.DEFINE_string("picture", None, "File for a picture: photographs, by the row, by the network.")


class Run:
    """Trains for some seconds, and evaluates the network now and then."""

    def __init__(self, make_task, folder, seconds, photos):
        values = flags.FLAGS
        settings = TrainingSettings(
            steps=_MANY,
            image_size=values.image_size,
            optimizer="muon",
            learning_rate=values.learning_rate,
            vgg_weights=values.vgg_weights,
            losses=LossSettings(tv_weight=values.tv_weight),
        )
        self._photos, self._seconds = photos, seconds
        self._task = make_task(settings)
        self._folder = folder
        self.history = []  # pairs of seconds and loss

    def __call__(self, painting):
        """Trains; `painting` is the path, for the loss. Returns the painted photographs."""
        values = flags.FLAGS
        crops = Photos(self._folder, values.image_size, self._task.settings.batch_size)
        with tempfile.TemporaryDirectory() as folder:
            trainer = TaskTrainer(self._task, crops, folder, save_every=_MANY, log_every=_MANY)
            metadata = trainer.metadata()
            name = metadata["styles"][-1]["name"] if "styles" in metadata else None
            self._loss = trained_losses.load(metadata, painting, values.vgg_weights, name)
            self._number = len(metadata.get("styles", "1")) - 1
            self._stylizer, self._spent = Stylizer(trainer.network), 0.0
            self._evaluate()
            trainer.run(self._note, lambda: self._spent >= self._seconds)
            return self._paint()

    def _note(self, progress):
        if progress.step > _WARMING:
            self._spent += progress.seconds
        if self._spent >= len(self.history) * self._seconds / flags.FLAGS.marks:
            self._evaluate()

    def _paint(self):
        return [self._stylizer.in_styles(photo, [self._number])[0] for photo in self._photos]

    def _evaluate(self):
        losses = [
            float(self._loss(batch(painted), self._loss.content_targets(batch(photo)))[0])
            for photo, painted in zip(self._photos, self._paint(), strict=True)
        ]
        self.history.append((self._spent, statistics.mean(losses)))


def main(argv):
    if len(argv) < 5:
        raise app.UsageError("CHECKPOINT, PAINTING, PHOTOS and at least one PHOTO are expected")
    values = flags.FLAGS
    _, prefix, painting, folder, *paths = argv
    photos = [images.fit(images.read(path), values.evaluation_size) for path in paths]
    if values.picture:
        images.check_writable(values.picture)
    print(machine.describe())
    paintings = read_paintings(painting, images.MAX_PIXELS, stems=True)
    tasks = {
        "added row": lambda settings: AddedStyleTask(settings, paintings, prefix),
        "whole network": lambda settings: StyleTask(settings, paintings),
    }
    runs, rows = {}, [photos]
    for (name, make_task), times in zip(tasks.items(), (1, values.times), strict=True):
        started = time.perf_counter()
        runs[name] = Run(make_task, folder, times * values.seconds, photos)
        rows.append(runs[name](painting))
        print(f"{name}: {time.perf_counter() - started:.0f} s in all", flush=True)
    header = [name for run in runs for name in (f"{run}, s", "loss")]
    columns = [[(f"{s:.0f}", f"{loss:.3g}") for s, loss in run.history] for run in runs.values()]
    machine.table(header, [sum(pair, ()) for pair in zip(*columns, strict=False)])
    goal = 1.1 * runs["whole network"].history[-1][1]
    reached = [seconds for seconds, loss in runs["added row"].history if loss <= goal]
    when = f"after {reached[0]:.0f} s" if reached else f"not within {values.seconds:.0f} s"
    print(f"within 10 % of the whole network's last loss: {when}")
    if values.picture:
        images.save(values.picture, grid(rows, row_labels=["", *runs]))


if __name__ == "__main__":
    app.run(main)
