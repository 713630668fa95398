"""The cache of decoded photographs."""

import os
import time

import numpy as np
import pytest

from data import cache
from data.photos import Photos
from fast_style import images


@pytest.fixture
def folder(tmp_path):
    """Five photographs and one that can't be read."""
    rng = np.random.default_rng(0)
    for number in range(5):
        rgb = rng.integers(0, 256, (40, 60, 3), np.uint8)
        images.save(tmp_path / "photos" / f"{number}.jpg", rgb)
    (tmp_path / "photos" / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    return tmp_path / "photos"


@pytest.fixture
def decoded(monkeypatch):
    """Names of the photographs that were decoded, in order."""
    names = []
    decode = images.decode

    def counting(data, name, *arguments):
        names.append(os.path.basename(name))
        return decode(data, name, *arguments)

    monkeypatch.setattr(images, "decode", counting)
    return names


def batches(folder, where=None, count=8, gigabytes=1.0, **options):
    kept = cache.make_cache(str(where), gigabytes) if where else None
    photos = Photos(folder, 8, 4, cache=kept, **options)
    found = [crops for crops, _ in photos.batches().take(count).as_numpy_iterator()]
    assert photos.skipped == 1
    return np.stack(found)


@pytest.mark.parametrize("where", ["memory", "folder"])
def test_a_cached_run_sees_what_one_without_sees_and_decodes_once(folder, tmp_path, decoded, where):
    expected = batches(folder)
    decoded.clear()
    where = where if where == "memory" else tmp_path / "cache"
    np.testing.assert_array_equal(batches(folder, where), expected)
    good = [name for name in decoded if name != "cut.jpg"]
    # The first epochs may overlap: what is being decoded is not kept yet.
    assert set(good) == {f"{number}.jpg" for number in range(5)}
    assert len(good) <= 10


def test_a_folder_serves_later_runs_until_a_photograph_changes(folder, tmp_path, decoded):
    batches(folder, tmp_path / "cache")
    decoded.clear()
    batches(folder, tmp_path / "cache")
    assert set(decoded) == {"cut.jpg"}
    images.save(folder / "3.jpg", np.zeros((40, 60, 3), np.uint8))
    os.utime(folder / "3.jpg", (1, 1))
    changed = batches(folder, tmp_path / "cache")
    assert "3.jpg" in decoded
    np.testing.assert_array_equal(changed, batches(folder))
    # A photograph that is allowed no longer is not taken from the cache.
    with pytest.raises(ValueError, match="none of its 6 image files"):
        batches(folder, tmp_path / "cache", max_pixels=100)


def test_a_cache_holds_no_more_than_it_may(folder, tmp_path):
    one = 20 * 30 * 3  # a JPEG is decoded at half its size here
    expected = batches(folder)
    np.testing.assert_array_equal(
        batches(folder, tmp_path / "cache", gigabytes=2.5e-9 * one), expected
    )
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    # What is there counts when a later run starts.
    batches(folder, tmp_path / "cache", gigabytes=2.5e-9 * one)
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    memory = cache.make_cache("memory", 2.5e-9 * one)
    for key in "abc":
        memory.get(key, lambda: np.zeros((20, 30, 3), np.uint8))
    calls = []
    for key in "abc":
        memory.get(key, lambda key=key: calls.append(key) or np.zeros((20, 30, 3), np.uint8))
    assert calls == ["c"]


@pytest.mark.parametrize("damage", ["empty", "cut", "other", "zip", "floats", "objects"])
def test_damaged_entries_are_not_used(folder, tmp_path, damage):
    expected = batches(folder)
    batches(folder, tmp_path / "cache")
    for path in (tmp_path / "cache").glob("*.npy"):
        if damage == "empty":
            path.write_bytes(b"")
        elif damage == "cut":
            os.truncate(path, path.stat().st_size - 10)
        elif damage == "other":
            path.write_bytes(b"no array at all")
        elif damage == "zip":
            with open(path, "wb") as file:
                np.savez(file, a=np.zeros(3))
        elif damage == "floats":
            np.save(path, np.zeros((4, 4, 3)))
        else:
            np.save(path, np.array([{}], object), allow_pickle=True)
    np.testing.assert_array_equal(batches(folder, tmp_path / "cache"), expected)
    np.testing.assert_array_equal(batches(folder, tmp_path / "cache"), expected)


def test_a_run_goes_on_if_its_cache_folder_becomes_read_only(folder, tmp_path, caplog, monkeypatch):
    kept = cache.make_cache(tmp_path / "cache")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    for key in "ab":
        photo = kept.get(key, lambda: np.zeros((4, 4, 3), np.uint8))
        assert photo.shape == (4, 4, 3)
    assert caplog.text.count("the cache keeps no more photographs: ") == 1
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_a_killed_run_left_in_the_making_is_removed(tmp_path):
    old, new = tmp_path / ".1.tmp", tmp_path / ".2.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.make_cache(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".2.tmp"]


def test_caches_that_cannot_be_made_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file: is a file, a folder for the cache"):
        cache.make_cache(tmp_path / "file")
    for gigabytes in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="`cache_gigabytes` must be positive"):
            cache.make_cache("memory", gigabytes)
