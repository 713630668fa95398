"""Training one more style of a network of several, and nothing else of it."""

import os

import numpy as np
import tensorflow as tf

from fast_style.checkpoints import store, tensor_bundle
from fast_style.checkpoints.metadata import check_task, read_metadata
from fast_style.checkpoints.styles import arrays_hash, check_names, mix, style_names
from fast_style.errors import InvalidValue
from fast_style.networks.architecture import STYLE
from fast_style.training.style_task import StyleTask
from fast_style.training.task import check_options

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
        check_task(gallery, self._metadata, STYLE)
        names = style_names(self._metadata)
        self._known = self._metadata["network"].get("styles", 1)
        if self._known == 1:
            raise InvalidValue(f"`add_to` must be a network of several styles; {gallery} has one")
        check_names(names, self._known, gallery)
        # A painting is named as in a folder of them.
        for painting in self._paintings:
            if painting.name in names:
                raise InvalidValue(f"{gallery} has a style {painting.name} already")

    def initial_network(self):
        architecture, arrays, _ = tensor_bundle.load(self._gallery)
        check_options(self.settings.network, architecture.options, self._gallery)
        rows = np.eye(self._known)
        new = np.full((self.styles, self._known), 1 / self._known)
        self._network = store.network_of(*mix(arrays, architecture, np.concatenate([rows, new])))
        return self._network, store.origin_of({**self._metadata, "sha256": arrays_hash(arrays)})

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

    def _mixtures(self, styles, count):
        styles = tf.zeros([count], tf.int32) if styles is None else styles
        return tf.one_hot(self._known + styles, self._known + self.styles)

    def metadata(self):
        described = super().metadata()
        added = described.pop("styles", None) or [described.pop("style")]
        return {"styles": [*self._metadata["styles"], *added], **described}

    def adopt(self, metadata):
        super().adopt({"styles": metadata["styles"][-self.styles :]})

    def preview(self, photo, stylizer):
        added = range(self._known, self._known + self.styles)
        return np.concatenate([photo, *stylizer.in_styles(photo, added)], axis=1)
