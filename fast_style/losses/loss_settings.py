"""Weights and layers of the perceptual losses."""

import dataclasses

from fast_style.errors import InvalidValue, check_choice, check_weight
from fast_style.losses.loss_network import check_border

REDUCTIONS = ("relative", "mean", "sum")


def check_layer_weights(kind, layers, weight, layer_weights):
    """Raises `ValueError` unless the layers of a loss and their weights go together.

    Args:
        kind: "content" or "style", for the arguments' names.
        layers: names of layers.
        weight: factor of the loss.
        layer_weights: a factor for each layer, or an empty tuple.
    """
    if len(set(layers)) != len(layers):
        raise InvalidValue(f"`{kind}_layers` must not repeat a layer; received {layers}")
    if layer_weights and len(layer_weights) != len(layers):
        raise InvalidValue(
            f"`{kind}_layer_weights` must hold one weight for each of the "
            f"{len(layers)} layers; received {len(layer_weights)}"
        )
    check_weight(f"{kind}_weight", weight)
    for value in layer_weights:
        check_weight(f"{kind}_layer_weights", value)


@dataclasses.dataclass(frozen=True)
class LossSettings:
    """The layers and weights of the losses.

    Attributes:
        content_layers: layers of the content loss. The paper's text names relu2_2, the authors'
            released code relu3_3, the default here.
        style_layers: layers of the style loss.
        content_weight, style_weight, tv_weight: factors of the three losses in the total.
        checkerboard_weight: factor of the loss against patterns of the network's own grid, which
            training adds to them (`fast_style.losses.checkerboard`); 0 leaves it out.
        stability_weight: factor of the stability loss, which training adds as well
            (`fast_style.losses.stability`); 0 leaves it out, and its time.
        content_layer_weights, style_layer_weights: a factor for each layer; empty for 1 each.
        loss_border: int, pixels by which pictures are continued before the loss network sees them
            (`border` of `fast_style.losses.loss_network.LossNetwork`); 0 for none.
        style_reduction: "mean" or "sum", see `style_loss`; or "relative": each layer's mean form
            divided by what it is for unpainted photographs (`PerceptualLoss.measure_distances`),
            so that one weight does for every painting and every layer has its say. "energy" is
            what "relative" was in version 0.1: the mean form scaled so that the painting's own
            loss against black is `ENERGY`.

    Raises:
        ValueError: weights that do not match their layers in number, or are negative, or a border
            that does not match the deepest layer.
    """

    content_layers: tuple[str, ...] = ("block3_conv3",)
    style_layers: tuple[str, ...] = (
        "block1_conv2",
        "block2_conv2",
        "block3_conv3",
        "block4_conv3",
    )
    content_weight: float = 1.0
    style_weight: float = 4e5
    tv_weight: float = 1000.0
    checkerboard_weight: float = 1000.0
    stability_weight: float = 0.0
    content_layer_weights: tuple[float, ...] = ()
    style_layer_weights: tuple[float, ...] = ()
    loss_border: int = 16
    style_reduction: str = "relative"

    def __post_init__(self):
        for kind in ("content", "style"):
            check_layer_weights(
                kind,
                getattr(self, f"{kind}_layers"),
                getattr(self, f"{kind}_weight"),
                getattr(self, f"{kind}_layer_weights"),
            )
        for name in ("tv_weight", "checkerboard_weight", "stability_weight"):
            check_weight(name, getattr(self, name))
        check_border("loss_border", self.loss_border, self.layers)
        check_choice("style_reduction", self.style_reduction, (*REDUCTIONS, "energy"))

    @property
    def layers(self):
        """All layers that are compared, each once."""
        return tuple(dict.fromkeys((*self.content_layers, *self.style_layers)))

    def weighted(self, kind):
        """Pairs of layer name and weight; `kind` is "content" or "style"."""
        layers = getattr(self, f"{kind}_layers")
        return tuple(
            zip(layers, getattr(self, f"{kind}_layer_weights") or (1.0,) * len(layers), strict=True)
        )
