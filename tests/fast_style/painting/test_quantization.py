"""Networks in int8, and the cache in which they are kept."""

import importlib.metadata
import os

import numpy as np
import pytest

from fast_style import Stylizer, images
from fast_style.painting import quantization
from tests.conftest import ROOT

PREFIX = ROOT / "checkpoints" / "ckpt-done"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache: the folder."""
    pytest.importorskip("nncf")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "fast-style" / "int8"


@pytest.fixture
def made(monkeypatch):
    """List of the calls that would quantize; the model stays as it is, which takes no time."""
    calls = []
    monkeypatch.setattr(quantization, "_quantize", lambda model, *rest: calls.append(rest) or model)
    return calls


@pytest.fixture
def folder(tmp_path, photo):
    """A folder with two photographs."""
    for seed in range(2):
        images.save(tmp_path / "photos" / f"{seed}.png", photo(40, 50, seed=seed))
    return tmp_path / "photos"


def prepare(prefix, **options):
    stylizer = Stylizer.load(prefix, precision="int8", **options)
    stylizer.prepare()
    return stylizer


def test_pictures_are_near_those_in_float32(tmp_path):
    photo = images.fit(images.read(ROOT / "img" / "test.jpg"), 128)
    images.save(tmp_path / "one" / "photo.png", photo)
    whole = Stylizer.load(PREFIX, precision="float32")(photo)
    painted = prepare(PREFIX, calibration=tmp_path / "one")(photo)
    assert 0.1 < np.abs(painted.astype(int) - whole).mean() < 1.5
    again = prepare(PREFIX, calibration=tmp_path / "one")(photo)  # from the cache
    np.testing.assert_array_equal(painted, again)


def test_a_network_is_quantized_once(prefix, made, folder, photo, cache):
    painted = [prepare(prefix, calibration=folder)(photo()) for _ in range(2)]
    assert len(made) == 1
    np.testing.assert_array_equal(*painted)
    assert len(list(cache.iterdir())) == 1


def test_other_photographs_or_another_network_are_quantized_anew(prefix, made, folder):
    prepare(prefix, calibration=folder)
    os.remove(folder / "1.png")
    prepare(prefix, calibration=folder)
    prepare(PREFIX, calibration=folder)
    assert len(made) == 3


@pytest.mark.parametrize("change", ["cut", "flip", "empty"])
def test_a_damaged_file_is_made_anew(prefix, made, folder, photo, cache, change):
    expected = prepare(prefix, calibration=folder)(photo())
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes({"cut": data[:-1000], "flip": data, "empty": b""}[change])
    np.testing.assert_array_equal(prepare(prefix, calibration=folder)(photo()), expected)
    prepare(prefix, calibration=folder)
    assert len(made) == 2  # and is whole again


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_what_others_can_write_is_not_read(prefix, made, folder, cache):
    prepare(prefix, calibration=folder)
    cache.chmod(0o777)
    prepare(prefix, calibration=folder)
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_is_done_without(prefix, made, folder, cache, capsys):
    cache.parents[1].mkdir()
    cache.parent.write_text("a file")
    prepare(prefix, calibration=folder)
    assert "not kept" in capsys.readouterr().err


def test_the_photographs_that_come_along_are_taken_without_a_folder(prefix, made):
    prepare(prefix)
    ((_, photos),) = made
    assert len(photos) >= 3


def test_what_is_missing_is_one_line(prefix, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no image"):
        prepare(prefix, calibration=tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        prepare(prefix, calibration=tmp_path / "missing")

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(ValueError, match="needs the package nncf: pip install"):
        prepare(prefix)
