"""The settings of an optimized picture: everything it depends on but the images."""

import dataclasses

import numpy as np

from fast_style.errors import (
    InvalidValue,
    check_at_least,
    check_choice,
    check_positive,
    check_weight,
)
from fast_style.losses import loss_network
from fast_style.losses.loss_settings import LossSettings

OPTIMIZERS = ("lbfgs", "adam")
INITS = ("content", "style", "noise")
COLOR_METHODS = ("luminance", "palette")
STYLE_REDUCTIONS = ("relative", "sum")
RATIO = 0.05
"""Content weight over style weight, where both losses are relative."""
BALANCE = 2e-4
"""Content weight over style weight for a picture of 512 x 512 pixels, with the paper's sums.

It lies within the range of the paper's figure 3, 1e-5 to 1e-2. The paper's content loss sums over
the feature map: for the same appearance at another size, the ratio is inversely proportional to the
number of pixels.
"""
NORMALIZED_BALANCE = 1e-8
"""The same with a normalized loss network, whose features are about 1 in place of about 100."""


@dataclasses.dataclass(frozen=True, eq=False)
class Settings:
    """How a picture is optimized, and for which losses.

    Attributes:
        steps: updates of the picture, at all sizes together.
        image_size: long side of the picture, pixels; 0 keeps the content image's own size.
        min_size: long side from which to begin, pixels; from there each size is sqrt(2) times the
            last, and the steps are shared equally. 0, or a size of `image_size` and more, works
            at `image_size` alone.
        style_size: long side to which the paintings are resized, pixels: larger gives larger
            strokes; None for the picture's long side, 0 for each painting's own size. At the
            smaller sizes of a run it shrinks with the picture.
        optimizer: "lbfgs" (SciPy's) or "adam".
        learning_rate: of Adam, in pixel values.
        init: "content", "style", "noise" (Gaussian white noise about mid-grey), or a uint8 RGB
            array `[H, W, 3]`: the picture to begin with; images are resized to the first size.
        seed: of the noise.
        clip: whether pixels stay within 0..255 at every step, not only at the end.
        loss_network: "vgg19" as in the paper, or "vgg16".
        pooling: "average" as in the paper, or "max".
        vgg_weights: "imagenet" or the path of a file that `LossNetwork` takes.
        normalized_vgg: whether the loss network's weights are scaled so that each filter's mean
            activation is 1, as in the paper.
        normalization_photos: folder of the photographs over which that mean is taken (up to 64
            of its images); empty for the photograph and the paintings themselves.
        content_layers, style_layers: layers that are compared; the paper's, by default.
        content_layer_weights, style_layer_weights: a weight for each layer; empty for one over
            their number, as in the paper (section Methods).
        style_reduction: "relative" divides each style layer's loss by what it is for the
            unpainted photograph, and each content layer's by the energy of the photograph's
            features, so that every layer has its say, whatever the loss network and the painting;
            "sum" is the paper's sums.
        content_weight, style_weight: the paper's alpha and beta. A `content_weight` of None takes
            `RATIO` of the style weight, or with sums `BALANCE` (`NORMALIZED_BALANCE`) for the
            picture's size.
        ratio: alpha / beta, in place of `content_weight`.
        tv_weight: weight of the total variation loss (mean absolute difference of neighbours),
            which the paper does not have.
        style_image_weights: a weight for each painting; empty for equal ones.
        keep_colors: whether the picture keeps the colours of the content image.
        color_method: "luminance" or "palette", see `gatys.colors`.
        jit_compile: whether XLA compiles the loss and its gradient.

    Raises:
        ValueError: a value out of its range.
    """

    steps: int = 250
    image_size: int = 512
    min_size: int = 256
    style_size: int | None = None
    optimizer: str = "lbfgs"
    learning_rate: float = 10.0
    init: str | np.ndarray = "content"
    seed: int = 0
    clip: bool = True
    loss_network: str = "vgg19"
    pooling: str = "average"
    vgg_weights: str = "imagenet"
    normalized_vgg: bool = False
    normalization_photos: str = ""
    content_layers: tuple[str, ...] = ("block4_conv2",)
    style_layers: tuple[str, ...] = (
        "block1_conv1",
        "block2_conv1",
        "block3_conv1",
        "block4_conv1",
        "block5_conv1",
    )
    content_layer_weights: tuple[float, ...] = ()
    style_layer_weights: tuple[float, ...] = ()
    style_reduction: str = "relative"
    content_weight: float | None = None
    style_weight: float = 1.0
    ratio: float | None = None
    tv_weight: float = 0.0
    style_image_weights: tuple[float, ...] = ()
    keep_colors: bool = False
    color_method: str = "luminance"
    jit_compile: bool = False

    def __post_init__(self):
        for name, least in (
            ("steps", 1),
            ("image_size", 0),
            ("min_size", 0),
            ("style_size", 0),
            ("seed", 0),
        ):
            if getattr(self, name) is not None:
                check_at_least(name, getattr(self, name), least)
        for name, choices in (
            ("optimizer", OPTIMIZERS),
            ("color_method", COLOR_METHODS),
            ("loss_network", loss_network.ARCHITECTURES),
            ("pooling", loss_network.POOLINGS),
            ("style_reduction", STYLE_REDUCTIONS),
        ):
            check_choice(name, getattr(self, name), choices)
        if isinstance(self.init, str):
            check_choice("init", self.init, INITS)
        check_positive("learning_rate", self.learning_rate)
        if self.ratio is not None:
            if self.content_weight is not None:
                raise InvalidValue("`ratio` and `content_weight` can't both be given")
            check_weight("ratio", self.ratio)
        self.losses({name: 1 for name in self.content_layers}, 1)  # checks weights and layers

    def alpha(self, pixels):
        """Weight of the content loss for a picture of so many pixels."""
        if self.content_weight is not None:
            return self.content_weight
        ratio = self.ratio
        if ratio is None:
            relative = self.style_reduction == "relative"
            balance = NORMALIZED_BALANCE if self.normalized_vgg else BALANCE
            ratio = RATIO if relative else balance * 512**2 / pixels
        return ratio * self.style_weight

    def losses(self, scales, pixels):
        """The losses as `fast_style` writes them.

        Half a sum of squares is its mean times half the number of features (the paper's equation
        1), and with Gram matrices divided by their own H W C the paper's style loss (equation 4)
        is a quarter of the squared norm: with "sum" these factors go into the layers' weights.

        Args:
            scales: dict, what the mean squared difference of each content layer's features is
                multiplied by: half of H W C for the paper's sum, one over the energy of the
                photograph's features for a relative one.
            pixels: H W of the finished picture.

        Returns:
            `fast_style.losses.loss_settings.LossSettings`.
        """
        # With the user's own weights first, so that errors name the numbers that were given.
        plain = LossSettings(
            content_layers=tuple(self.content_layers),
            style_layers=tuple(self.style_layers),
            content_weight=self.alpha(pixels),
            style_weight=self.style_weight,
            tv_weight=self.tv_weight,
            content_layer_weights=tuple(self.content_layer_weights),
            style_layer_weights=tuple(self.style_layer_weights),
            # Without style layers there are no distances that "relative" could divide by.
            style_reduction=self.style_reduction if self.style_layers else "sum",
        )
        content = self.content_layer_weights or _equal(self.content_layers)
        style = self.style_layer_weights or _equal(self.style_layers)
        part = 4 if self.style_reduction == "sum" else 1
        return dataclasses.replace(
            plain,
            content_layer_weights=tuple(
                weight * scales[name]
                for name, weight in zip(self.content_layers, content, strict=True)
            ),
            style_layer_weights=tuple(weight / part for weight in style),
        )


def _equal(layers):
    return (1 / len(layers),) * len(layers) if layers else ()
