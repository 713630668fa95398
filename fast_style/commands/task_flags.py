"""The tasks of the command train, and the flags of their settings.

A flag belongs to the tasks whose settings have a field of its name; its default is that field's.
"""

import dataclasses

from fast_style import command_line
from fast_style.losses.distillation import DistillationLossSettings
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.super_resolution import SuperResolutionLossSettings
from fast_style.networks import transform_net
from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.training.settings import (
    DistillationSettings,
    SuperResolutionSettings,
    TrainingSettings,
)

# Of each task: its settings, their losses, its network.
TASKS = {
    "style": (TrainingSettings, LossSettings, transform_net.TransformNet),
    "super_resolution": (
        SuperResolutionSettings,
        SuperResolutionLossSettings,
        SuperResolutionNet,
    ),
    "distillation": (DistillationSettings, DistillationLossSettings, transform_net.TransformNet),
}
# Flags of the networks and the arguments that they set.
_NETWORK_FLAGS = {
    "width": "width",
    "residual_blocks": "residual_blocks",
    "normalization": "normalization",
    "padding": "padding",
    "upsampling": "upsampling",
    "output_activation": "output",
    "skip": "skip",
}


def define(kind, name, text, *choices):
    """Defines a flag of some task; its help tells where the tasks differ."""
    found = {task: _defaults(task)[name] for task in TASKS if name in _defaults(task)}
    (first, default), *others = found.items()
    if len(found) < len(TASKS):
        text += f" For --task={' and --task='.join(found)} alone."
    text += "".join(f" (--task={task}: {_text(d)})" for task, d in others if d != default)
    default = list(default) if isinstance(default, tuple) else default
    kind(name, default, *choices, text)


def settings(values):
    """The settings of the run.

    Args:
        values: `absl.flags.FlagValues`, parsed. Wrong usage, such as a flag of another task, ends
            the program.

    Returns:
        `TrainingSettings`, `SuperResolutionSettings` or `DistillationSettings`.

    Raises:
        ValueError: values out of range.
    """
    kind, losses_kind, network_kind = TASKS[values.task]
    for task in TASKS:
        for name in _defaults(task):
            if values[name].present and name not in _defaults(values.task):
                command_line.usage_error(f"--{name} is for --task={task} alone")

    def given(cls):
        """The fields of a dataclass that flags were given for: the rest keep their defaults."""
        names = [field.name for field in dataclasses.fields(cls) if field.name in values]
        return {name: _value(values, name) for name in names if values[name].present}

    # A network given by --init_from brings its own options.
    network = {
        argument: values[flag].value
        for flag, argument in _NETWORK_FLAGS.items()
        if values[flag].present and argument in network_kind.OPTIONS
    }
    return kind(**given(kind), losses=losses_kind(**given(losses_kind)), network=network)


def _value(values, name):
    value = values[name].value
    if name.endswith("_layer_weights"):
        return command_line.numbers(name, value)
    return tuple(value) if isinstance(value, list) else value


def _defaults(task):
    """Defaults of the flags of a task: dict by flag."""
    kind, losses_kind, network_kind = TASKS[task]
    fields = (*dataclasses.fields(kind), *dataclasses.fields(losses_kind))
    defaults = {field.name: field.default for field in fields}
    del defaults["losses"], defaults["network"]  # which are flags of their own
    network = command_line.defaults(network_kind)
    for flag, argument in _NETWORK_FLAGS.items():
        if argument in network_kind.OPTIONS:
            defaults[flag] = network[argument]
    return defaults


def _text(default):
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
