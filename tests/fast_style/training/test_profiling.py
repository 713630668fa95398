"""Profiles of training steps."""

import shutil

import pytest


def test_a_profile_of_some_steps_is_left_beside_the_log(make, tmp_path):
    make(profile_steps=(2, 3)).run()
    [trace] = (tmp_path / "run" / "log" / "plugins" / "profile").glob("*/*.xplane.pb")
    assert trace.stat().st_size > 1000
    # A run that is stopped in between writes what there is; one that begins later records none.
    stopped = make(checkpoint_dir=tmp_path / "b", profile_steps=(1, 9))
    stopped.run(should_stop=lambda: stopped.step == 2)
    assert len(list((tmp_path / "b" / "log").glob("plugins/profile/*/*.xplane.pb"))) == 1
    shutil.rmtree(tmp_path / "b" / "log")
    make(checkpoint_dir=tmp_path / "b", profile_steps=(1, 2)).run()
    assert not (tmp_path / "b" / "log" / "plugins").exists()


@pytest.mark.parametrize("steps", [(1,), (3, 2), (0, 4), (1, 2, 3)])
def test_steps_that_cannot_be_profiled_are_refused(make, steps):
    with pytest.raises(ValueError, match="`profile_steps` must be the first and the last step"):
        make(profile_steps=steps)
