"""The losses of super-resolution (Johnson et al. 2016, sections 3.2 and 4.2)."""

import dataclasses

from fast_style.errors import InvalidValue, check_weight
from fast_style.losses.perceptual import check_layer_weights, content_loss, total_variation_loss


@dataclasses.dataclass(frozen=True)
class SuperResolutionLossSettings:
    """The layers and weights of the losses.

    The defaults are the paper's l_feat; `content_weight=0, pixel_weight=1` is its l_pixel.

    Attributes:
        content_layers: layers of the content (feature reconstruction) loss.
        content_weight, pixel_weight, tv_weight: factors of the losses in the total.
        content_layer_weights: a factor for each layer; empty for 1 each.

    Raises:
        ValueError: weights that do not match their layers in number, are negative, or leave
            nothing to compare.
    """

    content_layers: tuple[str, ...] = ("block2_conv2",)
    content_weight: float = 1.0
    pixel_weight: float = 0.0
    tv_weight: float = 0.0
    content_layer_weights: tuple[float, ...] = ()

    def __post_init__(self):
        check_layer_weights(
            "content", self.content_layers, self.content_weight, self.content_layer_weights
        )
        for name in ("pixel_weight", "tv_weight"):
            check_weight(name, getattr(self, name))
        if not self.pixel_weight and not self.layers:
            raise InvalidValue(
                "`content_weight` and `pixel_weight` must not both be 0: nothing would say what "
                "the image should look like"
            )

    @property
    def layers(self):
        """The layers that are compared; none where the content loss has no weight."""
        return self.content_layers if self.content_weight else ()


class SuperResolutionLoss:
    """Total of content, pixel and total variation loss.

    Args:
        loss_network: a `LossNetwork` that gives every layer of `settings`; None if it has no
            layers.
        settings: a `SuperResolutionLossSettings`.
    """

    def __init__(self, loss_network, settings):
        self.loss_network = loss_network
        self.settings = settings

    def targets(self, images):
        """What a network's output is compared with.

        Args:
            images: float32 RGB `[N, H, W, 3]`, 0..255, the originals.

        Returns:
            `images`, and a dict of their features by layer, empty without a content loss.
        """
        features = self.loss_network(images) if self.settings.layers else {}
        return images, features

    def __call__(self, images, targets):
        """Compares `images` (float32 RGB `[N, H, W, 3]`, 0..255) with what `targets` returned.

        Returns:
            The total, a float32 scalar, and a dict of the losses that it sums, before their
            weights: "content", "pixel", "tv", and each layer's as "content/block2_conv2". Content
            is left out where it has no weight.
        """
        settings = self.settings
        wanted, wanted_features = targets
        parts, total = {}, 0.0
        if settings.layers:
            features = self.loss_network(images)
            weights = settings.content_layer_weights or (1.0,) * len(settings.layers)
            content = 0.0
            for name, weight in zip(settings.layers, weights, strict=True):
                parts[f"content/{name}"] = content_loss(features[name], wanted_features[name])
                content += weight * parts[f"content/{name}"]
            parts["content"] = content
            total += settings.content_weight * content
        # Equation 2 with the pixels in place of features.
        parts["pixel"] = content_loss(images, wanted)
        parts["tv"] = total_variation_loss(images)
        total += settings.pixel_weight * parts["pixel"] + settings.tv_weight * parts["tv"]
        return total, parts
