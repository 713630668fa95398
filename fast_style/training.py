"""Training an image transformation network (Johnson et al. 2016, section 4)."""

import contextlib
import dataclasses
import os
import platform
import time

import keras
import numpy as np
import tensorflow as tf

from fast_style import checkpoint
from fast_style.inference import Stylizer
from fast_style.run_checkpoints import RunCheckpoints, differences
from fast_style.summaries import Summaries
from fast_style.tasks import StyleTask

DONE = "ckpt-done"


class TrainingDiverged(ArithmeticError):
    """The loss became NaN or infinite."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run is, handed to the callback after each step.

    Attributes:
        step, steps: steps done and wanted.
        losses: dict of floats: "total", the task's parts such as "content", and by layer.
        images_per_second: of the latest steps.
        seconds: that this step took, waiting included.
        waiting: seconds that it waited for its photographs.
    """

    step: int
    steps: int
    losses: dict
    images_per_second: float
    seconds: float
    waiting: float


class TaskTrainer:
    """Trains one network and keeps its checkpoints.

    Args:
        task: what it is trained for, one of `fast_style.tasks`.
        photos: `data.photos.Photos`, made with the settings' image_size, batch_size and seed, and
            what the task needs.
        checkpoint_dir: folder of the checkpoints and of log/; made if missing.
        photos_name: how the network's description names the photographs.
        validation_images: list of uint8 RGB `[H, W, 3]`, shown in TensorBoard at each save.
        save_every: steps from checkpoint to checkpoint.
        log_every: steps from summary to summary.
        keep: number of checkpoints that are kept.
        jit_compile: bool, whether XLA compiles the training step.
        resume: whether to go on from the last checkpoint in `checkpoint_dir`; if not, an earlier
            run's checkpoints are moved into checkpoint_dir/previous-N.

    Raises:
        ValueError: settings that do not fit each other or the run to resume.
        FileNotFoundError: missing VGG weights or `init_from`.
        OSError: `checkpoint_dir` can't be written.
    """

    def __init__(
        self,
        task,
        photos,
        checkpoint_dir="checkpoints",
        photos_name="photographs",
        validation_images=(),
        save_every=500,
        log_every=50,
        keep=3,
        jit_compile=False,
        resume=True,
    ):
        for name, value in (("save_every", save_every), ("log_every", log_every), ("keep", keep)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1; received {value}")
        self.task = task
        self.settings = task.settings
        self.checkpoint_dir = os.fspath(checkpoint_dir)
        self.save_every = save_every
        self.log_every = log_every
        self._photos = photos
        self._photos_name = photos_name

        checkpoint.prepare_folder(self.checkpoint_dir)
        keras.utils.set_random_seed(self.settings.seed)
        with _layer_precision(self.settings.mixed_precision):
            self.network, self._origin = task.initial_network()
            task.setup()
        self.optimizer = keras.optimizers.Adam(_learning_rate(self.settings))
        self.optimizer.build(self.network.trainable_variables)
        self._step = tf.Variable(0, dtype=tf.int64)
        self._position = tf.Variable(0, dtype=tf.int64)
        self._train_step = tf.function(self._make_step(), jit_compile=jit_compile)
        self._part_names = []

        self.set_aside = None if resume else checkpoint.set_aside(self.checkpoint_dir)
        self._checkpoints = RunCheckpoints(
            self.checkpoint_dir,
            keep,
            network=self.network,
            optimizer=self.optimizer,
            step=self._step,
            position=self._position,
        )
        self._checkpoints.restore(self.describe())
        self._validation_images = list(validation_images)
        self._stylizer = Stylizer(self.network)

    @property
    def step(self):
        """Number of steps done."""
        return int(self._step.numpy())

    @property
    def done_prefix(self):
        """Prefix of the network that a finished run leaves."""
        return os.path.join(self.checkpoint_dir, DONE)

    def run(self, callback=None, should_stop=None):
        """Trains until the settings' number of steps is reached.

        Args:
            callback: called with a `Progress` after each step.
            should_stop: called after each step; once it returns True, the run saves and ends.

        Returns:
            bool: whether the run is finished; if so, `done_prefix` holds the network.

        Raises:
            TrainingDiverged: the loss is no longer finite; the last checkpoint is kept.
            ValueError: no photograph can be read any longer.
            OSError: a checkpoint can't be written.
        """
        summaries = Summaries(
            os.path.join(self.checkpoint_dir, "log"), self._validation_images, self.task.pictures
        )
        try:
            summaries.settings(self.describe(), self.step)
            stopped = self._run(summaries, callback, should_stop)
        finally:
            summaries.close()
        if stopped:
            return False
        self._finish()
        return True

    def _run(self, summaries, callback, should_stop):
        """The training loop; returns whether it was stopped before its end."""
        settings = self.settings
        batches = iter(self._photos.batches(int(self._position.numpy())))
        first, seconds = self.step + 1, 0.0
        for step in range(first, settings.steps + 1):
            started = time.perf_counter()
            try:
                batch, position = next(batches)
            except tf.errors.OpError as error:
                raise self._photos.explain(error) from error
            waiting = time.perf_counter() - started
            losses = self._losses(self._train_step(batch))
            took = time.perf_counter() - started
            if not np.isfinite(losses["total"]):
                raise TrainingDiverged(
                    f"the loss is {losses['total']} at step {step}; the last good checkpoint is "
                    f"{self._checkpoints.latest or 'none'}; try a lower --learning_rate"
                    + (self.task.weights and f", {self.task.weights}")
                )
            self._step.assign(step)
            self._position.assign(position)
            # The first step compiles; later ones are averaged over about ten.
            seconds = took if step < first + 2 else 0.9 * seconds + 0.1 * took
            progress = Progress(
                step, settings.steps, losses, settings.batch_size / seconds, took, waiting
            )
            stop = should_stop is not None and should_stop()
            if step % self.log_every == 0 or step in (1, settings.steps):
                summaries.scalars(
                    step,
                    {
                        **{f"loss/{name}": value for name, value in losses.items()},
                        "speed/images per second": progress.images_per_second,
                        "photographs skipped": self._photos.skipped,
                    },
                )
            if step % self.save_every == 0 or step == settings.steps or stop:
                self._checkpoints.save(step, self.describe())
                summaries.pictures(step, lambda photo: self.task.preview(photo, self._stylizer))
            if callback is not None:
                callback(progress)
            if stop and step < settings.steps:
                return True
        return False

    def _make_step(self):
        """The function of one training step: a batch of uint8 images to a vector of losses."""

        def train_step(batch):
            inputs, targets = self.task.prepare(batch)
            with tf.GradientTape() as tape:
                outputs = self.network(inputs, training=True)
                total, parts = self.task.loss(outputs, targets)
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(total, variables), variables)
            self._part_names = ["total", *parts]
            return tf.stack([total, *parts.values()])

        return train_step

    def _losses(self, vector):
        return dict(zip(self._part_names, vector.numpy().tolist(), strict=True))

    def describe(self):
        """The JSON that belongs to the network as it is now (dict)."""
        task = self.task.describe()
        photos = {"photos": self._photos_name, "photos_found": len(self._photos)}
        return {
            **checkpoint.description_of(self.network),
            "step": self.step,
            **task,
            "training": {**task["training"], **photos},
            "init_from": self._origin,
            "versions": {
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "numpy": np.__version__,
            },
        }

    def _finish(self):
        """Writes `ckpt-done`; one that came from another run is moved aside first."""
        description = self.describe()
        try:
            present = checkpoint.read_description(self.done_prefix)
        except (FileNotFoundError, checkpoint.CheckpointError):
            present = None
        if present is not None and differences(present, description):
            self.set_aside = checkpoint.set_aside(self.checkpoint_dir, DONE)
        checkpoint.save_network(self.network, self.done_prefix, description)


def _learning_rate(settings):
    """What Adam takes: a number or a schedule."""
    if settings.learning_rate_schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    return settings.learning_rate


@contextlib.contextmanager
def _layer_precision(mixed):
    """Layers made inside compute in bfloat16 with float32 variables, if `mixed`."""
    before = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Trainer(TaskTrainer):
    """Trains a network for one painting: a `TaskTrainer` of a `StyleTask`.

    Args:
        settings: `TrainingSettings`.
        style_image: uint8 RGB `[H, W, 3]`, the painting.
        photos: `data.photos.Photos`, made with the settings' image_size, batch_size, seed, zoom.
        style_name: how the network's description names the painting.
        **options: of `TaskTrainer`.

    Raises:
        ValueError: a painting too small for the layers of the losses; else as `TaskTrainer`.
    """

    def __init__(self, settings, style_image, photos, style_name="style", **options):
        super().__init__(StyleTask(settings, style_image, style_name), photos, **options)
