"""Colours: what is kept is measured."""

import numpy as np
import pytest

from gatys import colors

YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def mild(photo, *arguments):
    """An image that stays away from black and white."""
    return (photo(*arguments) // 4 + 96).astype(np.uint8)


def test_luminance_is_y():
    assert colors.luminance(np.uint8([255, 255, 255])) == pytest.approx(255)
    assert colors.luminance(np.uint8([0, 255, 0])) == pytest.approx(0.587 * 255)


def test_grey_has_three_equal_channels_of_the_luminance(photo):
    image = photo()
    grey = colors.grey(image)
    assert grey.dtype == np.uint8 and grey.shape == image.shape
    assert (grey == grey[..., :1]).all()
    np.testing.assert_allclose(grey[..., 0], colors.luminance(image), atol=0.51)


def test_the_picture_takes_luminance_from_one_and_colours_from_the_other(photo):
    content, painted = mild(photo, 8, 9, 0), mild(photo, 8, 9, 1)
    mixed = colors.with_colors_of(content, painted)
    assert mixed.dtype == np.uint8
    ours, theirs, colours = (image @ YIQ.T for image in (mixed, painted, content))
    np.testing.assert_allclose(ours[..., 0], theirs[..., 0], atol=0.6)
    np.testing.assert_allclose(ours[..., 1:], colours[..., 1:], atol=0.7)


def test_a_grey_painting_takes_brightness_and_contrast(photo):
    content, style = mild(photo, 20, 30, 0), photo(25, 20, 1)
    matched = colors.match_luminance(style, content)
    assert matched.shape == style.shape and matched.dtype == np.uint8
    wanted = colors.luminance(content)
    assert matched.mean() == pytest.approx(wanted.mean(), abs=0.5)
    assert matched[..., 0].std() == pytest.approx(wanted.std(), abs=0.5)


def test_a_palette_takes_mean_and_covariance(photo):
    rng = np.random.default_rng(2)
    content = np.clip(
        rng.normal(0, 15, (40, 40, 3)) @ rng.normal(0, 1, (3, 3)) + [100, 130, 150], 0, 255
    ).astype(np.uint8)
    matched = colors.match_palette(photo(50, 40, 1), content)
    assert matched.shape == (50, 40, 3) and matched.dtype == np.uint8
    ours, theirs = (image.reshape(-1, 3).astype(float) for image in (matched, content))
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=1)
    scale = np.abs(np.cov(theirs.T)).max()
    np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.05 * scale)


@pytest.mark.parametrize("match", [colors.match_luminance, colors.match_palette])
def test_an_even_painting_becomes_the_mean_colour(match, photo):
    content = mild(photo, 20, 30, 0)
    matched = match(np.full((6, 5, 3), 77, np.uint8), content)
    mean = content.mean(axis=(0, 1))
    wanted = colors.luminance(mean) if match is colors.match_luminance else mean
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), wanted, atol=1)


def test_an_image_keeps_itself(photo):
    image = mild(photo, 20, 30, 0)
    np.testing.assert_allclose(colors.match_palette(image, image), image, atol=1)
    np.testing.assert_allclose(colors.with_colors_of(image, image), image, atol=0)
