"""How far unpainted photographs are from paintings, layer by layer: what "relative" divides by.

    python -m benchmarks.style_distances PAINTINGS PHOTOS [--vgg_weights=PATH]

PAINTINGS is a folder or a quoted pattern, PHOTOS a folder of photographs to train on. Prints the
distances of `PerceptualLoss.measure_distances` and, in brackets, their ratio to the painting's own
energy at that layer.
"""

import numpy as np
from absl import app, flags
from keras import ops

from benchmarks import machine
from data.photos import Photos
from fast_style import images
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.perceptual import PerceptualLoss
from fast_style.training.paintings import read_paintings
from fast_style.training.style_task import MEASURED_CROPS
from gatys.objective import batch

flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a weights file.')
flags.DEFINE_integer("image_size", 256, "Side of the crops, pixels.")
flags.DEFINE_integer("style_size", 640, "Long side of the paintings, pixels.")


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("PAINTINGS and PHOTOS are expected")
    values = flags.FLAGS
    paintings = read_paintings(argv[1])
    settings = LossSettings()
    network = LossNetwork(settings.layers, weights=values.vgg_weights, border=settings.loss_border)
    fitted = [batch(images.fit(each.image, values.style_size)) for each in paintings]
    loss = PerceptualLoss(network, fitted, settings, separate=True)
    crops = Photos(argv[2], values.image_size).sample(MEASURED_CROPS)
    distances = loss.measure_distances(np.float32(crops))
    rows = []
    for number, painting in enumerate(paintings):
        grams = [loss.style_targets[layer][number] for layer in settings.style_layers]
        energies = [float(ops.mean(ops.square(gram))) for gram in grams]
        pairs = zip(distances[number], energies, strict=True)
        rows.append((painting.name, *(f"{d:.2g} ({d / e:.2f})" for d, e in pairs)))
    machine.table(("painting", *settings.style_layers), rows)


if __name__ == "__main__":
    app.run(main)
