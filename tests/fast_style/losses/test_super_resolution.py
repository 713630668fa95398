"""The losses of super-resolution, by hand and against the reference features."""

import numpy as np
import pytest

from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.super_resolution import SuperResolutionLoss, SuperResolutionLossSettings

LAYERS = ("block1_conv1", "block2_conv1")


def batch(photo, seed):
    return photo(16, 16, seed)[None].astype("float32")


def test_l_pixel_is_the_mean_squared_difference_and_needs_no_loss_network(photo):
    settings = SuperResolutionLossSettings(content_weight=0, pixel_weight=1)
    assert settings.layers == ()
    loss = SuperResolutionLoss(None, settings)
    ours, theirs = batch(photo, 1), batch(photo, 2)
    total, parts = loss(ours, loss.targets(theirs))
    assert float(total) == pytest.approx(np.mean((ours - theirs) ** 2), rel=1e-5)
    assert set(parts) == {"pixel", "tv"}


def test_the_total_is_the_weighted_sum(photo, random_vgg):
    settings = SuperResolutionLossSettings(
        content_layers=LAYERS,
        content_layer_weights=(2.0, 3.0),
        content_weight=0.5,
        pixel_weight=0.25,
        tv_weight=7.0,
    )
    loss = SuperResolutionLoss(LossNetwork(LAYERS, weights=random_vgg), settings)
    ours, theirs = batch(photo, 1), batch(photo, 2)
    total, parts = loss(ours, loss.targets(theirs))
    content = 2 * parts["content/block1_conv1"] + 3 * parts["content/block2_conv1"]
    assert float(parts["content"]) == pytest.approx(float(content), rel=1e-5)
    expected = 0.5 * parts["content"] + 0.25 * parts["pixel"] + 7 * parts["tv"]
    assert float(total) == pytest.approx(float(expected), rel=1e-5)
    same, _ = loss(theirs, loss.targets(theirs))
    assert float(same) == pytest.approx(7 * float(loss(theirs, loss.targets(theirs))[1]["tv"]))


def test_the_default_is_the_papers_l_feat():
    settings = SuperResolutionLossSettings()
    assert settings.layers == ("block2_conv2",)
    assert (settings.content_weight, settings.pixel_weight, settings.tv_weight) == (1, 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content_weight": 0}, "`content_weight` and `pixel_weight` must not both be 0"),
        ({"content_layers": ()}, "must not both be 0"),
        ({"pixel_weight": -1}, "`pixel_weight` must be finite and not negative; received -1"),
        ({"tv_weight": float("nan")}, "`tv_weight` must be finite"),
        ({"content_weight": float("inf")}, "`content_weight` must be finite"),
        ({"content_layer_weights": (1, 2)}, "`content_layer_weights` must hold one weight"),
        ({"content_layers": ("a", "a")}, "`content_layers` must not repeat a layer"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SuperResolutionLossSettings(**options)
