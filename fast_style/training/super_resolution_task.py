"""Training to enlarge images."""

import numpy as np
import tensorflow as tf

from data.degradation import degrade
from fast_style import images
from fast_style.losses.super_resolution import SuperResolutionLoss
from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.training.task import Task


class SuperResolutionTask(Task):
    """Enlarging images (section 4.2).

    Args:
        settings: `SuperResolutionSettings`.
    """

    network_class = SuperResolutionNet
    shown = ("total", "content", "pixel", "tv")
    pictures = "bicubic, enlarged and original"

    def __init__(self, settings):
        super().__init__(settings)
        self._loss = None

    def network_options(self):
        return {"factor": self.settings.factor, **self.settings.network}

    @property
    def accompany(self):
        """Downscales crops."""
        return lambda crops, _: degrade(crops, self.settings.factor, self.settings.degradation)

    def setup(self, photos):
        """Loads the loss network, if the losses need one; before `prepare` and `loss`.

        Raises:
            ValueError, FileNotFoundError: its weights can't be loaded.
        """
        losses = self.settings.losses
        network = self._loss_network() if losses.layers else None
        self._loss = SuperResolutionLoss(network, losses)

    def prepare(self, batch):
        """The network's input and the targets of its output.

        Args:
            batch: pair of uint8 RGB: crops `[N, S, S, 3]`, and the crops after `accompany`,
                `[N, S / factor, S / factor, 3]`.

        Returns:
            The downscaled crops as float32, and what `SuperResolutionLoss.targets` returns.
        """
        crops, small = batch
        return tf.cast(small, tf.float32), self._loss.targets(tf.cast(crops, tf.float32))

    def loss(self, outputs, targets):
        """The total loss and a dict of its parts."""
        return self._loss(outputs, targets)

    def metadata(self):
        metadata = super().metadata()
        del metadata["training"]["factor"]  # the network's
        return metadata

    def preview(self, photo, enlarge):
        """A downscaled photograph enlarged by bicubic and by `enlarge`, and the original."""
        factor = self.settings.factor
        height, width = (max(size // factor, 1) * factor for size in photo.shape[:2])
        photo = images.resize(photo, height, width)
        small = degrade(photo[None], factor, self.settings.degradation)[0].numpy()
        bicubic = images.resize(small, height, width)
        return np.concatenate([bicubic, enlarge(small), photo], axis=1)
