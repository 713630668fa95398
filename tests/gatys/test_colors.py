"""Colours: what is kept is measured."""

import numpy as np
import pytest

from fast_style.images.colors import luminance
from gatys import colors


def mild(photo, *arguments):
    """An image that stays away from black and white."""
    return (photo(*arguments) // 4 + 96).astype(np.uint8)


def test_grey_has_three_equal_channels_of_the_luminance(photo):
    image = photo()
    grey = colors.grey(image)
    assert grey.dtype == np.uint8 and grey.shape == image.shape
    assert (grey == grey[..., :1]).all()
    np.testing.assert_allclose(grey[..., 0], luminance(image), atol=0.51)


def test_a_grey_painting_takes_brightness_and_contrast(photo):
    content, style = mild(photo, 20, 30, 0), photo(25, 20, 1)
    matched = colors.match_luminance(style, content)
    assert matched.shape == style.shape and matched.dtype == np.uint8
    wanted = luminance(content)
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
    wanted = luminance(mean) if match is colors.match_luminance else mean
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), wanted, atol=1)


def test_an_image_keeps_itself(photo):
    image = mild(photo, 20, 30, 0)
    np.testing.assert_allclose(colors.match_palette(image, image), image, atol=1)
