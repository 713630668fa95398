"""Random motions: reproducible, smooth, as large as they say."""

import numpy as np

from data.motions import BEND, NOISE, SHIFT, draw_motions


def test_a_crops_motion_follows_from_seed_and_place_alone():
    flows, noise = draw_motions([7, 3, 7], 64, seed=5)
    assert flows.shape == (3, 64, 64, 2) and noise.shape == (3, 64, 64, 3)
    assert flows.dtype == noise.dtype == np.float32
    np.testing.assert_array_equal(flows[0], flows[2])
    np.testing.assert_array_equal(noise[0], noise[2])
    alone = draw_motions([3], 64, seed=5)
    np.testing.assert_array_equal(flows[1], alone[0][0])
    assert (draw_motions([3], 64, seed=6)[0] != alone[0]).any()
    assert (flows[0] != flows[1]).any() and (flows[..., 0] != flows[..., 1]).any()


def test_flows_are_smooth_and_of_their_size():
    flows, _ = draw_motions(range(200), 128, seed=0)
    steps = np.diff(flows, axis=1)
    assert np.abs(steps).max() < 1.5  # pixels: neighbours go together
    assert 0.03 < np.sqrt(np.mean(np.square(steps))) < 0.3
    within = flows - flows.mean((1, 2), keepdims=True)
    assert 0.3 * BEND < np.sqrt(np.mean(np.square(within))) < BEND
    assert np.abs(flows.mean((1, 2))).max() < SHIFT + 3 * BEND
    assert abs(flows.mean()) < 1.5  # to no side more than to another


def test_noise_is_weak_and_around_zero():
    _, noise = draw_motions(range(20), 64, seed=0)
    deviations = noise.std((1, 2, 3))
    assert NOISE[0] * 0.97 < deviations.min() and deviations.max() < NOISE[1] * 1.03
    assert np.ptp(deviations) > 0.1
    assert np.abs(noise.mean((1, 2, 3))).max() < 0.02
