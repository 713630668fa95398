"""Paintings as files hold them."""

import numpy as np
from PIL import Image

from fast_style import images
from fast_style.training.paintings import read_paintings
from tests import color_profiles


def test_a_painting_is_read_on_white_with_a_warning(tmp_path, caplog):
    alpha = np.full((40, 50), 255, np.uint8)
    alpha[:, 30:] = 0
    images.save(tmp_path / "waves.png", np.full((40, 50, 3), 70, np.uint8), alpha)
    (painting,) = read_paintings(str(tmp_path / "waves.png"))
    assert (painting.image[:, :30] == 70).all() and (painting.image[:, 30:] == 255).all()
    (line,) = caplog.messages
    assert "waves.png" in line and "white" in line


def test_paintings_in_other_colour_spaces_are_the_same_painting(tmp_path):
    stored = np.full((40, 50, 3), [150, 110, 100], np.uint8)
    profile = color_profiles.rgb_profile(color_profiles.DISPLAY_P3, 2.2)
    Image.fromarray(stored).save(tmp_path / "wide.png", icc_profile=profile)
    (painting,) = read_paintings(str(tmp_path / "wide.png"))
    # By Lindbloom's formulas.
    assert np.abs(painting.image - np.array([159, 108, 98])).max() <= 1
