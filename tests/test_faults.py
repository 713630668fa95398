"""Runs that are killed with SIGKILL; `python -m tests.faults` kills more of them."""

import pytest

from tests.faults import kill_runs


@pytest.mark.slow
def test_killed_runs_end_as_one_that_was_left_alone(random_vgg, tmp_path):
    outcomes = list(kill_runs(tmp_path, random_vgg, runs=2, steps=24, save_every=6, width=4))
    assert all(outcome.identical for outcome in outcomes)
    assert all(outcome.whole and outcome.refused for outcome in outcomes)
    assert sum(len(outcome.kills) for outcome in outcomes) >= 4
    assert any(outcome.found for outcome in outcomes)
    assert max(steps for outcome in outcomes for steps in outcome.repeated) <= 6
