"""Flags for the fields of `gatys.Settings`, whose defaults they read."""

from absl import flags

from fast_style import command_line
from fast_style.losses import loss_network
from gatys.settings import (
    BALANCE,
    COLOR_METHODS,
    NORMALIZED_BALANCE,
    OPTIMIZERS,
    RATIO,
    STYLE_REDUCTIONS,
    Settings,
)

DEFAULTS = Settings()
_HELP = {
    "steps": "Updates of the picture, at all sizes together.",
    "image_size": "Long side of the picture, pixels; 0 keeps the content image's size.",
    "min_size": "Long side to begin with, pixels; each size is sqrt(2) times the last. "
    "0, or no less than --image_size, works at that size alone.",
    "style_size": "Long side to which the painting is resized, pixels; larger gives larger "
    "strokes; 0 keeps its own size (default: --image_size).",
    "seed": "Seed of the noise.",
    "learning_rate": "Learning rate of Adam, in pixel values.",
    "content_weight": "Weight of the content loss, the paper's alpha (default: see --ratio).",
    "style_weight": "Weight of the style loss, the paper's beta.",
    "ratio": "The paper's alpha / beta, in place of --content_weight (default: "
    f"{RATIO:g}; with --style_reduction=sum {BALANCE:g}, and with --normalized_vgg besides "
    f"{NORMALIZED_BALANCE:g}, for 512 x 512 pixels, in proportion more for fewer pixels).",
    "tv_weight": "Weight of the total variation loss (mean absolute difference of neighbouring "
    "pixels).",
    "content_layers": "Layers of the content loss.",
    "style_layers": "Layers of the style loss.",
    "content_layer_weights": "A weight a layer (default: one over their number).",
    "style_layer_weights": "A weight a layer (default: one over their number).",
    "style_image_weights": "A weight for each painting (default: equal ones).",
    "vgg_weights": loss_network.WEIGHTS_HELP,
    "normalized_vgg": "Scale the loss network so that each filter's mean activation is 1, as in "
    "the paper.",
    "normalization_photos": "Folder of photographs over which that mean is taken (default: the "
    "photograph and the paintings themselves).",
    "clip": "Keep pixels within 0..255 at every step.",
    "keep_colors": "Keep the colours of the photograph.",
    "jit_compile": "Compile the loss and its gradient with XLA.",
}
_CHOICES = {
    "optimizer": (OPTIMIZERS, "L-BFGS (SciPy's) or Adam."),
    "loss_network": (loss_network.ARCHITECTURES, "Network of the losses."),
    "pooling": (loss_network.POOLINGS, "Pooling of the loss network; the paper's is average."),
    "style_reduction": (
        STYLE_REDUCTIONS,
        "relative divides each layer's loss by what it is for the unpainted photograph; sum is the "
        "paper's.",
    ),
    "color_method": (
        COLOR_METHODS,
        "Method of --keep_colors: luminance paints the brightness only, palette first gives the "
        "painting the photograph's colours.",
    ),
}
_NUMBERS = ("content_layer_weights", "style_layer_weights", "style_image_weights")
_PATHS = ("vgg_weights", "normalization_photos")
_FLOATS = ("content_weight", "ratio")  # whose default, None, does not tell their type


def define_flags(**defaults):
    """Defines a flag for each setting but `init`.

    Args:
        **defaults: defaults of a program that differ from those of `Settings`; None leaves the flag
            out.
    """
    for name in (*_HELP, *_CHOICES):
        default = defaults.get(name, getattr(DEFAULTS, name))
        if name in defaults and default is None:
            continue
        if name in _CHOICES:
            flags.DEFINE_enum(name, default, *_CHOICES[name])
        elif name in _PATHS:
            command_line.define_path(name, default, _HELP[name])
        elif isinstance(default, tuple):
            flags.DEFINE_list(name, list(default), _HELP[name])
        elif isinstance(default, bool):
            flags.DEFINE_bool(name, default, _HELP[name])
        elif isinstance(default, float) or name in _FLOATS:
            flags.DEFINE_float(name, default, _HELP[name])
        else:
            flags.DEFINE_integer(name, default, _HELP[name])


def settings(**more):
    """Settings from the flags that are defined: a dict of arguments of `gatys.stylize`.

    Args:
        **more: settings that no flag gives.

    Raises:
        ValueError: a flag was given that changes nothing beside the others.
    """
    values = flags.FLAGS
    _refuse_unused(values)
    found = {name: values[name].value for name in (*_HELP, *_CHOICES) if name in values}
    for name, value in found.items():
        if name in _NUMBERS:
            found[name] = command_line.numbers(name, value)
        elif isinstance(value, list):
            found[name] = tuple(value)
    return found | more


def _refuse_unused(values):
    rules = [
        ("learning_rate", values.optimizer == "adam", "with --optimizer=lbfgs"),
        ("normalization_photos", values.normalized_vgg, "without --normalized_vgg"),
    ]
    if "color_method" in values:
        rules.append(("color_method", values.keep_colors, "without --keep_colors"))
    if "init" in values:
        rules.append(("seed", values.init == "noise", "without --init=noise"))
    command_line.refuse_unused(values, *rules)
