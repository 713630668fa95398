"""Labelled grids of pictures."""

import numpy as np

from fast_style.images.grid import grid


def even(value, height=10, width=14):
    return np.full((height, width, 3), value, np.uint8)


def test_a_grid_holds_its_pictures_in_order():
    rows = [[even(10), even(20)], [even(30), even(40)]]
    sheet = grid(rows)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (6 + 2 * 16, 6 + 2 * 20, 3)
    middles = sheet[11::16, 13::20, 0]
    np.testing.assert_array_equal(middles[:2, :2], [[10, 20], [30, 40]])
    assert [int((sheet == value).sum()) for value in (10, 20, 30, 40)] == [10 * 14 * 3] * 4


def test_labels_take_room_beside_the_pictures():
    plain = grid([[even(10)]])
    labelled = grid([[even(10)]], ["above"], ["left of it"])
    assert labelled.shape[0] > plain.shape[0] and labelled.shape[1] > plain.shape[1] + 30
    assert (labelled == 10).sum() == (plain == 10).sum()
    left = labelled[:, : labelled.shape[1] - plain.shape[1]]
    assert (left < 128).any()  # ink


def test_smaller_pictures_are_centred():
    sheet = grid([[even(10, 10, 14), even(20, 4, 6)]])
    y, x, _ = np.nonzero(sheet == 20)
    assert (y.min(), y.max(), x.min(), x.max()) == (9, 12, 30, 35)


def test_captions_stand_beneath_their_pictures():
    plain, captioned = grid([[even(10, 40, 40)]]), grid([[even(10, 40, 40)]], captions=[["wave"]])
    assert captioned.shape[0] > plain.shape[0]
    np.testing.assert_array_equal(captioned[: len(plain) - 6], plain[:-6])
    assert (captioned[len(plain) - 6 :] < 128).any()  # ink
