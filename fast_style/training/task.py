"""The part of a training run that differs from task to task."""

import dataclasses
import os

from fast_style.checkpoints import store
from fast_style.checkpoints.styles import arrays_hash, arrays_of
from fast_style.errors import InvalidValue
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.memory import check_fits
from fast_style.training.settings import RunSettings


class Task:
    """The base class of tasks.

    A task adds `setup`, `prepare`, `loss` and `preview`, which `TaskTrainer` calls.

    Args:
        settings: the task's `RunSettings`.

    Raises:
        OutOfMemory: a crop that memory could never hold.

    Attributes:
        network_class: class of the network that is trained.
        shown: names of the losses in the progress bar.
        weights: flags to lower when a run diverges, beside the learning rate.
        pictures: name of the pictures of `preview` in TensorBoard.
    """

    network_class = None
    shown = ()
    weights = ""
    pictures = ""

    def __init__(self, settings):
        self.settings = settings
        size = settings.image_size
        crop = f"a crop of {size} x {size} pixels"
        check_fits(crop, size**2, "lower --image_size", gradient=True)
        self._vgg_hash = None

    @property
    def accompany(self):
        """None, or what makes what goes along with crops, as `Photos.batches` takes it."""
        return None

    def network_options(self):
        """The options of the network in the settings (dict)."""
        return self.settings.network

    def initial_network(self):
        """The network to train and, where it starts from a trained one, what is kept of that one.

        Raises:
            ValueError: options that differ from those of the network to start from.
            FileNotFoundError, CheckpointError: that network is missing, damaged or of another task.
        """
        options, origin = self.network_options(), self.settings.init_from
        if not origin:
            network = self.network_class(**options)
            network.build()
            return network, None
        network, metadata = self._load_origin(origin)
        check_options(options, metadata["network"], origin)
        return network, store.origin_of(metadata)

    def _load_origin(self, prefix):
        """The network at `prefix`, as this task can go on with it, its metadata and its hash."""
        network, metadata = store.load_network(prefix, self.network_class.task)
        return network, {**metadata, "sha256": arrays_hash(arrays_of(network))}

    def paint(self, network, inputs):
        """The network's output, in training, for what `prepare` returned."""
        return network(inputs, training=True)

    def trainable_variables(self, network):
        """The variables of the network that the run trains (list)."""
        return network.trainable_variables

    @property
    def variables(self):
        """What was measured at the start (list): every worker computes with the chief's."""
        return []

    def adopt(self, metadata):
        """Takes over what the run that this one goes on with had measured."""

    def metadata(self):
        """The part of a network's metadata about its training (dict)."""
        settings = dataclasses.asdict(self.settings)
        losses = settings.pop("losses")
        for name in ("network", "init_from"):
            del settings[name]
        # An option added later is written only if it is used: earlier runs still match it.
        for name in ("optimizer", "mixed_precision", "learning_rate_schedule"):
            if settings[name] == RunSettings.__dataclass_fields__[name].default:
                del settings[name]
        for name in ("checkerboard_weight", "stability_weight", "loss_border"):
            if not losses.get(name, True):
                del losses[name]
        settings["vgg_weights"] = os.path.basename(self.settings.vgg_weights)
        if self._vgg_hash:
            settings["vgg_sha256"] = self._vgg_hash
        return {"losses": losses, "training": settings}

    def _loss_network(self, border=0):
        settings = self.settings
        network = LossNetwork(
            settings.losses.layers, settings.loss_network, settings.vgg_weights, border=border
        )
        # Of the layers that are used, and of what they are given: the format of the file is free.
        self._vgg_hash = arrays_hash(
            {
                f"{network.preprocessing.name}/{layer.name}/{weight.name}": weight
                for layer in network.stack
                for weight in layer.weights
            }
        )
        return network


def check_options(options, found, prefix):
    """Raises `ValueError` unless a network has the options that are asked for.

    Args:
        options: dict, those that the settings name.
        found: dict, the network's.
        prefix: str, its checkpoint's.
    """
    for name, value in options.items():
        if found.get(name) != value:
            raise InvalidValue(
                f"`{name}` must be {found.get(name)!r} as in {prefix}; received {value!r}"
            )
