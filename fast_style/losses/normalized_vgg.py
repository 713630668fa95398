"""A VGG whose filters have a mean activation of 1 (Gatys et al. 2015, section Methods)."""

import itertools

import keras
import numpy as np


def mean_activations(network, pictures):
    """Mean of each filter's features over pictures and positions.

    Args:
        network: a `fast_style.losses.loss_network.LossNetwork`.
        pictures: iterable of float32 RGB `[N, H, W, 3]`, 0..255, each of any size.

    Returns:
        dict from the name of each convolution, from shallow to deep, to a float64 array
        `[filters]`.
    """
    layers = [layer for layer in network.stack if layer.weights]
    sums = {layer.name: np.zeros(layer.bias.shape) for layer in layers}
    positions = dict.fromkeys(sums, 0)
    for picture in pictures:
        x = network.preprocessing(keras.ops.convert_to_tensor(picture))
        for layer in network.stack:
            if not layer.weights and min(x.shape[1:3]) < 2:
                break  # too small a picture to be pooled
            x = layer(x)
            if layer.weights:
                values = np.asarray(x, np.float64)
                sums[layer.name] += values.sum(axis=(0, 1, 2))
                positions[layer.name] += values.size // values.shape[-1]
    return {name: total / max(positions[name], 1) for name, total in sums.items()}


def normalize(network, pictures):
    """Scales the weights of a network, in place, so that each filter's mean activation is 1.

    What a filter gives is divided by its mean, its kernel and bias alike, and what the next layer
    takes from it is multiplied by the same: ReLU and pooling pass factors on, so every layer's
    features are those of before, divided by their means. A filter that is never active gives what
    it gave.

    Args:
        network: a `LossNetwork`, which is changed.
        pictures: iterable of float32 RGB `[N, H, W, 3]`, 0..255: photographs over which the mean is
            taken. A filter that few of them excite is enlarged much, so take dozens.

    Returns:
        dict of the means that were divided by, as `mean_activations` returns it.
    """
    means = mean_activations(network, pictures)
    factors = {name: np.where(mean > 0, mean, 1.0) for name, mean in means.items()}
    layers = [layer for layer in network.stack if layer.weights]
    for before, layer in itertools.pairwise([None, *layers]):
        kernel, bias = (np.asarray(weight, np.float64) for weight in layer.get_weights())
        if before is not None:
            kernel = kernel * factors[before.name][:, None]
        own = factors[layer.name]
        layer.set_weights([kernel / own, bias / own])
    return means
