"""Colours: what is kept is measured."""

import numpy as np
import pytest

from fast_style.images import colors

YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def mild(photo, *arguments):
    """An image that stays away from black and white."""
    return (photo(*arguments) // 4 + 96).astype(np.uint8)


def test_luminance_is_y():
    assert colors.luminance(np.uint8([255, 255, 255])) == pytest.approx(255)
    assert colors.luminance(np.uint8([0, 255, 0])) == pytest.approx(0.587 * 255)


def test_the_picture_takes_luminance_from_one_and_colours_from_the_other(photo):
    content, painted = mild(photo, 8, 9, 0), mild(photo, 8, 9, 1)
    mixed = colors.with_colors_of(content, painted)
    assert mixed.dtype == np.uint8
    ours, theirs, colours = (image @ YIQ.T for image in (mixed, painted, content))
    np.testing.assert_allclose(ours[..., 0], theirs[..., 0], atol=0.6)
    np.testing.assert_allclose(ours[..., 1:], colours[..., 1:], atol=0.7)


def test_an_image_keeps_itself(photo):
    image = mild(photo, 20, 30, 0)
    np.testing.assert_allclose(colors.with_colors_of(image, image), image, atol=0)
