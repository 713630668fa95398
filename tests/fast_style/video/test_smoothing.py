"""Smoothing of painted films, on painters whose flicker is known."""

import contextlib

import numpy as np
import pytest

from fast_style.errors import InvalidValue
from fast_style.video.smoothing import Smoother
from tests.films import scene


@pytest.fixture
def smoother():
    with contextlib.closing(Smoother(0.8)) as made:
        yield made


def flickering(seed, amount=40):
    """A painter that adds noise of its own to each frame."""
    rng = np.random.default_rng(seed)

    def paint(rgb):
        noise = rng.normal(0, amount, (*rgb.shape[:2], 1))
        return np.clip(rgb + noise, 0, 255).astype(np.uint8)

    return paint


def view(right, seed=0):
    """A frame of a camera that moves over a scene."""
    return np.ascontiguousarray(scene(96, 256, seed)[:, right : right + 128])


def flicker(frames, step):
    """Mean difference of successive frames along a known motion to the right."""
    inside = [frame[16:-16, 24:-24].astype(float) for frame in frames]
    pairs = zip(frames, frames[1:], strict=False)
    assert len(inside) > 4
    return np.mean(
        [
            np.abs(two[16:-16, 24 - step : -24 - step].astype(float) - one[16:-16, 24:-24]).mean()
            for one, two in list(pairs)[2:]
        ]
    )


@pytest.mark.parametrize("step", [0, 3])
def test_flicker_becomes_less_where_nothing_moves_and_where_something_does(smoother, step):
    films = [view(step * number) for number in range(8)]
    paint = flickering(0)
    plain = [paint(frame) for frame in films]
    paint = flickering(0)
    smooth = [smoother(frame, paint) for frame in films]
    assert flicker(smooth, step) < 0.6 * flicker(plain, step)


def test_detail_stays_as_strong_as_in_the_painting(smoother):
    paint = flickering(1)
    plain, smooth = [], []
    for number in range(8):
        smooth.append(smoother(view(number), lambda rgb: plain.append(paint(rgb)) or plain[-1]))
    sharpness = [np.abs(np.diff(f[-1].astype(float), axis=1)).mean() for f in (plain, smooth)]
    assert 0.7 * sharpness[0] < sharpness[1] < 1.1 * sharpness[0]


def test_the_first_frame_and_a_new_scene_start_afresh(smoother):
    for number in range(3):
        assert smoother(view(number), lambda rgb: rgb) is not None
    other = view(0, seed=5)
    painted = 255 - other
    np.testing.assert_array_equal(smoother(other, lambda rgb: 255 - rgb), painted)
    fresh = Smoother(0.8)
    np.testing.assert_array_equal(fresh(other, lambda rgb: 255 - rgb), painted)
    fresh.close()


def test_what_appears_is_not_blended_with_what_was_there(smoother):
    first, second = view(0), view(0)
    second[30:60, 40:80] = (255, 0, 0)
    smoother(first, lambda rgb: rgb)
    found = smoother(second, lambda rgb: rgb)
    inside = found[36:54, 46:74].astype(int)
    assert np.abs(inside - second[36:54, 46:74]).mean() < 6


def test_at_strength_0_nothing_changes():
    smoother = Smoother(0)
    paint = flickering(2)
    kept = []
    for number in range(4):
        found = smoother(view(number), lambda rgb: kept.append(paint(rgb)) or kept[-1])
        assert np.abs(found.astype(int) - kept[-1]).max() <= 1
    smoother.close()


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strengths_out_of_range_are_said(strength):
    with pytest.raises(InvalidValue, match="smooth"):
        Smoother(strength)


def test_a_fault_of_the_painter_is_its_own(smoother):
    smoother(view(0), lambda rgb: rgb)

    def fail(rgb):
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        smoother(view(1), fail)
