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
    rows = np.random.default_rng(0).normal(size=(7, 5, 3)).astype("float32")
    buffer = kind(rows.shape)
    with buffer if kind is feature_buffers.InFile else contextlib.nullcontext():
        buffer.write(4, rows[4:])
        buffer.write(0, rows.swapaxes(0, 1).copy().swapaxes(0, 1)[:4])  # not contiguous
        np.testing.assert_array_equal(buffer.read(0, 7), rows)
        part = buffer.read(2, 5)
        buffer.write(2, 0 * part)  # what was read stays
        np.testing.assert_array_equal(part, rows[2:5])
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_too_small_is_named_with_what_helps(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(feature_buffers.tempfile, "tempdir", None)
    usage = collections.namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**30))
    feature_buffers.check_disk(2**30)
    with pytest.raises(OSError, match=f"{tmp_path}: 2.0 GiB are needed .* 1.0 GiB .*TMPDIR"):
        feature_buffers.check_disk(2**31)
