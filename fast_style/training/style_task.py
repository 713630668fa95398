"""Training to paint in the style of one image."""

import zlib

import numpy as np
import tensorflow as tf

from fast_style import images
from fast_style.losses.loss_network import check_size
from fast_style.losses.perceptual import PerceptualLoss, clip_through
from fast_style.networks.transform_net import TransformNet
from fast_style.training.task import Task


class StyleTask(Task):
    """Painting in the style of one image (section 4.1).

    Args:
        settings: `TrainingSettings`.
        style_image: uint8 RGB `[H, W, 3]`, the painting.
        style_name: name of the painting in the network's metadata.

    Raises:
        ValueError: a painting too small for the layers of the losses.
    """

    network_class = TransformNet
    shown = ("total", "content", "style", "tv")
    weights = "--style_weight or --tv_weight"
    pictures = "content and stylized"

    def __init__(self, settings, style_image, style_name="style"):
        super().__init__(settings)
        self._style = style_image
        self._name = style_name
        if settings.style_size:
            style_image = images.fit(style_image, settings.style_size)
        check_size("style_size", min(style_image.shape[:2]), settings.losses.layers)
        self._fitted = style_image
        self._loss = None

    def setup(self):
        """Loads the loss network; before `prepare` and `loss` are called.

        Raises:
            ValueError, FileNotFoundError: its weights can't be loaded.
        """
        painting = tf.cast(self._fitted[None], tf.float32)
        self._loss = PerceptualLoss(self._loss_network(), painting, self.settings.losses)

    def prepare(self, crops):
        """The network's input and the targets of its output.

        Args:
            crops: uint8 RGB `[N, S, S, 3]`.

        Returns:
            float32 RGB `[N, S, S, 3]`, 0..255, and the crops' features at the content layers.
        """
        content = tf.cast(crops, tf.float32)
        return content, self._loss.content_targets(content)

    def loss(self, outputs, targets):
        """The total loss of the pictures, clipped as they are shown, and a dict of its parts."""
        return self._loss(clip_through(outputs), targets)

    def metadata(self):
        style = {
            "name": self._name,
            "height": self._style.shape[0],
            "width": self._style.shape[1],
            "crc32": zlib.crc32(np.ascontiguousarray(self._style)),
        }
        return {"style": style, **super().metadata()}

    def preview(self, photo, paint):
        """A photograph and its painted form side by side; `paint` maps uint8 RGB to uint8 RGB."""
        return np.concatenate([photo, paint(photo)], axis=1)
