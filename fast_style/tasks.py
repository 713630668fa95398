"""What a network is trained for: the part of a run that differs from task to task.

A task has `settings`, the network's class as `network_class`, and `setup`, `prepare`, `loss`,
`describe` and `preview`, which `training.TaskTrainer` calls.
"""

import dataclasses
import os
import zlib

import numpy as np
import tensorflow as tf

from data import images
from data.degradation import degrade
from fast_style import checkpoint
from fast_style.loss_net import LossNetwork
from fast_style.losses import PerceptualLoss, clip_through
from fast_style.settings import RunSettings, check_size
from fast_style.super_resolution_loss import SuperResolutionLoss
from fast_style.super_resolution_net import SuperResolutionNet
from fast_style.transform_net import TransformNet

# What a description keeps of the network that a run started from.
_ORIGIN = ("task", "step", "style", "losses", "training", "init_from", "converted")


class _Task:
    """What all tasks share.

    Args:
        settings: the task's `RunSettings`.

    Attributes:
        network_class: of the network that is trained.
        shown: names of the losses that a progress bar has room for.
        weights: what to lower when a run diverges, beside the learning rate.
        pictures: what TensorBoard calls the pictures of `preview`.
    """

    network_class = None
    shown = ()
    weights = ""
    pictures = ""

    def __init__(self, settings):
        self.settings = settings

    def network_options(self):
        """dict: options of the network that the settings ask for."""
        return self.settings.network

    def initial_network(self):
        """The network to train and, where it starts from a trained one, that one's description.

        Raises:
            ValueError: options that are not those of the network to start from.
            FileNotFoundError, CheckpointError: no such network, or one of another task.
        """
        options, origin = self.network_options(), self.settings.init_from
        if not origin:
            network = self.network_class(**options)
            network.build()
            return network, None
        network, description = checkpoint.load_network(origin, self.network_class.task)
        for name, value in options.items():
            if description["network"].get(name) != value:
                raise ValueError(
                    f"`{name}` must be {description['network'].get(name)!r} as in {origin}; "
                    f"received {value!r}"
                )
        return network, {name: description[name] for name in _ORIGIN if name in description}

    def describe(self):
        """The part of a network's description that says how it is trained."""
        settings = dataclasses.asdict(self.settings)
        losses = settings.pop("losses")
        for name in ("network", "init_from"):
            del settings[name]
        # A later option is named only where it is used: runs from before it go on as they are.
        for name in ("optimizer", "mixed_precision", "learning_rate_schedule"):
            if settings[name] == RunSettings.__dataclass_fields__[name].default:
                del settings[name]
        settings["vgg_weights"] = os.path.basename(self.settings.vgg_weights)
        return {"losses": losses, "training": settings}

    def _loss_network(self):
        settings = self.settings
        return LossNetwork(settings.losses.layers, settings.loss_network, settings.vgg_weights)


class StyleTask(_Task):
    """Painting in the style of one image (section 4.1).

    Args:
        settings: `TrainingSettings`.
        style_image: uint8 RGB `[H, W, 3]`, the painting.
        style_name: how the network's description names it.

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
        """The network's input, float32, for a batch of crops, and what its output is held to."""
        content = tf.cast(crops, tf.float32)
        return content, self._loss.content_targets(content)

    def loss(self, outputs, targets):
        """The total and a dict of its parts, of the picture as it is shown."""
        return self._loss(clip_through(outputs), targets)

    def describe(self):
        style = {
            "name": self._name,
            "height": self._style.shape[0],
            "width": self._style.shape[1],
            "crc32": zlib.crc32(np.ascontiguousarray(self._style)),
        }
        return {"style": style, **super().describe()}

    def preview(self, photo, paint):
        """A photograph beside what `paint`, the network on uint8 images, makes of it."""
        return np.concatenate([photo, paint(photo)], axis=1)


class SuperResolutionTask(_Task):
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

    def setup(self):
        """Loads the loss network, if the losses need one; before `prepare` and `loss`.

        Raises:
            ValueError, FileNotFoundError: its weights can't be loaded.
        """
        losses = self.settings.losses
        network = self._loss_network() if losses.layers else None
        self._loss = SuperResolutionLoss(network, losses)

    def prepare(self, batch):
        """The network's input, float32, and what its output is held to.

        Args:
            batch: pair of uint8 RGB, crops made small and the crops.
        """
        small, crops = batch
        return tf.cast(small, tf.float32), self._loss.targets(tf.cast(crops, tf.float32))

    def loss(self, outputs, targets):
        """The total and a dict of its parts."""
        return self._loss(outputs, targets)

    def describe(self):
        description = super().describe()
        del description["training"]["factor"]  # the network's
        return description

    def degrade(self, crops):
        """Makes a batch of crops small, for `data.photos.Photos`."""
        return degrade(crops, self.settings.factor, self.settings.degradation)

    def preview(self, photo, enlarge):
        """A photograph made small and enlarged by bicubic and by the network, and itself."""
        factor = self.settings.factor
        height, width = (max(size // factor, 1) * factor for size in photo.shape[:2])
        photo = images.resize(photo, height, width)
        small = degrade(photo[None], factor, self.settings.degradation)[0].numpy()
        bicubic = images.resize(small, height, width)
        return np.concatenate([bicubic, enlarge(small), photo], axis=1)
