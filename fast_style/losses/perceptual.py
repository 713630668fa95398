"""Perceptual losses (Johnson et al. 2016, section 3.2), written with `keras.ops` alone."""

import keras
import numpy as np
from keras import ops

from fast_style.errors import InvalidValue, check_choice, check_weight

# Mean square to which "energy" scales a painting's Gram matrices: about the middle of fourteen
# paintings' own, 2e5 to 3e6, so that weights for "mean" suit it as well.
ENERGY = 1e6
_SMALLEST_DISTANCE = 1e-6  # a black painting may be at none from black photographs


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


class PerceptualLoss:
    """Total of content, style and total variation loss against paintings.

    The paintings' Gram matrices are computed once, here.

    Args:
        loss_network: a `LossNetwork` that gives every layer of `settings`.
        style_image: float32 RGB `[1, H, W, 3]`, 0..255, of any size, or a list of such images. The
            target of several is the mean of their Gram matrices: the sum of the style losses
            against each differs from the loss against that mean by a constant only.
        settings: a `LossSettings`.
        style_image_weights: for a list, how much each painting counts in the mean; empty for equal
            parts.
        separate: bool, whether each painting of a list is a style of its own, S in all, in place of
            one style that is their mean.

    Attributes:
        distances: float32 `tf.Variable`-like `[S, L]`, what "relative" divides each style layer's
            loss by; see `measure_distances`. None for the other reductions.

    Raises:
        ValueError: weights that do not match the paintings in number, or are negative or all zero.
    """

    def __init__(self, loss_network, style_image, settings, style_image_weights=(), separate=False):
        self.loss_network = loss_network
        self.settings = settings
        paintings = style_image if isinstance(style_image, list | tuple) else [style_image]
        grams = [
            {
                name: gram_matrix(value)
                for name, value in loss_network(painting, layers=settings.style_layers).items()
            }
            for painting in paintings
        ]
        if separate:
            self.style_targets = {
                name: ops.concatenate([each[name] for each in grams]) for name in grams[0]
            }
        else:
            weights = _normalized(style_image_weights, len(paintings))
            self.style_targets = {
                name: sum(weight * each[name] for weight, each in zip(weights, grams, strict=True))
                for name in grams[0]
            }
        self.distances = None
        self._scale = 1.0
        if settings.style_reduction == "energy":
            energy = sum(
                weight * ops.mean(ops.square(self.style_targets[name]))
                for name, weight in settings.weighted("style")
            )
            # A painting without features, an entirely black one, has no energy to divide by.
            self._scale = ENERGY / ops.maximum(energy, 1e-6)

    @property
    def styles(self):
        """int, number of styles."""
        return len(next(iter(self.style_targets.values())))

    def measure_distances(self, images):
        """How far unpainted photographs are from each style at each layer: the "mean" style loss.

        With "relative" each layer's loss is divided by it, so that it is 1 for photographs and
        ends, for painted ones, at the share that is left. Between paintings, and between layers,
        the plain loss differs a hundred thousandfold.

        Args:
            images: float32 RGB `[N, H, W, 3]`, crops of training photographs.

        Returns:
            float32 array `[S, L]`, of each style and layer of `settings.style_layers`, which
            `set_distances` takes.
        """
        layers = self.settings.style_layers
        distances = []
        for image in images:  # one at a time: memory is that of one
            features = self.loss_network(image[None], layers=layers)
            squares = [
                ops.mean(ops.square(gram_matrix(features[name]) - self.style_targets[name]), (1, 2))
                for name in layers
            ]
            distances.append(ops.convert_to_numpy(ops.stack(squares, axis=1)))
        return np.mean(distances, axis=0)

    def set_distances(self, distances):
        """Sets what "relative" divides by: float `[S, L]`, from `measure_distances`."""
        # A variable: workers of one run are handed the chief's.
        self.distances = keras.Variable(distances, trainable=False, dtype="float32")

    def content_targets(self, content_images):
        """Features of `content_images` (float32 RGB `[N, H, W, 3]`) at the content layers."""
        return self.loss_network(content_images, layers=self.settings.content_layers)

    def __call__(self, images, content_targets, styles=None):
        """Compares `images` with paintings and with content features.

        Args:
            images: float32 RGB `[N, H, W, 3]`, 0..255.
            content_targets: what `content_targets` returned for images of the same size.
            styles: int `[N]`, which style each image is held to; None for the first.

        Returns:
            The total, a float32 scalar, and a dict of the losses that it sums, before their
            weights: "content", "style", "tv", and each layer's as "content/block3_conv3" and
            "style/block1_conv2".

        Raises:
            ValueError: "relative" without distances.
        """
        settings = self.settings
        if settings.style_reduction == "relative" and self.distances is None:
            raise InvalidValue("`style_reduction` relative needs `set_distances` first")
        features = self.loss_network(images, layers=settings.layers)
        parts = {}
        for name, _ in settings.weighted("content"):
            parts[f"content/{name}"] = content_loss(features[name], content_targets[name])
        for name, _ in settings.weighted("style"):
            parts[f"style/{name}"] = self._style_loss(name, gram_matrix(features[name]), styles)
        for kind in ("content", "style"):
            parts[kind] = sum(w * parts[f"{kind}/{name}"] for name, w in settings.weighted(kind))
        parts["tv"] = total_variation_loss(images)
        total = (
            settings.content_weight * parts["content"]
            + settings.style_weight * parts["style"]
            + settings.tv_weight * parts["tv"]
        )
        return total, parts

    def _style_loss(self, name, grams, styles):
        """Style loss of one layer, averaged over the images."""
        targets = self.style_targets[name]
        if styles is not None:
            targets = ops.take(targets, styles, axis=0)
        reduction = self.settings.style_reduction
        if reduction != "relative":
            return self._scale * style_loss(grams, targets, "sum" if reduction == "sum" else "mean")
        distances = self.distances[:, self.settings.style_layers.index(name)]
        distances = ops.take(distances, 0 if styles is None else styles, axis=0)
        squares = ops.mean(ops.square(grams - targets), axis=(1, 2))
        return ops.mean(squares / ops.maximum(distances, _SMALLEST_DISTANCE))


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
