"""Training a small network to paint as a larger one does."""

import os

import numpy as np
import tensorflow as tf

from fast_style.checkpoints import store
from fast_style.checkpoints.styles import arrays_hash, arrays_of, check_names, style_names
from fast_style.losses.perceptual import clip_through
from fast_style.losses.super_resolution import SuperResolutionLoss
from fast_style.networks.architecture import STYLE
from fast_style.painting.stylizer import Stylizer
from fast_style.training.painting_task import PaintingTask


class DistillationTask(PaintingTask):
    """Painting as a teacher, a trained network, does (Hinton, Vinyals and Dean 2015, for pictures).

    The network has the styles of its teacher, and each crop of a batch one of them.

    Args:
        settings: `DistillationSettings`.
        teacher: prefix of a network for style.

    Raises:
        FileNotFoundError, CheckpointError: no such network, damaged, or for another task.
    """

    shown = ("total", "content", "pixel", "tv")
    pictures = "content, teacher and network"

    def __init__(self, settings, teacher):
        super().__init__(settings)
        self._name = os.path.basename(os.fspath(teacher))
        self._teacher, self._taught = store.load_network(teacher, STYLE)
        if self.styles > 1:
            check_names(style_names(self._taught), self.styles, teacher)
        self._hash = arrays_hash(arrays_of(self._teacher))
        self._example = Stylizer(self._teacher)  # traced once, for all previews
        self._loss = None

    @property
    def styles(self):
        """int, number of styles."""
        return self._teacher.styles

    @property
    def accompany(self):
        """Draws the crops' styles, if there are several."""
        return (lambda _, places: self.draw_styles(places)) if self.styles > 1 else None

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
        mixtures = self._mixtures(styles, len(crops))
        wanted = self._teacher(content, training=False, styles=mixtures)
        wanted = tf.stop_gradient(tf.clip_by_value(wanted, 0.0, 255.0))
        return (content, mixtures), self._loss.targets(wanted)

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
            for painter in (self._example, stylizer)
        ]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])
