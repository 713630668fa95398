"""Pictures at another size."""

import numpy as np
import pytest

from fast_style.images import resizing

HEIGHT, WIDTH = 24, 36


def photo(height=HEIGHT, width=WIDTH):
    """A smooth picture without symmetry, uint8 [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    return np.stack([red, green, 200 - red / 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("height, width", [(12, 18), (1, 1), (50, 7), (HEIGHT, WIDTH)])
def test_resize(height, width):
    resized = resizing.resize(photo(), height, width)
    assert resized.shape == (height, width, 3) and resized.dtype == np.uint8
    assert abs(resized.mean() - photo().mean()) < 6


def test_resize_is_antialiased():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert resizing.resize(stripes, 16, 16)[4:-4, 4:-4].std() < 8


@pytest.mark.parametrize(
    "size, side, shape",
    [
        (18, "long", (12, 18)),
        (12, "short", (12, 18)),
        (72, "long", (48, 72)),
        (1, "long", (1, 1)),
        (24, "short", (24, 36)),
    ],
)
def test_fit(size, side, shape):
    assert resizing.fit(photo(), size, side).shape == (*shape, 3)
    upright = photo().transpose(1, 0, 2)
    assert resizing.fit(upright, size, side).shape == (*shape[::-1], 3)


def test_fit_keeps_a_thin_picture_one_pixel_wide():
    assert resizing.fit(photo(200, 2), 20).shape == (20, 1, 3)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: resizing.fit(photo(), 0), "`size` must be at least 1; received 0"),
        (
            lambda: resizing.fit(photo(), 9, "width"),
            "`side` must be one of long, short; received 'width'",
        ),
        (lambda: resizing.resize(photo(), 0, 5), "`height` and `width` must be .*, received 0 x 5"),
        (lambda: resizing.resize(photo()[0], 5, 5), "`rgb` must be"),
    ],
)
def test_arguments_of_sizes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_alpha_is_resized_as_colours_are():
    alpha = photo()[..., 0]
    resized = resizing.resize_alpha(alpha, 48, 72)
    assert resized.shape == (48, 72)
    np.testing.assert_array_equal(resized, resizing.resize(photo(), 48, 72)[..., 0])
    assert resizing.resize_alpha(alpha, HEIGHT, WIDTH) is alpha
    assert resizing.resize_alpha(None, 48, 72) is None
