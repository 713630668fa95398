"""Perceptual losses (Johnson et al. 2016, section 3.2), written with `keras.ops` alone."""

import dataclasses

from keras import ops

from fast_style.errors import InvalidValue, check_choice, check_weight

REDUCTIONS = ("relative", "mean", "sum")
# Mean square to which "relative" scales a painting's Gram matrices: about the middle of fourteen
# paintings' own, 2e5 to 3e6, so that weights for "mean" suit it as well.
ENERGY = 1e6


def gram_matrix(features):
    """Gram matrix of features, divided by their own H W C (Johnson et al., equation 3).

    Args:
        features: float `[N, H, W, C]`.

    Returns:
        float32 `[N, C, C]`.
    """
    # Sums over thousands of squares: float32 also where the features are half precision.
    features = ops.cast(features, "float32")
    count, height, width, channels = ops.shape(features)
    flat = ops.reshape(features, (count, height * width, channels))
    size = ops.cast(height * width * channels, "float32")
    return ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / size


def content_loss(features, targets):
    """Mean squared difference of features: feature reconstruction loss (equation 2).

    Args:
        features, targets: float `[N, H, W, C]` of one layer.

    Returns:
        float32 scalar.
    """
    return ops.mean(ops.square(ops.cast(features, "float32") - ops.cast(targets, "float32")))


def style_loss(grams, targets, reduction="mean"):
    """Squared Frobenius norm of the difference of Gram matrices (equation 4), averaged over N.

    Args:
        grams: float32 `[N, C, C]`.
        targets: float32 `[N, C, C]` or `[1, C, C]`.
        reduction: "sum" as the paper writes it, or "mean" over the C x C entries, as the authors'
            code computes it: it divides a layer's loss by C squared, which brings layers of
            different width to one scale. ("relative" is `PerceptualLoss`'s: it knows all layers.)

    Returns:
        float32 scalar.
    """
    check_choice("reduction", reduction, ("mean", "sum"))
    squares = ops.square(grams - targets)
    return ops.mean(squares) if reduction == "mean" else ops.mean(ops.sum(squares, axis=(1, 2)))


def total_variation_loss(images):
    """Anisotropic total variation: mean absolute difference of vertical plus horizontal neighbours.

    The paper's total variation regularizer sums; the mean keeps a weight valid at every image
    size.

    Args:
        images: float `[N, H, W, C]`; a side of one pixel adds nothing.

    Returns:
        float32 scalar, in units of pixel values.
    """
    vertical = ops.abs(images[:, 1:] - images[:, :-1])
    horizontal = ops.abs(images[:, :, 1:] - images[:, :, :-1])
    total = 0.0
    for difference in (vertical, horizontal):
        if 0 not in difference.shape:
            total += ops.mean(ops.cast(difference, "float32"))
    return ops.convert_to_tensor(total, "float32")


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


@ops.custom_gradient
def clip_through(images):
    """Clips images to 0..255; the gradient passes unless it leads further out.

    Values beyond that range are clipped when a picture is shown: a network whose loss ignores this
    gains half of its style from colours that nobody sees. A plain clip has no gradient there, so a
    value outside would stay outside; here it may come back (projected gradient descent).

    Args:
        images: float `[N, H, W, C]`.

    Returns:
        float of the same shape, 0..255.
    """

    def gradient(*arguments, upstream=None):
        upstream = arguments[0] if upstream is None else upstream
        up, down = upstream < 0, upstream > 0  # where a descent leads
        outward = ((images > 255.0) & up) | ((images < 0.0) & down)
        return ops.where(outward, ops.zeros_like(upstream), upstream)

    return ops.clip(images, 0.0, 255.0), gradient


@dataclasses.dataclass(frozen=True)
class LossSettings:
    """The layers and weights of the losses.

    Attributes:
        content_layers: layers of the content loss. The paper's text names relu2_2, the authors'
            released code relu3_3, the default here.
        style_layers: layers of the style loss.
        content_weight, style_weight, tv_weight: factors of the three losses in the total.
        content_layer_weights, style_layer_weights: a factor for each layer; empty for 1 each.
        style_reduction: "mean" or "sum", see `style_loss`; or "relative", the mean form scaled
            so that the painting's own loss against black is `ENERGY`. Between a painting of thick
            strokes and one of smooth planes the mean form differs tenfold, and one style weight
            would not do for both.

    Raises:
        ValueError: weights that do not match their layers in number, or are negative.
    """

    content_layers: tuple[str, ...] = ("block3_conv3",)
    style_layers: tuple[str, ...] = (
        "block1_conv2",
        "block2_conv2",
        "block3_conv3",
        "block4_conv3",
    )
    content_weight: float = 1.0
    style_weight: float = 2.0
    tv_weight: float = 500.0
    content_layer_weights: tuple[float, ...] = ()
    style_layer_weights: tuple[float, ...] = ()
    style_reduction: str = "relative"

    def __post_init__(self):
        for kind in ("content", "style"):
            check_layer_weights(
                kind,
                getattr(self, f"{kind}_layers"),
                getattr(self, f"{kind}_weight"),
                getattr(self, f"{kind}_layer_weights"),
            )
        check_weight("tv_weight", self.tv_weight)
        check_choice("style_reduction", self.style_reduction, REDUCTIONS)

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


class PerceptualLoss:
    """Total of content, style and total variation loss against one painting or several.

    The paintings' Gram matrices are computed once, here.

    Args:
        loss_network: a `LossNetwork` that gives every layer of `settings`.
        style_image: float32 RGB `[1, H, W, 3]`, 0..255, of any size, or a list of such images. The
            target of several is the mean of their Gram matrices: the sum of the style losses
            against each differs from the loss against that mean by a constant only.
        settings: a `LossSettings`.
        style_image_weights: for a list, how much each painting counts in the mean; empty for equal
            parts.

    Raises:
        ValueError: weights that do not match the paintings in number, or are negative or all zero.
    """

    def __init__(self, loss_network, style_image, settings, style_image_weights=()):
        self.loss_network = loss_network
        self.settings = settings
        paintings = style_image if isinstance(style_image, list | tuple) else [style_image]
        weights = _normalized(style_image_weights, len(paintings))
        self.style_targets = {}
        for painting, weight in zip(paintings, weights, strict=True):
            features = loss_network(painting, layers=settings.style_layers)
            for name, value in features.items():
                gram = weight * gram_matrix(value)
                self.style_targets[name] = self.style_targets.get(name, 0.0) + gram
        self._reduction, self._scale = settings.style_reduction, 1.0
        if self._reduction == "relative":
            self._reduction = "mean"
            energy = sum(
                weight * ops.mean(ops.square(self.style_targets[name]))
                for name, weight in settings.weighted("style")
            )
            # A painting without features, an entirely black one, has no energy to divide by.
            self._scale = ENERGY / ops.maximum(energy, 1e-6)

    def content_targets(self, content_images):
        """Features of `content_images` (float32 RGB `[N, H, W, 3]`) at the content layers."""
        return self.loss_network(content_images, layers=self.settings.content_layers)

    def __call__(self, images, content_targets):
        """Compares `images` with the painting and with content features.

        Args:
            images: float32 RGB `[N, H, W, 3]`, 0..255.
            content_targets: what `content_targets` returned for images of the same size.

        Returns:
            The total, a float32 scalar, and a dict of the losses that it sums, before their
            weights: "content", "style", "tv", and each layer's as "content/block3_conv3" and
            "style/block1_conv2".
        """
        settings = self.settings
        features = self.loss_network(images, layers=settings.layers)
        parts = {}
        for name, _ in settings.weighted("content"):
            parts[f"content/{name}"] = content_loss(features[name], content_targets[name])
        for name, _ in settings.weighted("style"):
            parts[f"style/{name}"] = self._scale * style_loss(
                gram_matrix(features[name]), self.style_targets[name], self._reduction
            )
        for kind in ("content", "style"):
            parts[kind] = sum(w * parts[f"{kind}/{name}"] for name, w in settings.weighted(kind))
        parts["tv"] = total_variation_loss(images)
        total = (
            settings.content_weight * parts["content"]
            + settings.style_weight * parts["style"]
            + settings.tv_weight * parts["tv"]
        )
        return total, parts


def _normalized(weights, count):
    """`count` weights, equal ones by default, scaled to a sum of 1."""
    weights = tuple(weights) or (1.0,) * count
    if len(weights) != count:
        raise InvalidValue(
            f"`style_image_weights` must hold one weight for each of the {count} style images; "
            f"received {len(weights)}"
        )
    for weight in weights:
        check_weight("style_image_weights", weight)
    if not sum(weights):
        raise InvalidValue("`style_image_weights` must not all be 0")
    return [weight / sum(weights) for weight in weights]
