"""Turned films."""

import numpy as np
import pytest

from fast_style.video import orientation
from tests import films

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), PICTURE),
        ((0, 1, -1, 0), np.rot90(PICTURE, -1)),  # as telephones held upright write it
        ((0, -1, 1, 0), np.rot90(PICTURE)),
        ((-1, 0, 0, -1), np.rot90(PICTURE, 2)),
        ((-1, 0, 0, 1), PICTURE[:, ::-1]),
        ((1, 0, 0, -1), PICTURE[::-1]),
        ((0, 1, 1, 0), PICTURE.transpose(1, 0, 2)),
    ],
)
def test_pictures_are_turned_as_players_do(tmp_path, matrix, expected):
    a, b, c, d = matrix
    path = films.turn(films.write(tmp_path / "a.mp4", films.moving(2)), matrix)
    turn = orientation.turn_of(films.frames(path)[0])
    np.testing.assert_array_equal(orientation.turned(PICTURE, turn), expected)
    # Where the matrix maps a pixel (column, row), up to a shift, there its value is found.
    places = [((a * x + c * y, b * x + d * y), PICTURE[y, x]) for y in range(2) for x in range(3)]
    left, top = (min(place[k] for place, _ in places) for k in (0, 1))
    for (x, y), value in places:
        np.testing.assert_array_equal(expected[y - top, x - left], value)


def test_a_film_without_a_matrix_stays_as_it_is(tmp_path):
    path = films.write(tmp_path / "a.mkv", films.moving(2))
    assert orientation.turn_of(films.frames(path)[0]) == (False, False, False)
