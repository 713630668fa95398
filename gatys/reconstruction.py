"""Pictures reconstructed from the features of a loss network (Gatys et al. 2015, figure 1)."""

from fast_style.images import check_rgb
from gatys.painting import paint
from gatys.settings import Settings


def reconstruct_content(
    image, layer, callback=None, should_stop=None, network=None, init="noise", **settings
):
    """Reconstructs a photograph from the features of one layer.

    Args:
        image: uint8 RGB `[H, W, 3]`.
        layer: name of the layer, such as "block2_conv2".
        callback, should_stop, network: see `gatys.stylize`.
        init: the picture to begin with, see `gatys.Settings`; the paper begins with white noise.
        **settings: fields of `gatys.Settings` but for layers and their weights.

    Returns:
        uint8 RGB, its long side `image_size`.

    Raises:
        As `gatys.stylize`.
    """
    settings = Settings(
        content_layers=(layer,), style_layers=(), content_weight=1.0, init=init, **settings
    )
    return paint(check_rgb(image, "image"), [], settings, callback, should_stop, network)


def reconstruct_style(
    image, layers, callback=None, should_stop=None, network=None, init="noise", **settings
):
    """Reconstructs a painting's texture from the Gram matrices of layers.

    Args:
        image: uint8 RGB `[H, W, 3]`; the texture has its proportions.
        layers: names of layers, such as ("block1_conv1", "block2_conv1").
        callback, should_stop, network, init: see `reconstruct_content`.
        **settings: fields of `gatys.Settings` but for layers.

    Returns:
        uint8 RGB, its long side `image_size`.

    Raises:
        As `gatys.stylize`.
    """
    settings = Settings(content_layers=(), style_layers=tuple(layers), init=init, **settings)
    image = check_rgb(image, "image")
    return paint(image, [image], settings, callback, should_stop, network)
