"""The loss that a network was trained with, for pictures that are compared by it."""

from fast_style import images
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.perceptual import LossSettings, PerceptualLoss
from gatys.objective import batch


def load(metadata, style, vgg_weights):
    """The `PerceptualLoss` of a training run.

    Args:
        metadata: dict of the trained network.
        style: path of the painting.
        vgg_weights: "imagenet" or the path of a Keras weights file.
    """
    training = metadata["training"]
    settings = LossSettings(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in metadata["losses"].items()
        }
    )
    network = LossNetwork(settings.layers, training["loss_network"], vgg_weights)
    painting = images.read(style)
    if training["style_size"]:
        painting = images.fit(painting, training["style_size"])
    return PerceptualLoss(network, batch(painting), settings)
