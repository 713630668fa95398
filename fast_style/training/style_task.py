"""Training to paint in the style of paintings."""

import numpy as np
import tensorflow as tf

from data.motions import draw_motions
from fast_style import images
from fast_style.checkpoints import store
from fast_style.checkpoints.styles import arrays_of, mix, style_names
from fast_style.errors import InvalidValue
from fast_style.losses.checkerboard import checkerboard_loss
from fast_style.losses.loss_network import smallest_side
from fast_style.losses.memory import check_fits
from fast_style.losses.perceptual import PerceptualLoss, clip_through
from fast_style.losses.stability import stability_loss, warp
from fast_style.machine import tensorflow_memory
from fast_style.networks.architecture import STRIDE
from fast_style.training.painting_task import PaintingTask

MEASURED_CROPS = 20  # to say how far photographs are from a painting; the mean of more is the same


class StyleTask(PaintingTask):
    """Painting in the style of one image (section 4.1), or of several with one network.

    With several, each crop of a batch has a style of its own, and the network's scales and shifts
    have a row for each (Dumoulin, Shlens and Kudlur 2017).

    Args:
        settings: `TrainingSettings`.
        paintings: list of `Painting`, each a style.

    Raises:
        ValueError: a painting too small for the layers of the losses.
        OutOfMemory: a painting or a crop that memory could never hold.
    """

    weights = "--style_weight or --tv_weight"
    pictures = "content and stylized"

    def __init__(self, settings, paintings):
        super().__init__(settings)
        self._paintings = list(paintings)
        self._fitted = [self._fit(painting) for painting in self._paintings]
        self._loss = None

    @property
    def shown(self):
        losses = self.settings.losses
        added = ("checkerboard", "stability")
        used = (name for name in added if getattr(losses, f"{name}_weight"))
        return ("total", "content", "style", "tv", *used)

    @property
    def styles(self):
        """int, number of styles."""
        return len(self._paintings)

    @property
    def _moves(self):
        """Whether crops are painted a second time, after a motion."""
        return self.settings.losses.stability_weight > 0

    @property
    def accompany(self):
        """Draws the crops' styles, if there are several, and motions for the stability loss."""
        return self._draw if self.styles > 1 or self._moves else None

    def _draw(self, crops, places):
        drawn = {}
        if self.styles > 1:
            drawn["styles"] = self.draw_styles(places)
        if self._moves:
            size, seed = self.settings.image_size, self.settings.seed
            flows, noise = tf.numpy_function(
                lambda places: draw_motions(places, size, seed), [places], (tf.float32, tf.float32)
            )
            drawn["flows"] = tf.ensure_shape(flows, (*crops.shape[:3], 2))
            drawn["noise"] = tf.ensure_shape(noise, crops.shape)
        return drawn

    def _load_origin(self, prefix):
        """With rows for this run's paintings: a painting keeps its own, another gets their mean."""
        network, metadata = super()._load_origin(prefix)
        names = style_names(metadata)
        wanted = [painting.name for painting in self._paintings]
        if self.styles == 1 and network.styles == 1 or names == wanted:
            return network, metadata
        known = np.eye(network.styles) if len(names) == network.styles > 1 else []
        rows = dict(zip(names, known, strict=False))
        mean = np.full(network.styles, 1 / network.styles)
        mixtures = [rows.get(name, mean) for name in wanted]
        network = store.network_of(*mix(arrays_of(network), network.architecture, mixtures))
        return network, {**metadata, "network": store.network_config(network)}

    def setup(self, photos):
        """Loads the loss network, and measures how far photographs are from the paintings.

        Args:
            photos: `data.photos.Photos`.

        Raises:
            ValueError, FileNotFoundError: its weights can't be loaded.
            OutOfMemory: too little memory is available for the paintings.
        """
        network = self._loss_network(self.settings.losses.loss_border)
        with tensorflow_memory.reporting_out_of_memory(
            "out of memory at the paintings: lower --style_size"
        ):
            paintings = [tf.cast(image[None], tf.float32) for image in self._fitted]
            self._loss = PerceptualLoss(network, paintings, self.settings.losses, separate=True)
        if self.settings.losses.style_reduction == "relative":
            crops = tf.cast(photos.sample(MEASURED_CROPS), tf.float32)
            distances = self._loss.measure_distances(crops)
            # As the metadata holds them: a run that goes on computes with the same.
            self._loss.set_distances([_rounded(row) for row in distances])

    @property
    def variables(self):
        return [] if self._loss.distances is None else [self._loss.distances]

    def adopt(self, metadata):
        """Takes over the distances of the run that this one goes on with."""
        if self._loss.distances is not None:
            described = metadata.get("styles") or [metadata["style"]]
            layers = self.settings.losses.style_layers
            rows = [[style["distances"][layer] for layer in layers] for style in described]
            self._loss.distances.assign(rows)

    def prepare(self, batch):
        """The network's input, float32, for a batch of crops, and what its output is held to.

        Args:
            batch: uint8 RGB crops; with `accompany` a pair of these and what it draws.
        """
        crops, drawn = batch if self.accompany else (batch, {})
        content, styles, flows = tf.cast(crops, tf.float32), drawn.get("styles"), drawn.get("flows")
        mixtures = self._mixtures(styles, tf.shape(content)[0])
        targets = (self._loss.content_targets(content), styles, flows)
        if flows is not None:  # what comes after the motion is painted in the same pass
            moved, _ = warp(content, flows)
            content = tf.concat([content, moved + drawn["noise"]], axis=0)
            mixtures = None if mixtures is None else tf.concat([mixtures] * 2, axis=0)
        return (content, mixtures), targets

    def loss(self, outputs, targets):
        """The total loss of the pictures, clipped as they are shown, and a dict of its parts."""
        features, styles, flows = targets
        pictures, after = clip_through(outputs), None
        if flows is not None:
            pictures, after = tf.split(pictures, 2)
        total, parts = self._loss(pictures, features, styles)
        weights = self.settings.losses
        if weights.checkerboard_weight:
            parts["checkerboard"] = checkerboard_loss(pictures, STRIDE)
            total += weights.checkerboard_weight * parts["checkerboard"]
        if after is not None:
            parts["stability"] = stability_loss(pictures, after, flows)
            total += weights.stability_weight * parts["stability"]
        return total, parts

    def metadata(self):
        described = [painting.metadata() for painting in self._paintings]
        if self._loss is not None and self._loss.distances is not None:
            layers = self.settings.losses.style_layers
            for style, row in zip(described, self._loss.distances.numpy().tolist(), strict=True):
                style["distances"] = dict(zip(layers, _rounded(row), strict=True))
        style = {"styles": described} if self.styles > 1 else {"style": described[0]}
        return {**style, **super().metadata()}

    def preview(self, photo, stylizer):
        """A photograph beside what the network makes of it, in every style."""
        painted = stylizer.in_styles(photo, range(self.styles))
        return np.concatenate([photo, *painted], axis=1)

    def _fit(self, painting):
        image = painting.image
        if self.settings.style_size:
            image = images.fit(image, self.settings.style_size)
        smallest = smallest_side(self.settings.losses.layers)
        if min(image.shape[:2]) < smallest:
            size, fitted = (
                f"{each.shape[1]} x {each.shape[0]}" for each in (painting.image, image)
            )
            at = "" if fitted == size else f", {fitted} at a `style_size` of {max(image.shape[:2])}"
            raise InvalidValue(
                f"{painting.name}: the painting is {size}{at}: its short side must be at least "
                f"{smallest} pixels for the layers of the losses; give a larger `style_size`, 0 "
                "for the painting's own, or another painting"
            )
        height, width = image.shape[:2]
        painting = f"the painting {painting.name}, {width} x {height} pixels,"
        check_fits(painting, height * width, "lower --style_size")
        return image


def _rounded(values):
    return [float(f"{value:.4g}") for value in values]
