"""Measures of flicker, on films of which they are known."""

import numpy as np
import pytest

from fast_style.video import stability
from tests.films import scene, shifted


def test_a_scene_that_moves_has_hardly_any_error():
    first, second = shifted(4, 2)
    between = stability.motion(first, second)
    assert not between.is_cut and between.visible.mean() > 0.7
    assert stability.warping_error(between, first, second) < 0.02
    assert stability.warping_error(between, first, first) > 0.05  # which does not move along


def test_the_error_of_a_still_scene_is_that_of_the_values():
    first = np.clip(scene(), 40, 200)
    between = stability.motion(first, first)
    assert between.visible.all()
    assert stability.warping_error(between, first, first + 51) == pytest.approx(0.2, abs=1e-6)
    one = first.copy()
    one[..., 0] += 51  # a third of the mean of squares
    assert stability.warping_error(between, first, one) == pytest.approx(0.2 / 3**0.5, abs=1e-6)


def test_what_is_hidden_does_not_count():
    first, second = scene(), scene()
    second[20:60, 30:80] = scene(seed=3)[20:60, 30:80]
    between = stability.motion(first, second)
    assert between.visible[26:54, 36:74].mean() < 0.5 < between.visible[:, 90:].mean()
    assert stability.warping_error(between, first, second) < 0.1


def test_another_scene_is_a_cut():
    assert stability.motion(scene(), 255 - scene(seed=7)).is_cut


def test_sharpness_is_the_mean_step():
    columns = np.tile(np.uint8([[0, 10]]), (8, 4))
    rgb = np.dstack([columns] * 3)
    assert stability.sharpness(rgb) == pytest.approx(5)  # ten to the side, none down
    assert stability.sharpness(np.full((8, 8, 3), 77, np.uint8)) == 0
