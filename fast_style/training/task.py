"""What a network is trained for: the part of a run that differs from task to task."""

import dataclasses
import os

from fast_style.checkpoints import store
from fast_style.errors import InvalidValue
from fast_style.losses.loss_network import LossNetwork
from fast_style.training.settings import RunSettings


class Task:
    """What all tasks share.

    A task adds `setup`, `prepare`, `loss` and `preview`, which `TaskTrainer` calls.

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
        """The network to train and, where it starts from a trained one, that one's metadata.

        Raises:
            ValueError: options that are not those of the network to start from.
            FileNotFoundError, CheckpointError: no such network, or one of another task.
        """
        options, origin = self.network_options(), self.settings.init_from
        if not origin:
            network = self.network_class(**options)
            network.build()
            return network, None
        network, metadata = self._load_origin(origin)
        for name, value in options.items():
            if metadata["network"].get(name) != value:
                raise InvalidValue(
                    f"`{name}` must be {metadata['network'].get(name)!r} as in {origin}; "
                    f"received {value!r}"
                )
        return network, store.origin_of(metadata)

    def _load_origin(self, prefix):
        """The network at `prefix`, as this task can go on with it, and its metadata."""
        return store.load_network(prefix, self.network_class.task)

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

    def describe(self):
        """The part of a network's metadata that says how it is trained."""
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
