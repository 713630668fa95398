"""Training an image transformation network (Johnson et al. 2016, section 4)."""

import contextlib
import os
import time

import keras
import numpy as np
import tensorflow as tf

from fast_style.checkpoints import store
from fast_style.errors import InvalidValue, check_at_least
from fast_style.painting.stylizer import Stylizer
from fast_style.training.distribution import Distribution
from fast_style.training.errors import TrainingDiverged, reporting_out_of_memory
from fast_style.training.finite import is_good
from fast_style.training.folder_lock import FolderLock
from fast_style.training.optimizer import make_optimizer
from fast_style.training.paintings import Painting
from fast_style.training.profiling import Profile
from fast_style.training.progress import Progress
from fast_style.training.run_checkpoints import DONE, RunCheckpoints
from fast_style.training.same_run import unmeasured
from fast_style.training.step import TrainingStep, layer_precision
from fast_style.training.style_task import StyleTask
from fast_style.training.summaries import Summaries
from fast_style.training.versions import versions


class TaskTrainer:
    """Trains one network and keeps its checkpoints.

    From here to the end of `run`, no other trainer can use the folder.

    Args:
        task: `fast_style.training.task.Task`.
        photos: `data.photos.Photos`, made with the settings' image_size, batch_size and seed, and
            the zoom that the task needs.
        checkpoint_dir: folder of the checkpoints and of log/; made if missing.
        photos_name: name of the photographs in the network's metadata.
        validation_images: list of uint8 RGB `[H, W, 3]`, shown in TensorBoard at each save.
        save_every: steps from checkpoint to checkpoint.
        log_every: steps from summary to summary.
        keep: number of checkpoints that are kept.
        jit_compile: bool, whether XLA compiles the training step.
        resume: whether to go on from the last checkpoint in `checkpoint_dir`; if not, an earlier
            run's checkpoints are moved into checkpoint_dir/previous-N.
        distribution: a `Distribution`; one device if None. On several machines the chief alone
            keeps checkpoints and log, and all start from its state.
        profile_steps: pair of ints, the first and the last step of which a profile is recorded in
            log/; empty for none.

    Raises:
        ValueError: settings that contradict each other or those of the run to resume.
        FolderInUse: another run is training in `checkpoint_dir`.
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
        distribution=None,
        profile_steps=(),
    ):
        for name, value in (("save_every", save_every), ("log_every", log_every), ("keep", keep)):
            check_at_least(name, value, 1)
        self.task = task
        self.settings = task.settings
        self.checkpoint_dir = os.fspath(checkpoint_dir)
        self.save_every = save_every
        self.log_every = log_every
        self.set_aside = None
        self._photos = photos
        self._photos_name = photos_name
        self._distribution = distribution or Distribution()
        self._checkpoints = None
        self._lock, self._log = self._prepare_folder()
        with contextlib.ExitStack() as unless_it_fails:
            unless_it_fails.enter_context(self._lock)
            self._profile = Profile(self._log, profile_steps)
            self._make_network(jit_compile)
            self._restore(keep, resume)
            unless_it_fails.pop_all()
        self._validation_images = list(validation_images)
        self._stylizer = Stylizer(self.network)

    def _prepare_folder(self):
        """The lock of the folder, and the folder of the log; None if another worker keeps them."""
        if not self._distribution.chief:
            return contextlib.nullcontext(), None
        store.prepare_folder(self.checkpoint_dir)
        return FolderLock(self.checkpoint_dir), os.path.join(self.checkpoint_dir, "log")

    def _make_network(self, jit_compile):
        """Makes the network, its optimizer, the counters of the run, and the training step."""
        keras.utils.set_random_seed(self.settings.seed)
        with self._distribution.scope(), layer_precision(self.settings.mixed_precision):
            self.network, self._origin = self.task.initial_network()
            self._distribution.check(self.settings.batch_size, self.network, jit_compile)
            self.task.setup(self._photos)
            trained = self.task.trainable_variables(self.network)
            self.optimizer = make_optimizer(self.settings, trained)
        self._step = tf.Variable(0, dtype=tf.int64)
        self._position = tf.Variable(0, dtype=tf.int64)
        self._train_step = TrainingStep(
            self.task, self.network, trained, self.optimizer, self._distribution, jit_compile
        )

    def _restore(self, keep, resume):
        """Brings every worker to the newest checkpoint of the chief, or to its initial state."""
        state = {"step": self._step, "position": self._position}
        metadata = self.metadata()
        self._distribution.check_same(unmeasured(metadata))
        if self._distribution.chief:
            self._checkpoints = RunCheckpoints(
                self.checkpoint_dir, keep, self.network, self.optimizer, **state
            )
            if not resume:
                self.set_aside = store.set_aside(self.checkpoint_dir)
            elif (restored := self._checkpoints.restore(metadata)) is not None:
                self.task.adopt(restored)
        self._distribution.copy_from_chief(
            [
                *self.network.variables,
                *self.optimizer.variables,
                *self.task.variables,
                self._step,
                self._position,
            ]
        )
        if self.step > self.settings.steps:
            raise InvalidValue(
                f"`steps` must be at least {self.step}, those that {self._latest or 'the chief'} "
                f"has done; received {self.settings.steps}: give {self.step} or more, or "
                "--noresume to start afresh"
            )

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
            TrainingDiverged: the loss, a gradient or a weight is NaN or infinite; the last
                checkpoint, in which none was, is kept.
            ValueError: no photograph can be read any longer; the run is saved first.
            OutOfMemory: a step does not fit into memory.
            WorkerLost: another worker has ended.
            OSError: a checkpoint or the log can't be written.
        """
        with self._lock:
            summaries = Summaries(self._log, self._validation_images, self.task.pictures)
            try:
                summaries.settings(self.metadata(), self.step)
                stopped = self._run(summaries, callback, should_stop)
            finally:
                self._profile.close()
                summaries.close()
            if stopped:
                return False
            if self._distribution.chief:
                aside = self._checkpoints.finish(self.network, self.metadata())
                self.set_aside = aside or self.set_aside
            return True

    def _run(self, summaries, callback, should_stop):
        """The training loop; returns whether it was stopped before its end."""
        settings = self.settings
        batches = iter(self._photos.batches(int(self._position.numpy()), self.task.accompany))
        saved = self.step
        first, seconds = saved + 1, 0.0
        for step in range(first, settings.steps + 1):
            losses, took, waiting = self._take_step(step, batches, saved)
            # The first step compiles, and does not count; later ones are averaged over about ten.
            seconds = took if step < first + 2 else 0.9 * seconds + 0.1 * took
            progress = Progress(
                step, settings.steps, losses, settings.batch_size / seconds, took, waiting
            )
            stop = self._train_step.agree_to_stop(should_stop is not None and should_stop())
            if step % self.log_every == 0 or step in (1, settings.steps):
                summaries.progress(progress, self._photos.skipped)
            if step % self.save_every == 0 or step == settings.steps or stop:
                self._save(summaries)
                saved = step
            if callback is not None:
                callback(progress)
            if stop and step < settings.steps:
                return True
        return False

    def _take_step(self, step, batches, saved):
        """One step; returns its losses, its seconds, and the seconds that it waited for photos."""
        started = time.perf_counter()
        with self._profile.step(step):
            batch, position = self._next(batches, saved)
            waiting = time.perf_counter() - started
            with reporting_out_of_memory(self.settings, self._latest):
                losses = self._train_step(batch)
        took = time.perf_counter() - started
        if not np.isfinite(losses["total"]):
            raise self._diverged(f"the loss is {losses['total']} at step {step}")
        if not self._train_step.finite:
            raise self._diverged(f"a gradient is NaN or infinite at step {step}")
        self._step.assign(step)
        self._position.assign(position)
        return losses, took, waiting

    def _diverged(self, what):
        return TrainingDiverged(
            f"{what}; the last good checkpoint is {self._latest or 'none'}; try a lower "
            "--learning_rate" + (self.task.weights and f", {self.task.weights}")
        )

    def _next(self, batches, saved):
        """The next batch and the position after it; if there is none, the run is saved first."""
        try:
            return next(batches)
        except tf.errors.OpError as error:
            if self.step > saved:
                self._save()
            raise self._photos.cause_of(error) from error

    def _save(self, summaries=None):
        """Writes a checkpoint, if it is good, and pictures to the log, in the chief only."""
        if self._distribution.chief:
            if not is_good(self.network, self.optimizer):
                raise self._diverged(f"the weights are no finite numbers after step {self.step}")
            self._checkpoints.save(self.step, self.metadata())
            if summaries is not None:
                summaries.pictures(
                    self.step, lambda photo: self.task.preview(photo, self._stylizer)
                )

    @property
    def _latest(self):
        """Prefix of the newest checkpoint, or None."""
        return self._checkpoints and self._checkpoints.latest

    def metadata(self):
        """The metadata of the network as it is now (dict)."""
        task = self.task.metadata()
        photos = {
            "photos": self._photos_name,
            "photos_found": len(self._photos),
            "photos_sha256": self._photos.fingerprint(),
        }
        return {
            **store.metadata_of(self.network),
            "step": self.step,
            **task,
            "training": {**task["training"], **photos},
            "init_from": self._origin,
            "versions": versions(),
        }


class Trainer(TaskTrainer):
    """Trains a network for one painting: a `TaskTrainer` of a `StyleTask`.

    Args:
        settings: `TrainingSettings`.
        style_image: uint8 RGB `[H, W, 3]`, the painting.
        photos: `data.photos.Photos`, made with the settings' image_size, batch_size, seed, zoom.
        style_name: name of the painting in the network's metadata.
        **options: of `TaskTrainer`.

    Raises:
        ValueError: a painting too small for the layers of the losses; else as `TaskTrainer`.
    """

    def __init__(self, settings, style_image, photos, style_name="style", **options):
        painting = Painting(style_name, style_image)
        super().__init__(StyleTask(settings, [painting]), photos, **options)
