"""Training one more style of a network of several, and nothing else of it."""

import os

import numpy as np
import tensorflow as tf

from fast_style.checkpoints import store, tensor_bundle
from fast_style.checkpoints.metadata import read_metadata
from fast_style.checkpoints.styles import assign_arrays, mix, style_names
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STYLE
from fast_style.networks.transform_net import TransformNet
from fast_style.training.style_task import StyleTask

_TRIED_CROPS = 4  # on which every style is tried as a beginning of the new one


class AddedStyleTask(StyleTask):
    """Adding paintings to a network: their scales and shifts are trained, all else stays as it is.

    Args:
        settings: `TrainingSettings`; the network's options are those of the one added to.
        paintings: list of `Painting`.
        gallery: prefix of a network of several styles.

    Raises:
        ValueError: a network of one style, for super-resolution, or one that has such a painting.
        FileNotFoundError, CheckpointError: no such network, or it is damaged.
    """

    def __init__(self, settings, paintings, gallery):
        super().__init__(settings, paintings)
        if settings.init_from:
            raise InvalidValue("`add_to` and `init_from` can't both be given")
        self._gallery = os.fspath(gallery)
        self._metadata = read_metadata(gallery)
        store.check_task(gallery, self._metadata, STYLE)
        names = style_names(self._metadata)
        self._known = self._metadata["network"].get("styles", 1)
        if self._known == 1:
            raise InvalidValue(f"`add_to` must be a network of several styles; {gallery} has one")
        # A painting is named as in a folder of them.
        for painting in self._paintings:
            if painting.name in names:
                raise InvalidValue(f"{gallery} has a style {painting.name} already")

    def initial_network(self):
        architecture, arrays, _ = tensor_bundle.load(self._gallery)
        for name, value in self.settings.network.items():
            if architecture.options[name] != value:
                raise InvalidValue(
                    f"`{name}` must be {architecture.options[name]!r} as in {self._gallery}; "
                    f"received {value!r}"
                )
        rows = np.eye(self._known)
        new = np.full((self.styles, self._known), 1 / self._known)
        arrays, architecture = mix(arrays, architecture, np.concatenate([rows, new]))
        self._network = TransformNet(**architecture.options)
        self._network.build()
        assign_arrays(self._network, arrays)
        return self._network, store.origin_of(self._metadata)

    def trainable_variables(self, network):
        return [variable for variable in network.trainable_variables if len(variable.shape) == 2]

    def setup(self, photos):
        """As of `StyleTask`; each new style then begins as the one that is nearest to it."""
        super().setup(photos)
        crops = tf.cast(photos.sample(_TRIED_CROPS), tf.float32)
        targets = self._loss.content_targets(crops)
        pictures = [
            self._network(crops, styles=tf.repeat(weights[None], len(crops), axis=0))
            for weights in np.eye(self._known + self.styles, dtype=np.float32)[: self._known]
        ]
        for number in range(self.styles):
            held_to = tf.fill([len(crops)], number)
            losses = [float(self._loss(p, targets, held_to)[1]["style"]) for p in pictures]
            nearest = int(np.argmin(losses))
            for variable in self.trainable_variables(self._network):
                rows = variable.numpy()
                rows[self._known + number] = rows[nearest]
                variable.assign(rows)

    def prepare(self, batch):
        crops, styles = (
            batch if self.styles > 1 else (batch, tf.zeros(tf.shape(batch)[0], tf.int32))
        )
        content = tf.cast(crops, tf.float32)
        weights = tf.one_hot(self._known + styles, self._known + self.styles)
        return (content, weights), (self._loss.content_targets(content), styles)

    def metadata(self):
        described = super().metadata()
        added = described.pop("styles", None) or [described.pop("style")]
        return {"styles": [*self._metadata["styles"], *added], **described}

    def adopt(self, metadata):
        super().adopt({"styles": metadata["styles"][-self.styles :]})

    def preview(self, photo, stylizer):
        return self._show_styles(photo, stylizer, range(self._known, self._known + self.styles))
