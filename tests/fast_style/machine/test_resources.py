"""What the machine and its control groups leave to this process."""

import os

import pytest

from fast_style.machine import control_groups, resources

MIB = 2**20


def test_the_machine_tells_what_is_available(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)  # as on Windows
    assert MIB < resources.resident_memory() < 2**45
    assert MIB < resources.available_memory() < 2**50


def test_a_group_that_leaves_less_than_the_machine_counts(monkeypatch):
    monkeypatch.setattr(control_groups, "memory_left", lambda: 5 * MIB)
    assert resources.available_memory() == 5 * MIB
    monkeypatch.setattr(control_groups, "memory_left", lambda: 2**60)
    assert resources.available_memory() < 2**50


@pytest.mark.parametrize(
    ("share", "bound", "expected"),
    [(None, 8, None), (2.0, 8, 2), (2.5, 8, 3), (0.1, 8, 1), (16, 8, 8), (3, 1, 1)],
)
def test_threads_keep_to_the_group_and_to_the_processors_bound_to(
    monkeypatch, share, bound, expected
):
    monkeypatch.setattr(control_groups, "processors", lambda: share)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(bound)), raising=False)
    assert resources.thread_limit() == expected
    monkeypatch.delattr(os, "sched_getaffinity")  # as on Windows and macOS
    monkeypatch.setattr(os, "cpu_count", lambda: bound)
    assert resources.thread_limit() == expected


def test_tensorflow_gets_the_limit_unless_the_environment_names_one(monkeypatch):
    name = "TF_NUM_INTRAOP_THREADS"
    monkeypatch.setenv(name, "7")
    monkeypatch.setattr(control_groups, "processors", lambda: 1.0)
    resources.limit_tensorflow()
    assert os.environ[name] == "7"
    monkeypatch.delenv(name)
    resources.limit_tensorflow()
    assert os.environ[name] == "1"
    monkeypatch.delenv(name)
    monkeypatch.setattr(control_groups, "processors", lambda: None)
    resources.limit_tensorflow()
    assert name not in os.environ


def test_a_limit_that_is_set_goes_before_the_groups(monkeypatch):
    monkeypatch.setattr(control_groups, "processors", lambda: 4.0)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    resources.limit_threads(2)
    try:
        assert resources.thread_limit() == 2
        resources.limit_tensorflow()
        assert os.environ["TF_NUM_INTRAOP_THREADS"] == "2"
    finally:
        resources.limit_threads(None)
        os.environ.pop("TF_NUM_INTRAOP_THREADS", None)
    assert resources.thread_limit() == 4 or os.cpu_count() < 4
