"""Training runs that are compared with each other."""

import tempfile

from data.photos import Photos
from fast_style.training.trainer import Trainer


def train(settings, style, folder, **options):
    """Trains a network in a folder that is removed afterwards.

    Args:
        settings: `TrainingSettings`.
        style: uint8 RGB `[H, W, 3]`, the painting.
        folder: of photographs.
        **options: further ones of `Trainer`.

    Returns:
        list of `Progress`, one for each step, and the network.
    """
    progress = []
    with tempfile.TemporaryDirectory() as checkpoint_dir:
        trainer = Trainer(
            settings,
            style,
            Photos(folder, settings.image_size, settings.batch_size, settings.seed),
            checkpoint_dir=checkpoint_dir,
            save_every=settings.steps,
            **options,
        )
        trainer.run(progress.append)
    return progress, trainer.network
