"""PSNR and SSIM by the conventions of the literature."""

import numpy as np
import pytest
from PIL import Image

from fast_style import images
from fast_style.score import scoring

# Bicubic enlargement on Set5, the mean of five images: Timofte et al. 2014 and many since for x4;
# Lai et al. 2017 (LapSRN) for x8.
PUBLISHED = {4: (28.42, 0.8104), 8: (24.40, 0.658)}


def set5(shared):
    return [images.read(path) for path in images.find(shared / "sr" / "Set5")]


@pytest.mark.parametrize("factor", PUBLISHED)
def test_bicubic_on_set5_has_the_published_figures(shared, factor):
    found = []
    for original in set5(shared):
        large, small = scoring.reduce(original, factor)
        found.append(scoring.compare(scoring.bicubic(small, factor), large, factor))
    psnr, ssim = PUBLISHED[factor]
    assert scoring.mean(found).psnr == pytest.approx(psnr, abs=0.05)
    assert scoring.mean(found).ssim == pytest.approx(ssim, abs=0.002)


def test_ssim_is_scikit_images(shared):
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    large, small = scoring.reduce(set5(shared)[1], 4)
    enlarged = scoring.bicubic(small, 4)
    ours = scoring.compare(enlarged, large, 4)
    one, other = (scoring.luma(image)[4:-4, 4:-4] for image in (enlarged, large))
    _, picture = metrics.structural_similarity(
        one,
        other,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
        win_size=11,
    )
    # It pads where tf.image.ssim keeps to whole windows.
    assert ours.ssim == pytest.approx(picture[5:-5, 5:-5].mean(), abs=1e-4)
    psnr = metrics.peak_signal_noise_ratio(other, one, data_range=255)
    assert ours.psnr == pytest.approx(psnr, abs=1e-6)


def test_luma_is_bt_601(photo):
    corners = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]])
    np.testing.assert_allclose(scoring.luma(corners), [16, 235, 81.481, 144.553, 40.966])
    # JPEG's Y is the same, of full range; Pillow rounds it down.
    picture = photo()
    full = np.array(Image.fromarray(picture).convert("YCbCr"), float)[..., 0]
    np.testing.assert_allclose(scoring.luma(picture), 16 + full * 219 / 255, atol=0.87)


def test_psnr_by_hand(photo):
    original = np.full((20, 30, 3), 100, np.uint8)
    other = scoring.compare(original + np.uint8(10), original, 2)
    expected = 20 * np.log10(255 / (10 * (65.481 + 128.553 + 24.966) / 255))
    assert other.psnr == pytest.approx(expected)
    same = scoring.compare(original, original, 2)
    assert (same.psnr, same.ssim) == (np.inf, 1)


def test_the_border_does_not_count(photo):
    original = photo(24, 32)
    framed = original.copy()
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = 0, 0, 0, 0
    assert scoring.compare(framed, original, 4).ssim == 1
    assert scoring.compare(framed, original, 3).ssim < 1


def test_images_are_cut_to_a_multiple_of_the_factor(photo):
    original = photo(35, 46)
    large, small = scoring.reduce(original, 8)
    np.testing.assert_array_equal(large, original[:32, :40])
    assert small.shape == (4, 5, 3)


def test_mistakes_are_named(photo):
    with pytest.raises(ValueError, match=r"`enlarged` must have the shape .*\[16, 24, 3\]"):
        scoring.compare(photo(8, 8), photo(16, 24), 2)
    with pytest.raises(ValueError, match=r"at least 19 pixels on each side; received 24 x 18"):
        scoring.compare(photo(18, 24), photo(18, 24), 4)
    with pytest.raises(ValueError, match=r"sides of at least `factor`, 8; received 24 x 7"):
        scoring.reduce(photo(7, 24), 8)
