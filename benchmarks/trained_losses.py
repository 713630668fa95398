"""The loss that a network was trained with, from its metadata, and the weave in its pictures."""

import dataclasses

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.losses.checkerboard import checkerboard_loss
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.perceptual import PerceptualLoss
from fast_style.networks.architecture import STRIDE
from gatys.objective import batch


def load(metadata, style, vgg_weights, name=None):
    """The `PerceptualLoss` of a training run.

    Args:
        metadata: dict of the trained network.
        style: path of the painting.
        vgg_weights: "imagenet" or the path of a weights file.
        name: of the style, if the network has several.

    Raises:
        ValueError: the network has no style of that name.
    """
    training = metadata["training"]
    stated = {"loss_border": 0, **metadata["losses"]}  # which is left out where there is none
    settings = LossSettings(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stated.items()
        }
    )
    distances = _style(metadata, name).get("distances")
    if settings.style_reduction == "relative" and distances is None:
        # Version 0.1 called it so.
        settings = dataclasses.replace(settings, style_reduction="energy")
    network = LossNetwork(
        settings.layers, training["loss_network"], vgg_weights, border=settings.loss_border
    )
    painting = images.read(style)
    if training["style_size"]:
        painting = images.fit(painting, training["style_size"])
    loss = PerceptualLoss(network, batch(painting), settings)
    if distances is not None:
        loss.set_distances([[distances[layer] for layer in settings.style_layers]])
    return loss


def compare(loss, photo, painted):
    """The losses of a photograph, and of what a network made of it.

    Args:
        loss: a `PerceptualLoss`.
        photo, painted: uint8 RGB `[H, W, 3]`.

    Returns:
        Two pairs, as `PerceptualLoss` returns them: of the photograph and of the painted one.
    """
    targets = loss.content_targets(batch(photo))
    return loss(batch(photo), targets), loss(batch(painted), targets)


def weave(picture):
    """Root mean square of what repeats with the network's grid, of 255.

    Args:
        picture: uint8 RGB `[H, W, 3]`.
    """
    return float(checkerboard_loss(batch(picture), STRIDE)) ** 0.5


def _style(metadata, name):
    """The entry of a style in metadata (dict)."""
    if "styles" not in metadata:
        return metadata.get("style", {})
    for style in metadata["styles"]:
        if style["name"] == name:
            return style
    raise InvalidValue(f"the network has no style {name!r}")
