"""Features that wait in memory or in a file."""

import collections
import contextlib
import shutil

import numpy as np
import pytest

from fast_style.painting import feature_buffers


@pytest.mark.parametrize("kind", [feature_buffers.InMemory, feature_buffers.InFile])
def test_rows_come_back_as_they_were_written(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    rows = np.random.default_rng(0).normal(size=(7, 20)).astype("float32")
    other = rows[:, :6].astype("float16")
    in_file = kind is feature_buffers.InFile
    buffer = kind() if in_file else kind(7 * 120)
    with buffer if in_file else contextlib.nullcontext():
        buffer.write(np.pad(rows, 2)[2:-2, 2:-2], 0, 120)  # not contiguous
        buffer.write(other, 0, 120, 80)
        part = np.full((4, 24), 9, np.float32)
        buffer.read(part[:3, 2:-2], 2, 120)
        np.testing.assert_array_equal(part[:3, 2:-2], rows[2:5])
        assert np.all(part[:, [0, 1, -1]] == 9)
        assert np.all(part[3] == 9)
        beside = np.empty((7, 6), np.float16)
        buffer.read(beside, 0, 120, 80)
        np.testing.assert_array_equal(beside, other)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [feature_buffers.InMemory, feature_buffers.InFile])
def test_many_rows_are_copied_whole(kind):
    rows = np.random.default_rng(0).integers(0, 256, (301, 10000), np.uint8)
    in_file = kind is feature_buffers.InFile
    buffer = kind() if in_file else kind(rows.size)
    with buffer if in_file else contextlib.nullcontext():
        buffer.write(rows, 0, 10000)
        found = np.empty_like(rows)
        buffer.read(found, 0, 10000)
    np.testing.assert_array_equal(found, rows)


def test_a_disk_that_is_too_small_is_named_with_what_helps(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(feature_buffers.tempfile, "tempdir", None)
    usage = collections.namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**30))
    feature_buffers.check_disk(2**30)
    with pytest.raises(OSError, match=f"{tmp_path}: 2.0 GiB are needed .* 1.0 GiB .*TMPDIR"):
        feature_buffers.check_disk(2**31)
