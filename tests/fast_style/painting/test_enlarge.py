"""What goes with an enlarged image."""

import sys

import numpy as np
import pytest

from fast_style import images
from fast_style.painting import enlarge


def test_alpha_and_metadata_go_with_the_enlarged_image(photo):
    alpha = np.repeat(np.array([0, 255], np.uint8), 4)[None].repeat(6, axis=0)
    picture = images.Picture(photo(6, 8), alpha, images.Metadata(b"exif"))

    class FourTimes:
        factor = 4

        def __call__(self, rgb):
            return images.resize(rgb, 4 * len(rgb), 4 * rgb.shape[1])

    enlarged = enlarge.enlarge(FourTimes(), picture)
    assert enlarged.rgb.shape == (24, 32, 3)
    assert (enlarged.alpha[:, :12] == 0).all()
    assert (enlarged.alpha[:, -12:] == 255).all()
    assert enlarged.metadata is picture.metadata
    with pytest.raises(ValueError, match=r"4 times .* 8 x 6 is 768 pixels.*767"):
        enlarge.enlarge(FourTimes(), picture, max_pixels=767)


def test_an_image_that_would_be_too_large_is_refused():
    enlarge.check_enlarged_size(10, 20, 4, 3200)
    with pytest.raises(ValueError, match=r"4 times .* 20 x 10 is 3,200 pixels.*3,199"):
        enlarge.check_enlarged_size(10, 20, 4, 3199)


def test_matched_channels_have_the_small_images_histograms(photo):
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    rng = np.random.default_rng(0)
    small = np.stack([rng.normal(mean, 10, (32, 32)) for mean in (60, 120, 180)], axis=-1)
    small = small.clip(0, 255).astype(np.uint8)
    matched = enlarge.match_histogram(photo(128, 128), small)
    assert (matched.dtype, matched.shape) == (np.uint8, (128, 128, 3))
    for share in (5, 50, 95):
        np.testing.assert_allclose(
            np.percentile(matched, share, (0, 1)), np.percentile(small, share, (0, 1)), atol=2
        )


def test_a_missing_scikit_image_is_named(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ValueError, match="pip install scikit-image"):
        enlarge.match_histogram(photo(), photo())
