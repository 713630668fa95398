"""Training a small network to paint as a larger one does."""

import os

import numpy as np
import tensorflow as tf

from data.crops import draw_styles
from fast_style.checkpoints import store
from fast_style.checkpoints.styles import arrays_hash, arrays_of, check_names, style_names
from fast_style.losses.perceptual import clip_through
from fast_style.losses.super_resolution import SuperResolutionLoss
from fast_style.networks.architecture import STYLE
from fast_style.networks.transform_net import TransformNet
from fast_style.painting.stylizer import Stylizer
from fast_style.training.task import Task


class DistillationTask(Task):
    """Painting as a teacher, a trained network, does (Hinton, Vinyals and Dean 2015, for pictures).

    The network has the styles of its teacher, and each crop of a batch one of them.

    Args:
        settings: `DistillationSettings`.
        teacher: prefix of a network for style.

    Raises:
        FileNotFoundError, CheckpointError: no such network, damaged, or for another task.
    """

    network_class = TransformNet
    shown = ("total", "content", "pixel", "tv")
    pictures = "content, teacher and network"

    def __init__(self, settings, teacher):
        super().__init__(settings)
        self._name = os.path.basename(os.fspath(teacher))
        self._teacher, self._taught = store.load_network(teacher, STYLE)
        if self.styles > 1:
            check_names(style_names(self._taught), self.styles, teacher)
        self._hash = arrays_hash(arrays_of(self._teacher))
        self._loss = None

    @property
    def styles(self):
        """int, number of styles."""
        return self._teacher.styles

    @property
    def accompany(self):
        """Draws the crops' styles, if there are several."""
        return self._draw if self.styles > 1 else None

    def _draw(self, crops, places):
        del crops
        options = (self.styles, self.settings.seed)
        drawn = tf.numpy_function(lambda places: draw_styles(places, *options), [places], tf.int32)
        return tf.ensure_shape(drawn, places.shape)

    def network_options(self):
        styles = {"styles": self.styles} if self.styles > 1 else {}
        return {**self.settings.network, **styles}

    def setup(self, photos):
        """Loads the loss network, if the losses need one; before `prepare` and `loss`.

        Raises:
            ValueError, FileNotFoundError: its weights can't be loaded.
        """
        losses = self.settings.losses
        self._loss = SuperResolutionLoss(self._loss_network() if losses.layers else None, losses)

    def prepare(self, batch):
        """The network's input, float32, for a batch of crops, and what its output is held to.

        Args:
            batch: uint8 RGB crops; with `accompany` a pair of these and each one's style.
        """
        crops, styles = batch if self.styles > 1 else (batch, None)
        content = tf.cast(crops, tf.float32)
        mixtures = None if styles is None else tf.one_hot(styles, self.styles)
        wanted = self._teacher(content, training=False, styles=mixtures)
        wanted = tf.stop_gradient(tf.clip_by_value(wanted, 0.0, 255.0))
        return (content, mixtures), self._loss.targets(wanted)

    def paint(self, network, inputs):
        content, mixtures = inputs
        return network(content, training=True, styles=mixtures)

    def loss(self, outputs, targets):
        """The total loss of the pictures, clipped as they are shown, and a dict of its parts."""
        return self._loss(clip_through(outputs), targets)

    def metadata(self):
        described = super().metadata()
        described["training"] |= {"teacher": self._name, "teacher_sha256": self._hash}
        styles = {name: self._taught[name] for name in ("style", "styles") if name in self._taught}
        return {**styles, **described}

    def preview(self, photo, stylizer):
        """A photograph in every style, by the teacher above and by the network below."""
        rows = [
            [photo, *painter.in_styles(photo, range(self.styles))]
            for painter in (Stylizer(self._teacher), stylizer)
        ]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])
