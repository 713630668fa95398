"""Downscaled photographs against Pillow, SciPy and sums by hand."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from data.degradation import degrade


def small(rgb, factor, kind):
    result = degrade(rgb[None], factor, kind)
    assert result.dtype == tf.uint8
    return result[0].numpy()


def smooth(photo, height=48, width=64):
    """A picture with more than noise in it."""
    coarse = Image.fromarray(photo(height // 4, width // 4))
    return np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("kind", ["blur", "bicubic"])
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_flat_photograph_stays_flat(kind, factor):
    flat = np.full((3, 16, 32, 3), 77, np.uint8)
    result = degrade(flat, factor, kind).numpy()
    assert result.shape == (3, 16 // factor, 32 // factor, 3)
    assert (result == 77).all()


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_bicubic_is_pillows_antialiased_one(photo, factor):
    picture = smooth(photo)
    expected = Image.fromarray(picture).resize(
        (64 // factor, 48 // factor), Image.Resampling.BICUBIC
    )
    # Pillow rounds to 8 bits between rows and columns, too.
    difference = small(picture, factor, "bicubic").astype(int) - np.array(expected)
    assert np.abs(difference).max() <= 1


def test_blur_is_scipys_gaussian_and_the_cubic_at_the_centres_of_the_small_pixels(photo):
    picture = smooth(photo)
    blurred = ndimage.gaussian_filter(picture.astype(float), (1, 1, 0), mode="nearest", truncate=4)
    # Of factor 4: half way between the middle two of four pixels, where Keys's cubic is
    # -1/16, 9/16, 9/16, -1/16.
    weights = np.array([-1, 9, 9, -1]) / 16
    rows = np.einsum("k,ikwc->iwc", weights, blurred.reshape(12, 4, 64, 3))
    expected = np.einsum("k,hjkc->hjc", weights, rows.reshape(12, 16, 4, 3))
    difference = small(picture, 4, "blur") - np.clip(expected, 0, 255)
    assert np.abs(difference).max() <= 0.51


def test_the_two_kinds_differ(photo):
    picture = photo(32, 32)
    assert np.abs(small(picture, 4, "blur").astype(int) - small(picture, 4, "bicubic")).max() > 8


def test_it_runs_inside_a_pipeline(photo):
    dataset = tf.data.Dataset.from_tensors(photo(16, 16)).batch(1).map(lambda x: degrade(x, 4))
    [result] = dataset.as_numpy_iterator()
    np.testing.assert_array_equal(result[0], small(photo(16, 16), 4, "blur"))


def test_mistakes_are_named(photo):
    with pytest.raises(ValueError, match=r"`images` must have sides divisible by .*4; .*18 x 16"):
        degrade(photo(18, 16)[None], 4)
    with pytest.raises(ValueError, match="`kind` must be one of blur, bicubic; received 'box'"):
        degrade(photo(16, 16)[None], 4, "box")
