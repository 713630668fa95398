"""Random crops: size, scale, place and mirroring."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow


import numpy as np
import pytest

from data.crops import draw_styles, random_crop
from tests.photographs import SIZE, flat, gradient, noise


def draws(photo, size, zoom, count, seed=0):
    rng = np.random.default_rng(seed)
    return [random_crop(photo, size, zoom, rng) for _ in range(count)]


@pytest.mark.parametrize("zoom", [1, 3.7])
@pytest.mark.parametrize(
    "height, width", [(1, 1), (3, 500), (500, 3), (SIZE, SIZE), (7, 9), (80, 90)]
)
def test_crop_has_its_size_and_the_photographs_colours(height, width, zoom):
    for crop in draws(flat(77, height, width), SIZE, zoom, 20):
        assert crop.dtype == np.uint8
        np.testing.assert_array_equal(crop, flat(77, SIZE, SIZE))


def test_crop_follows_from_the_generator():
    photo = noise(1)
    before = photo.copy()
    first = draws(photo, SIZE, 2, 5, seed=1)
    np.testing.assert_array_equal(first, draws(photo, SIZE, 2, 5, seed=1))
    assert len({crop.tobytes() for crop in first + draws(photo, SIZE, 2, 5, seed=2)}) == 10
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("height, width, axis", [(64, 64, 1), (64, 96, 0), (96, 64, 1)])
def test_crop_without_zoom_spans_the_shorter_side(height, width, axis):
    for crop in draws(gradient(height, width, axis), 32, 1, 10):
        assert crop.min() <= 4 and crop.max() >= 251


def test_crop_comes_from_anywhere_along_the_longer_side():
    crops = draws(gradient(20, 100, axis=1), 20, 1, 100)
    assert min(crop.min() for crop in crops) <= 6
    assert max(crop.max() for crop in crops) >= 249


def test_crop_is_mirrored_half_of_the_time():
    crops = draws(gradient(20, 30, axis=1), SIZE, 2, 400)
    mirrored = sum(int(crop[0, 0, 0]) > int(crop[0, -1, 0]) for crop in crops)
    assert 160 <= mirrored <= 240
    upright = draws(gradient(30, 20, axis=0), SIZE, 2, 20)
    assert all(int(crop[0, 0, 0]) < int(crop[-1, 0, 0]) for crop in upright)


def spans(photo_side, size, zoom):
    """How many pixels of a square photograph each of many crops spans."""
    crops = draws(gradient(photo_side, photo_side, axis=0), size, zoom, 100)
    return np.array([np.ptp(crop.astype(int)) / 255 * photo_side for crop in crops])


def test_zoom_is_the_range_of_scales():
    spanned = spans(200, 20, zoom=2)
    assert 90 <= spanned.min() < 115
    assert 185 < spanned.max() <= 200


def test_small_photographs_are_not_enlarged_beyond_need():
    assert spans(10, 20, zoom=4).min() > 9  # all of it, though that zoom would take a quarter
    spanned = spans(30, 20, zoom=4)
    assert spanned.min() > 18  # enlarged by no zoom
    assert spanned.max() > 28


def test_each_crop_has_a_style_of_its_own():
    drawn = draw_styles(range(36), 3, seed=0)
    assert drawn.dtype == np.int32
    # Of three in a row, each is another: all styles are learned alike.
    assert (np.sort(drawn.reshape(-1, 3)) == [0, 1, 2]).all()
    assert len({tuple(row) for row in drawn.reshape(-1, 3)}) > 1
    np.testing.assert_array_equal(draw_styles(range(8, 16), 3, seed=0), drawn[8:16])
    assert (draw_styles(range(36), 3, seed=1) != drawn).any()
