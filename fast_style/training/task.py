"""The part of a training run that differs from task to task."""

import dataclasses
import os

from fast_style.checkpoints import store
from fast_style.errors import InvalidValue
from fast_style.losses.loss_network import LossNetwork
from fast_style.training.settings import RunSettings

# The entries of metadata that are kept of the network that a run started from.
_ORIGIN = ("task", "step", "style", "losses", "training", "init_from", "converted")


class Task:
    """The base class of tasks.

    A task adds `setup`, `prepare`, `loss` and `preview`, which `TaskTrainer` calls.

    Args:
        settings: the task's `RunSettings`.

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

    def network_options(self):
        """The options of the network in the settings (dict)."""
        return self.settings.network

    def initial_network(self):
        """The network to train and, where it starts from a trained one, that one's metadata.

        Raises:
            ValueError: options that differ from those of the network to start from.
            FileNotFoundError, CheckpointError: that network is missing, damaged or of another task.
        """
        options, origin = self.network_options(), self.settings.init_from
        if not origin:
            network = self.network_class(**options)
            network.build()
            return network, None
        network, metadata = store.load_network(origin, self.network_class.task)
        for name, value in options.items():
            if metadata["network"].get(name) != value:
                raise InvalidValue(
                    f"`{name}` must be {metadata['network'].get(name)!r} as in {origin}; "
                    f"received {value!r}"
                )
        return network, {name: metadata[name] for name in _ORIGIN if name in metadata}

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
        settings["vgg_weights"] = os.path.basename(self.settings.vgg_weights)
        return {"losses": losses, "training": settings}

    def _loss_network(self):
        settings = self.settings
        return LossNetwork(settings.losses.layers, settings.loss_network, settings.vgg_weights)
