"""Settings that a run refuses."""

import numpy as np
import pytest

from fast_style.losses.loss_settings import LossSettings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "`steps` must be at least 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"optimizer": "sgd"}, "`optimizer` must be one of adam, muon; received 'sgd'"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be positive"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"style_size": -5}, "`style_size` must be at least 0"),
        ({"image_size": 1}, "`image_size` must be at least 2 for the features of block2"),
        ({"losses": LossSettings(style_layers=("conv9",))}, "received conv9"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_a_painting_too_small_for_the_loss_layers_is_refused(make):
    with pytest.raises(ValueError, match="style: the painting is 9 x 1: .*at least 2 pixels"):
        make(style=np.zeros((1, 9, 3), np.uint8))
