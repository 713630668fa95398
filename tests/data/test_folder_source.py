"""The names of the photographs in a folder."""

import os

import pytest

from data.folder_source import FolderSource


@pytest.fixture
def folder(tmp_path):
    for name in (b"a.jpg", b"sub/b\xff.png", b"@eaDir/a.jpg", b"sub/notes.txt"):
        path = os.path.join(os.fsencode(tmp_path), b"photos", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").close()
    return tmp_path / "photos"


def test_names_of_all_kinds_are_handed_on(folder):
    source = FolderSource(folder, seed=0)
    found = {source.record(index)[0] for index in range(len(source))}
    expected = [b"a.jpg", b"sub/b\xff.png"]
    assert found == {os.path.join(os.fsencode(folder), name) for name in expected}


def test_the_fingerprint_is_that_of_the_names_below_the_folder(folder, monkeypatch):
    def refuse(*_):
        raise ValueError("path is on mount 'C:', start on mount 'D:'")  # as on Windows

    monkeypatch.setattr(os.path, "relpath", refuse)
    monkeypatch.chdir(folder.parent)
    expected = FolderSource(folder, seed=0).fingerprint
    for path in ("photos", "./photos/", "photos/../photos"):
        assert FolderSource(path, seed=0).fingerprint == expected
    (folder / "a.jpg").rename(folder / "c.jpg")
    assert FolderSource(folder, seed=0).fingerprint != expected


def test_a_folder_without_images_is_refused(folder):
    (folder / "empty" / "lost+found").mkdir(parents=True)
    (folder / "empty" / "lost+found" / "a.jpg").touch()
    with pytest.raises(ValueError, match="empty: no image file"):
        FolderSource(folder / "empty", seed=0)
