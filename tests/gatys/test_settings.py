"""What a picture depends on: ranges, and the paper's weights in the terms of `fast_style`."""

import numpy as np
import pytest

from gatys.settings import BALANCE, NORMALIZED_BALANCE, RATIO, Settings


@pytest.mark.parametrize(
    "options, message",
    [
        ({"steps": 0}, r"`steps` must be at least 1; received 0"),
        ({"image_size": -1}, r"`image_size` must be at least 0; received -1"),
        ({"min_size": -1}, r"`min_size` must be at least 0"),
        ({"style_size": -2}, r"`style_size` must be at least 0"),
        ({"seed": -1}, r"`seed` must be at least 0"),
        ({"optimizer": "sgd"}, r"`optimizer` must be one of lbfgs, adam; received 'sgd'"),
        ({"init": "black"}, r"`init` must be one of content, style, noise; received 'black'"),
        ({"color_method": "hue"}, r"`color_method` must be one of luminance, palette"),
        ({"loss_network": "vgg11"}, r"`loss_network` must be one of vgg16, vgg19"),
        ({"pooling": "sum"}, r"`pooling` must be one of max, average"),
        ({"style_reduction": "mean"}, r"`style_reduction` must be one of relative, sum"),
        ({"learning_rate": 0.0}, r"`learning_rate` must be positive; received 0.0"),
        ({"learning_rate": float("nan")}, r"`learning_rate` must be positive; received nan"),
        ({"ratio": -1.0}, r"`ratio` must be finite and not negative; received -1.0"),
        ({"ratio": 1.0, "content_weight": 1.0}, r"`ratio` and `content_weight` can't both"),
        ({"content_weight": -1.0}, r"`content_weight` .*not negative; received -1.0"),
        ({"tv_weight": float("inf")}, r"`tv_weight` must be finite"),
        (
            {"style_layer_weights": (1.0, 2.0)},
            r"`style_layer_weights` must hold one weight for each of the 5 layers; received 2",
        ),
        ({"content_layer_weights": (1.0, 2.0)}, r"`content_layer_weights` must hold one weight"),
        ({"style_layers": ("a", "a")}, r"`style_layers` must not repeat a layer"),
    ],
)
def test_values_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Settings(**options)


def test_an_array_is_an_init_too():
    assert Settings(init=np.zeros((2, 2, 3), np.uint8)).init.shape == (2, 2, 3)


def test_the_paper_weighs_layers_equally():
    losses = Settings(style_reduction="sum").losses({"block4_conv2": 5}, 512**2)
    assert losses.style_layer_weights == (0.2 / 4,) * 5
    assert losses.content_layer_weights == (5,)
    assert losses.style_reduction == "sum"


def test_relative_layers_add_up_to_one():
    losses = Settings().losses({"block4_conv2": 0.1}, 512**2)
    assert losses.style_layer_weights == (0.2,) * 5
    assert losses.content_layer_weights == (0.1,)
    assert losses.style_reduction == "relative"


@pytest.mark.parametrize("reduction, weights", [("sum", (0.75, 0.25)), ("relative", (3.0, 1.0))])
def test_weights_of_layers_are_kept_as_given(reduction, weights):
    settings = Settings(
        style_layers=("a", "b"), style_layer_weights=(3.0, 1.0), style_reduction=reduction
    )
    assert settings.losses({"block4_conv2": 1}, 1).style_layer_weights == weights


def test_content_weight_is_given_alone_as_a_ratio_or_by_the_size():
    assert Settings(content_weight=7.0, style_weight=2.0).alpha(100) == 7.0
    assert Settings(ratio=1e-3, style_weight=2.0).alpha(100) == pytest.approx(2e-3)
    assert Settings(style_weight=3.0).alpha(1) == Settings(style_weight=3.0).alpha(512**2)
    assert Settings(style_weight=3.0).alpha(1) == pytest.approx(3 * RATIO)
    assert Settings(style_reduction="sum").alpha(512**2) == pytest.approx(BALANCE)
    settings = Settings(style_weight=3.0, style_reduction="sum")
    assert settings.alpha(256**2) == pytest.approx(12 * BALANCE)
    settings = Settings(normalized_vgg=True, style_reduction="sum")
    assert settings.alpha(256**2) == pytest.approx(4 * NORMALIZED_BALANCE)
    assert Settings(normalized_vgg=True).alpha(1) == pytest.approx(RATIO)
