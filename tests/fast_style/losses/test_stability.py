"""The stability loss against SciPy's interpolation, and what it asks of a network."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from data.motions import draw_motions
from fast_style.losses.stability import stability_loss, warp


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype(np.float32)


def test_warp_interpolates_as_scipy_does():
    images, (flows, _) = noise(3, 24, 24, 2), draw_motions([1, 2, 3], 24, seed=0)
    warped, inside = (np.asarray(each) for each in warp(images, flows))
    grid = np.mgrid[:24, :24].astype(np.float64)
    for image, flow, result, seen in zip(images, flows, warped, inside, strict=True):
        places = grid + flow.transpose(2, 0, 1)
        for channel in range(2):
            expected = ndimage.map_coordinates(
                image[..., channel].astype(np.float64), places, order=1, mode="nearest"
            )
            np.testing.assert_allclose(result[..., channel], expected, atol=2e-3)
        within = ((places >= 0) & (places <= 23)).all(0)
        assert (seen[..., 0] == within).mean() > 0.999 and 0 < within.mean() < 1


def test_warp_by_whole_pixels_moves_them():
    image = noise(1, 5, 7, 3)
    flow = np.broadcast_to(np.float32([2, -3]), (1, 5, 7, 2))
    warped, inside = warp(image, flow)
    np.testing.assert_array_equal(warped[0, :3, 3:], image[0, 2:, :4])
    assert np.asarray(inside).sum() == 3 * 4


@pytest.mark.parametrize("height, width", [(1, 6), (6, 1), (1, 1)])
def test_warp_takes_images_of_one_row_or_column(height, width):
    warped, _ = warp(noise(1, height, width, 3), np.zeros((1, height, width, 2), np.float32))
    np.testing.assert_allclose(warped, noise(1, height, width, 3))


def test_loss_is_nothing_for_what_moves_along_and_a_mean_for_what_does_not():
    painted, (flows, _) = noise(2, 32, 32, 3), draw_motions([4, 5], 32, seed=0)
    moved, inside = warp(painted, flows)
    assert float(stability_loss(painted, moved, flows)) == 0
    hidden = moved + 99 * (1 - inside)  # what comes in from outside can't be compared
    assert float(stability_loss(painted, hidden, flows)) == 0
    assert float(stability_loss(painted, moved + 3, flows)) == pytest.approx(3, rel=1e-5)


def test_loss_of_a_motion_out_of_sight_is_zero():
    away = np.full((1, 8, 8, 2), 20, np.float32)
    assert float(stability_loss(noise(1, 8, 8, 3), noise(1, 8, 8, 3, seed=1), away)) == 0


def test_both_paintings_get_gradients():
    flows, _ = draw_motions([1], 16, seed=0)
    before, after = tf.constant(noise(1, 16, 16, 3)), tf.constant(noise(1, 16, 16, 3, seed=1))
    with tf.GradientTape() as tape:
        tape.watch((before, after))
        loss = stability_loss(before, after, flows)
    for gradient in tape.gradient(loss, (before, after)):
        assert np.count_nonzero(np.asarray(tf.convert_to_tensor(gradient))) > 100
