import numpy as np
import pytest

from fast_style.losses.checkerboard import checkerboard_loss


def image(pattern):
    """Grey, 128, with a pattern added to all three channels: `[1, H, W, 3]`."""
    return np.float32(128 + pattern)[None, ..., None] * np.ones(3, np.float32)


def loss(pattern, period=4):
    return float(checkerboard_loss(image(pattern), period))


ROWS, COLUMNS = np.indices((96, 128))


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_weave_of_the_grids_period_costs_its_square(period):
    weave = np.where((ROWS + COLUMNS) % period < period // 2, 10, -10)
    assert loss(weave, period) == pytest.approx(100, rel=1e-4)
    stripes = np.where(COLUMNS % period < period // 2, 3, -3)
    assert loss(stripes, period) == pytest.approx(9, rel=1e-4)


def test_it_does_not_matter_where_a_cell_begins():
    weave = np.where((ROWS % 4 < 2) & (COLUMNS % 4 < 2), 10, -10)
    losses = [loss(np.roll(weave, shift, (0, 1))) for shift in ((0, 0), (1, 0), (2, 3))]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-4)


def test_what_does_not_repeat_with_the_grid_costs_little():
    rng = np.random.default_rng(0)
    assert loss(0 * ROWS) == pytest.approx(0, abs=1e-6)
    assert loss(0.5 * ROWS + COLUMNS) == pytest.approx(0, abs=1e-4)
    # Waves of ten and seven pixels, and noise, all of variance 200 and more.
    assert loss(20 * np.sin(2 * np.pi * (ROWS + COLUMNS) / 10)) < 1
    assert loss(20 * np.sin(2 * np.pi * COLUMNS / 7)) < 1
    assert loss(rng.normal(0, 20, ROWS.shape)) < 400 / 100


def test_a_weave_is_found_where_it_is_even_if_it_turns_over_elsewhere():
    weave = np.where((ROWS + COLUMNS) % 4 < 2, 10, -10)
    turned = np.where(COLUMNS < 64, weave, -weave)
    assert loss(turned) > 40


@pytest.mark.parametrize("size", [1, 7, 8, 11])
def test_an_image_of_few_cells_has_none(size):
    assert loss(np.random.default_rng(0).normal(0, 20, (size, 64))) == 0
