"""Paths that name one file."""

import os
import unicodedata

import pytest

from fast_style.images import identity


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").touch()
    return tmp_path


def test_names_of_one_file_are_twins(here):
    os.symlink("sub", "link")
    paths = ["sub/new", "link/new", "missing/../sub/new", f"{here}/sub/other", "sub/NEW"]
    assert list(identity.twins(paths)) == [
        ("sub/new", "link/new"),
        ("sub/new", "missing/../sub/new"),
    ]


def test_accents_composed_in_two_ways_are_one_name_where_capitals_do_not_count(monkeypatch):
    names = [unicodedata.normalize(form, "sub/\u00e9.jpg") for form in ("NFC", "NFD")]
    assert list(identity.twins(names)) == []
    monkeypatch.setattr(identity, "folds_names", lambda folder: True)
    assert list(identity.twins(names)) == [tuple(names)]


def test_a_file_system_without_numbers_of_files_is_compared_by_path(monkeypatch):
    class Numberless:
        st_dev = st_ino = 0

    (real := os.stat)("sub/a")
    monkeypatch.setattr(os, "stat", lambda path, **options: real(path, **options) and Numberless)
    identity.check_kept(["sub/b"], ["sub/a"])
    with pytest.raises(ValueError, match="would replace sub/a"):
        identity.check_kept(["missing/../sub/a"], ["sub/a"])


def test_a_drive_that_is_missing_is_compared_by_path(monkeypatch):
    def stat(path, **options):
        raise FileNotFoundError(2, "The system cannot find the path specified", path)

    monkeypatch.setattr(os, "stat", stat)
    assert list(identity.twins(["a", "./a", "b"])) == [("a", "./a")]
    assert not identity.lies_in("a/b", "a")


def test_a_path_lies_in_a_folder(here):
    os.symlink("sub", "link")
    for path in ("sub", "link", "link/new/deeper", f"{here}/sub/a", "missing/../sub/new"):
        assert identity.lies_in(path, "sub")
    for path in (".", "subs", "missing", "/"):
        assert not identity.lies_in(path, "sub")


def test_capitals_count_or_not_as_the_folder_says(here, monkeypatch):
    before = os.listdir(here)
    capitals_count = not os.path.exists("SUB")
    assert identity.folds_names(here) != capitals_count
    real = os.path.exists

    def exists(path):
        folder, name = os.path.split(path)
        return real(os.path.join(folder, name.lower()))

    monkeypatch.setattr(os.path, "exists", exists)
    assert identity.folds_names("sub")
    assert os.listdir(here) == before
