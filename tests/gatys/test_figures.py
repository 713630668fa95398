"""The figures of the papers, on tiny images."""

import pytest

from gatys.figures import drawing as figures


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
