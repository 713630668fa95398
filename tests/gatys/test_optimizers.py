"""The optimizers on a bowl whose lowest point is known."""

import builtins

import numpy as np
import pytest

from gatys.optimizers import Adam, Lbfgs


class Bowl:
    """Weighted squared distance from a target, some of it out of 0..255."""

    def __init__(self, shape=(1, 4, 5, 3)):
        self.shape = shape
        rng = np.random.default_rng(0)
        self.target = rng.uniform(-50, 300, shape)
        self.weights = rng.uniform(1, 5, shape)
        self.evaluations = 0

    def __call__(self, image):
        self.evaluations += 1
        difference = np.asarray(image, np.float64) - self.target
        total = float(np.sum(self.weights * difference**2))
        return (2 * self.weights * difference).astype(np.float32), {"total": total}


START = np.full((1, 4, 5, 3), 128, np.float32)


def run(optimizer, steps=40, bowl=None, stop_at=None, start=START):
    seen = []

    def report(image, losses):
        seen.append((image.copy(), image, losses["total"]))
        return len(seen) == stop_at

    bowl = bowl or Bowl()
    optimizer.minimize(bowl, start, steps, report)
    return bowl, seen


@pytest.mark.parametrize("optimizer", [Lbfgs(), Adam(10)])
def test_the_lowest_point_within_the_pixels_range_is_found(optimizer):
    bowl, seen = run(optimizer, steps=200)
    np.testing.assert_allclose(seen[-1][0], np.clip(bowl.target, 0, 255), atol=1)


@pytest.mark.parametrize("optimizer", [Lbfgs(clip=False), Adam(10, clip=False)])
def test_without_clipping_pixels_may_leave_their_range(optimizer):
    bowl, seen = run(optimizer, steps=300)
    np.testing.assert_allclose(seen[-1][0], bowl.target, atol=1)


@pytest.mark.parametrize("make", [Lbfgs, lambda: Adam(10)])
def test_reported_losses_belong_to_the_reported_picture(make):
    bowl, seen = run(make(), steps=8)
    assert len(seen) == 8
    for then, later, total in seen:
        assert bowl(then)[1]["total"] == pytest.approx(total, rel=1e-5)
        np.testing.assert_array_equal(then, later)  # nobody wrote into it afterwards
        assert then.shape == bowl.shape
        assert then.min() >= 0 and then.max() <= 255
    assert seen[-1][2] < seen[0][2] < bowl(START)[1]["total"]


@pytest.mark.parametrize("make", [Lbfgs, lambda: Adam(10)])
def test_it_stops_when_told(make):
    _, seen = run(make(), stop_at=3)
    assert len(seen) == 3


def test_adam_evaluates_once_a_step_and_lbfgs_seldom_more():
    assert run(Adam(10), steps=20)[0].evaluations == 21
    bowl, seen = run(Lbfgs(), steps=10)
    assert bowl.evaluations <= len(seen) + 5


def test_lbfgs_ends_where_nothing_is_left_to_gain():
    bowl = Bowl()
    bowl.target = START
    assert run(Lbfgs(), bowl=bowl)[1] == []


def test_lbfgs_does_not_mind_the_scale_of_the_loss():
    class Tiny(Bowl):
        def __call__(self, image):
            gradient, losses = super().__call__(image)
            return gradient * np.float32(1e-9), {"total": losses["total"] * 1e-9}

    plain, tiny = run(Lbfgs(), steps=5)[1], run(Lbfgs(), steps=5, bowl=Tiny())[1]
    np.testing.assert_allclose(tiny[-1][0], plain[-1][0], atol=0.1)


def test_adam_goes_on_at_another_size_with_its_moments():
    optimizer = Adam(10)
    _, seen = run(optimizer, steps=5)
    larger = Bowl((1, 8, 10, 3))
    start = seen[-1][0].repeat(2, axis=1).repeat(2, axis=2)
    optimizer.minimize(larger, start, 1, lambda *_: None)
    moments = {v.name: np.asarray(v.value) for v in optimizer._optimizer.variables if v.ndim == 4}
    assert {value.shape for value in moments.values()} == {larger.shape}
    assert int(optimizer._optimizer.iterations) == 6
    velocity = next(value for name, value in moments.items() if "velocity" in name)
    assert velocity.min() > 0


def test_without_scipy_it_says_what_to_do(monkeypatch):
    real = builtins.__import__

    def fail(name, *arguments, **options):
        if name.startswith("scipy"):
            raise ImportError("No module named 'scipy'")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(ValueError, match="pip install scipy, or choose adam"):
        Lbfgs()
