"""Labelled grids and the figures of the papers, on tiny images."""

import numpy as np
import pytest

from gatys.figures import drawing as figures


def even(value, height=10, width=14):
    return np.full((height, width, 3), value, np.uint8)


def test_a_grid_holds_its_pictures_in_order():
    rows = [[even(10), even(20)], [even(30), even(40)]]
    sheet = figures.grid(rows)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (6 + 2 * 16, 6 + 2 * 20, 3)
    middles = sheet[11::16, 13::20, 0]
    np.testing.assert_array_equal(middles[:2, :2], [[10, 20], [30, 40]])
    assert [int((sheet == value).sum()) for value in (10, 20, 30, 40)] == [10 * 14 * 3] * 4


def test_labels_take_room_beside_the_pictures():
    plain = figures.grid([[even(10)]])
    labelled = figures.grid([[even(10)]], ["above"], ["left of it"])
    assert labelled.shape[0] > plain.shape[0] and labelled.shape[1] > plain.shape[1] + 30
    assert (labelled == 10).sum() == (plain == 10).sum()
    left = labelled[:, : labelled.shape[1] - plain.shape[1]]
    assert (left < 128).any()  # ink


def test_smaller_pictures_are_centred():
    sheet = figures.grid([[even(10, 10, 14), even(20, 4, 6)]])
    y, x, _ = np.nonzero(sheet == 20)
    assert (y.min(), y.max(), x.min(), x.max()) == (9, 12, 30, 35)


@pytest.fixture
def studio(random_vgg, photo):
    done = []
    settings = {
        "loss_network": "vgg16",
        "vgg_weights": str(random_vgg),
        "image_size": 16,
        "steps": 1,
    }
    studio = figures.Studio(
        photo(16, 16, 1), photo(16, 16, 2), settings, str(random_vgg), lambda: done.append(1)
    )
    return studio, done


@pytest.mark.parametrize(
    "name, columns, rows",
    [
        ("content_reconstructions", 6, 1),
        ("style_reconstructions", 6, 1),
        ("feature_reconstructions", 6, 1),
    ],
)
def test_figures_have_a_cell_for_each_picture(studio, name, columns, rows):
    studio, done = studio
    sheet = getattr(studio, name)()
    assert len(done) == figures.FIGURES[name]
    assert sheet.shape[1] == 6 + columns * 22
    assert sheet.shape[0] >= 6 + rows * 22


@pytest.mark.slow
def test_the_grid_of_layers_and_ratios_has_five_rows_and_four_columns(studio):
    studio, done = studio
    sheet = studio.style_grid()
    assert len(done) == figures.FIGURES["style_grid"] == 20
    assert sheet.shape[0] > 5 * 22 and sheet.shape[1] > 4 * 22
