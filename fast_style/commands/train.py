"""Trains a network to paint photographs in the style of one painting, or to enlarge them.

    %s STYLE PHOTOS [flags]
    %s --task=super_resolution PHOTOS [flags]
    %s --task=distillation --teacher=CHECKPOINT --width=16 PHOTOS [flags]

STYLE is an image of the painting, or a folder of paintings or a quoted pattern, which one network
then learns to paint, each as a style of its own; PHOTOS a folder of photographs, searched
recursively, or tfds:NAME[:SPLIT] for a prepared TFDS dataset. Checkpoints, the finished network
ckpt-done and TensorBoard's log/ go to --checkpoint_dir. The same command goes on where a run
stopped. With --add_to=PREFIX a network of several styles learns STYLE as one more. With
--task=distillation a small network learns to paint like a trained one, its teacher.
"""

import os
import signal

import tqdm
from absl import flags

from data.cache import make_cache
from data.photos import Photos
from data.sources import TFDS_PREFIX
from fast_style import command_line, images
from fast_style.commands import task_flags, training_flags
from fast_style.commands.training_flags import define as define_flags
from fast_style.errors import check_utf8
from fast_style.training.added_style_task import AddedStyleTask
from fast_style.training.distillation_task import DistillationTask
from fast_style.training.distribution import Distribution
from fast_style.training.paintings import read_paintings
from fast_style.training.style_task import StyleTask
from fast_style.training.super_resolution_task import SuperResolutionTask
from fast_style.training.trainer import TaskTrainer

__all__ = ["define_flags", "main"]


def _make_task(values, style):
    """The task that the flags ask for, and the zoom of its photographs."""
    settings = task_flags.settings(values)
    if values.task == "super_resolution":
        return SuperResolutionTask(settings), None
    if values.task == "distillation":
        return DistillationTask(settings, values.teacher), settings.zoom
    paintings = read_paintings(style, values.max_pixels, stems=bool(values.add_to))
    if values.add_to:
        task = AddedStyleTask(settings, paintings, values.add_to)
    else:
        task = StyleTask(settings, paintings)
    return task, settings.zoom


def main(argv):
    """Runs the command; returns its exit status."""
    values = flags.FLAGS
    if values.task != "style":
        if len(argv) != 2:
            command_line.usage_error(f"one argument is expected with --task={values.task}: PHOTOS")
        if values.task == "distillation" and values.teacher is None:
            command_line.usage_error("--task=distillation needs --teacher")
    elif len(argv) != 3:
        command_line.usage_error("two arguments are expected: STYLE and PHOTOS")
    source = argv[-1]
    task, zoom = _make_task(values, argv[1])
    settings = task.settings
    command_line.refuse_unused(
        values,
        *(
            (name, bool(settings.losses.layers), "without a loss that compares layers")
            for name in ("loss_network", "vgg_weights")
        ),
        ("add_to", values.task == "style", f"with --task={values.task}"),
        ("teacher", values.task == "distillation", f"with --task={values.task}"),
        ("cache_gigabytes", values.cache is not None, "without --cache"),
        ("data_dir", source.startswith(TFDS_PREFIX), "with a folder: it is for tfds:NAME"),
    )
    check_utf8(values.checkpoint_dir)
    # 512 pixels: what TensorBoard's page shows, and small enough to be painted at each save.
    validation = [
        images.fit(images.read(path, values.max_pixels), 512) for path in values.validation_images
    ]
    # Before TensorFlow computes anything; waits for the other workers, if there are any.
    distribution = Distribution.make(values.strategy)
    if distribution.workers > 1:
        print(f"worker {distribution.worker + 1} of {distribution.workers}", flush=True)
    photos = Photos(
        source,
        image_size=settings.image_size,
        batch_size=settings.batch_size,
        seed=settings.seed,
        max_pixels=values.max_pixels,
        data_dir=values.data_dir,
        cache=make_cache(values.cache, values.cache_gigabytes) if values.cache else None,
        worker=distribution.worker,
        workers=distribution.workers,
        zoom=zoom,
    )
    trainer = TaskTrainer(
        task,
        photos,
        photos_name=_name(source),
        validation_images=validation,
        distribution=distribution,
        **training_flags.trainer_options(values),
    )
    with command_line.lasting_output():
        print(f"training on {command_line.describe_device()}", flush=True)
        if trainer.step:
            folder = values.checkpoint_dir
            print(f"going on from step {trainer.step} of {settings.steps} in {folder}", flush=True)
        return _train(trainer, photos, distribution)


def _name(source):
    """How photographs are called: TFDS's name, or that of their folder, however it is spelled."""
    if source.startswith(TFDS_PREFIX):
        return source
    return os.path.basename(os.path.abspath(source))


def _train(trainer, photos, distribution):
    """Runs the trainer under a progress bar; returns the exit status."""
    started, settings = trainer.step, trainer.settings
    with (
        command_line.StopSignals() as stop,
        tqdm.tqdm(total=settings.steps, initial=started, unit="step", dynamic_ncols=True) as bar,
    ):

        def show(progress):
            losses = " ".join(
                f"{name} {progress.losses[name]:.4g}"
                for name in trainer.task.shown
                if name in progress.losses
            )
            bar.set_postfix_str(
                f"{losses} {progress.images_per_second:.1f} images/s", refresh=False
            )
            bar.update(progress.step - bar.n)

        finished = trainer.run(show, stop)
    skipped = _skipped(photos)
    if not finished:
        print(
            f"stopped at step {trainer.step} of {settings.steps} and saved{skipped}; "
            "the same command goes on from there"
        )
        # Another worker may be the one that received the signal.
        return 128 + (stop.received or signal.SIGTERM)
    if trainer.set_aside:
        print(f"an earlier network was moved to {trainer.set_aside}")
    where = trainer.done_prefix if distribution.chief else "the chief has the network"
    print(f"trained {trainer.step} steps{skipped}: {where}")
    return 0


def _skipped(photos):
    """How many photographs were skipped, in brackets; an empty text if none was."""
    size = photos.image_size
    counts = (
        (photos.skipped, "unreadable photographs"),
        (photos.too_small, f"photographs smaller than {size} x {size}"),
    )
    found = ", ".join(f"{count} {what}" for count, what in counts if count)
    return f" ({found} skipped)" if found else ""
