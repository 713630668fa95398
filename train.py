"""Trains a network to paint photographs in the style of one painting, or to enlarge them.

    python train.py STYLE PHOTOS [flags]
    python train.py --task=super_resolution PHOTOS [flags]

STYLE is an image of the painting; PHOTOS a folder of photographs, searched recursively, or
tfds:NAME[:SPLIT] for a prepared TFDS dataset. Checkpoints, the finished network ckpt-done and
TensorBoard's log/ go to --checkpoint_dir. The same command goes on where a run stopped.
"""

import os

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

import tqdm

from data import images
from data.photos import Photos
from fast_style import training_flags
from fast_style.tasks import StyleTask, SuperResolutionTask
from fast_style.training import TaskTrainer


def _make_task(values, style):
    """The task that the flags ask for, with the options that it wants of `Photos`."""
    settings = training_flags.settings(values)
    if values.task == "super_resolution":
        task = SuperResolutionTask(settings)
        return task, {"zoom": None, "degrade": task.degrade}
    painting = images.read(style, values.max_pixels)
    return StyleTask(settings, painting, os.path.basename(style)), {"zoom": settings.zoom}


def main(argv):
    values = flags.FLAGS
    if values.task == "super_resolution":
        if len(argv) != 2:
            command_line.usage_error("one argument is wanted with --task=super_resolution: PHOTOS")
    elif len(argv) != 3:
        command_line.usage_error("two arguments are wanted: STYLE and PHOTOS")
    source = argv[-1]
    task, wanted = _make_task(values, argv[1])
    settings = task.settings
    validation = [
        images.fit(images.read(path, values.max_pixels), 512) for path in values.validation_images
    ]
    photos = Photos(
        source,
        image_size=settings.image_size,
        batch_size=settings.batch_size,
        seed=settings.seed,
        max_pixels=values.max_pixels,
        data_dir=values.data_dir,
        **wanted,
    )
    trainer = TaskTrainer(
        task,
        photos,
        photos_name=source if source.startswith("tfds:") else os.path.basename(source.rstrip("/")),
        validation_images=validation,
        **training_flags.trainer_options(values),
    )
    if trainer.step:
        print(f"going on from step {trainer.step} of {settings.steps} in {values.checkpoint_dir}")
    return _train(trainer, photos, settings)


def _train(trainer, photos, settings):
    """Runs the trainer under a progress bar; returns the exit status."""
    started = trainer.step
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
        return 128 + stop.received
    if trainer.set_aside:
        print(f"an earlier network was moved to {trainer.set_aside}")
    print(f"trained {trainer.step} steps{skipped}: {trainer.done_prefix}")
    return 0


def _skipped(photos):
    """How many photographs were passed over, in brackets; nothing where none was."""
    size = photos.image_size
    counts = (
        (photos.skipped, "unreadable photographs"),
        (photos.too_small, f"photographs smaller than {size} x {size}"),
    )
    found = ", ".join(f"{count} {what}" for count, what in counts if count)
    return f" ({found} skipped)" if found else ""


if __name__ == "__main__":
    training_flags.define()
    flags.adopt_module_key_flags(training_flags)  # --help lists them
    command_line.run(main)
