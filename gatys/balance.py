"""The loss network and the loss of a picture: how layers, content and style are weighed."""

import math

import keras
import numpy as np
from keras import ops

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.normalized_vgg import normalize
from fast_style.losses.perceptual import PerceptualLoss

# Over how many photographs of a folder activations are averaged, and their long side in pixels.
_PHOTOS = 64
_PHOTO_SIZE = 256
# A photograph is never nearer to a painting than this part of the painting's own energy: where
# both are one picture, the loss would be divided by nothing.
_NEAREST = 1e-3
_SMALLEST = 1e-6


def make_network(settings, layers, pictures):
    """The loss network that settings ask for.

    Args:
        settings: a `gatys.Settings`.
        layers: names of the layers that it gives.
        pictures: list of uint8 RGB `[H, W, 3]`: with `normalized_vgg` and without a folder of
            photographs, what its activations are averaged over.

    Returns:
        A `LossNetwork`.

    Raises:
        ValueError: layers or weights that do not fit, or a folder without a readable image.
        OSError: there is no such file or folder.
    """
    network = LossNetwork(layers, settings.loss_network, settings.vgg_weights, settings.pooling)
    if settings.normalized_vgg:
        if settings.normalization_photos:
            pictures = _photos(settings.normalization_photos)
        normalize(
            network, (np.float32(images.fit(picture, _PHOTO_SIZE)[None]) for picture in pictures)
        )
    return network


def _photos(folder):
    """Photographs of a folder, evenly spaced among its images (list of uint8 RGB)."""
    paths = images.find(folder)
    if not paths:
        raise InvalidValue(f"{folder}: no images to average activations over")
    return [images.read(path) for path in paths[:: math.ceil(len(paths) / _PHOTOS)]]


def make_loss(settings, network, content, paintings, final):
    """The loss of a picture.

    Args:
        settings: a `gatys.Settings`.
        network: the loss network.
        content: float32 RGB `[1, H, W, 3]`, 0..255, the photograph at the size of the picture.
        paintings: list of float32 RGB `[1, H', W', 3]`.
        final: (height, width) of the finished picture.

    Returns:
        A `fast_style.losses.perceptual.PerceptualLoss`.
    """
    relative = settings.style_reduction == "relative"
    scales = (
        _energies(network, settings, content) if relative else _halves(network, settings, *final)
    )
    losses = settings.losses(scales, math.prod(final))
    loss = PerceptualLoss(network, paintings, losses, settings.style_image_weights)
    if relative and settings.style_layers:
        energies = [ops.mean(ops.square(loss.style_targets[name])) for name in losses.style_layers]
        least = _NEAREST * ops.convert_to_numpy(ops.stack(energies))
        loss.set_distances(np.maximum(loss.measure_distances(content), least))
    return loss


def _energies(network, settings, content):
    """One over the mean square of the photograph's features, for each content layer."""
    if not settings.content_layers:
        return {}
    features = network(content, layers=settings.content_layers)
    return {
        name: 1 / max(float(ops.mean(ops.square(value))), _SMALLEST)
        for name, value in features.items()
    }


def _halves(network, settings, height, width):
    """Half of H W C, for each content layer: by it a mean is half a sum, the paper's equation 1.

    Smaller sizes on the way use that of the finished picture, so that content and style keep their
    balance.
    """
    if not settings.content_layers:
        return {}
    features = network(
        keras.Input(batch_shape=(1, height, width, 3)), layers=settings.content_layers
    )
    return {name: math.prod(value.shape[1:]) / 2 for name, value in features.items()}
