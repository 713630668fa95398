"""The papers' figures as labelled grids of pictures."""

import dataclasses

import numpy as np

from fast_style import images
from fast_style.images.grid import grid
from fast_style.losses.loss_network import LossNetwork
from gatys.balance import make_network
from gatys.painting import stylize
from gatys.reconstruction import reconstruct_content, reconstruct_style
from gatys.settings import Settings

LAYERS = Settings.style_layers
# alpha / beta of the columns, from texture to photograph, by `style_reduction`.
RATIOS = {"relative": (1e-3, 1e-2, 1e-1, 1.0), "sum": (1e-5, 1e-4, 1e-3, 1e-2)}
JOHNSON_LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3", "block5_conv1", "block5_conv3")
# The paper adds total variation, summed over the pixels, and names no weight.
JOHNSON_TV = 0.1  # for each pixel


@dataclasses.dataclass
class Studio:
    """The images and settings that all figures of one run share.

    Attributes:
        photo, painting: uint8 RGB `[H, W, 3]`.
        settings: dict of arguments of `gatys.stylize`, such as steps and image_size.
        vgg16_weights: weights of the network of `feature_reconstructions`.
        done: called after each picture, without arguments.
    """

    photo: np.ndarray
    painting: np.ndarray
    settings: dict
    vgg16_weights: str = "imagenet"
    done: object = staticmethod(lambda: None)

    def content_reconstructions(self):
        """The photograph, and reconstructed from conv1_1, conv2_1, ... conv5_1."""
        network = self._network(LAYERS)
        return self._reconstructions(LAYERS, network, self.settings)

    def feature_reconstructions(self):
        """The photograph, and reconstructed from VGG-16 with max pooling, as Johnson et al. do."""
        changed = {"loss_network": "vgg16", "pooling": "max", "vgg_weights": self.vgg16_weights}
        changed["style_reduction"] = "sum"  # and so the content loss, which the weight is for
        settings = self.settings | changed
        network = LossNetwork(JOHNSON_LAYERS, "vgg16", self.vgg16_weights, "max")
        height, width = self._shown(self.photo).shape[:2]
        weight = JOHNSON_TV * height * width
        return self._reconstructions(JOHNSON_LAYERS, network, settings, tv_weight=weight)

    def style_reconstructions(self):
        """The painting, and its texture from conv1_1, from conv1_1 and conv2_1, ..."""
        network = self._network(LAYERS)
        pictures = [self._shown(self.painting)]
        for count in range(1, len(LAYERS) + 1):
            pictures.append(
                reconstruct_style(self.painting, LAYERS[:count], network=network, **self.settings)
            )
            self.done()
        return grid([pictures], ("painting", *_up_to(LAYERS)))

    def style_grid(self):
        """Style layers conv1_1 ... conv5_1 from top to bottom, alpha / beta from left to right."""
        network = self._network((*Settings.content_layers, *LAYERS))
        ratios = RATIOS[Settings(**self.settings).style_reduction]
        rows = []
        for count in range(1, len(LAYERS) + 1):
            rows.append([])
            for ratio in ratios:
                settings = self.settings | {
                    "style_layers": LAYERS[:count],
                    "ratio": ratio,
                    "init": "noise",
                }
                rows[-1].append(stylize(self.photo, self.painting, network=network, **settings))
                self.done()
        return grid(rows, [f"{ratio:.0e}" for ratio in ratios], _up_to(LAYERS))

    def _reconstructions(self, layers, network, settings, **more):
        pictures = [self._shown(self.photo)]
        for layer in layers:
            pictures.append(
                reconstruct_content(self.photo, layer, network=network, **settings, **more)
            )
            self.done()
        return grid([pictures], ("photograph", *map(_short, layers)))

    def _network(self, layers):
        chosen = Settings(**self.settings)
        return make_network(chosen, layers, [self.photo, self.painting])

    def _shown(self, image):
        size = Settings(**self.settings).image_size
        return images.fit(image, size) if size else image


FIGURES = {  # name: number of pictures that are computed
    "content_reconstructions": len(LAYERS),
    "style_reconstructions": len(LAYERS),
    "style_grid": len(LAYERS) * len(RATIOS[Settings.style_reduction]),
    "feature_reconstructions": len(JOHNSON_LAYERS),
}


def _short(layer):
    """The papers' name: conv2_1 for block2_conv1."""
    return layer.replace("block", "conv", 1).replace("_conv", "_")


def _up_to(layers):
    return [_short(layers[0]), *(f"to {_short(layer)}" for layer in layers[1:])]
