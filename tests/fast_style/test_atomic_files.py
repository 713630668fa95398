import errno
import os
import re

import pytest

from fast_style import atomic_files
from tests import disk


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "file.txt"
    with atomic_files.replacing(path, "w", encoding="utf-8") as file:
        file.write("new")
        assert not path.exists()
        (partial,) = os.listdir(tmp_path)
        assert re.fullmatch(atomic_files.PARTIAL, partial)
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_interrupted_file_leaves_the_old_one(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_files.replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_folder_aside_is_gone_unless_it_was_renamed(tmp_path):
    with atomic_files.folder_aside(tmp_path) as aside:
        assert os.path.isdir(aside)
    assert not os.listdir(tmp_path)
    with atomic_files.folder_aside(tmp_path) as aside:
        os.rename(aside, tmp_path / "kept")
    assert os.listdir(tmp_path) == ["kept"]


def test_a_folder_is_made_unless_a_file_is_in_its_place(tmp_path):
    atomic_files.make_folder(tmp_path / "a" / "b", "letters")
    atomic_files.make_folder(tmp_path / "a" / "b", "letters")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="file: is a file, a folder for letters"):
        atomic_files.make_folder(tmp_path / "file", "letters")


def test_what_replaces_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    with disk.Recording(tmp_path, monkeypatch) as recording:
        for text in ("old", "new"):
            with atomic_files.replacing(tmp_path / "file.txt", "w") as file:
                file.write(text)
            atomic_files.sync(tmp_path / "file.txt")
            atomic_files.sync(tmp_path)
    found = [state["file.txt"] for state in recording.cut if "file.txt" in state]
    # The first may be lost: there was nothing before it.
    assert {b"old", b"new"} <= set(found)
    assert b"" not in found[found.index(b"old") :]


def test_a_second_name_is_a_link_or_a_copy(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("a")
    atomic_files.duplicate(tmp_path / "a", tmp_path / "b")
    assert os.path.samefile(tmp_path / "a", tmp_path / "b")
    atomic_files.duplicate(tmp_path / "a", tmp_path / "b")  # again, as after a kill
    monkeypatch.setattr(os, "link", _refuse)
    (tmp_path / "c").write_text("old")
    atomic_files.duplicate(tmp_path / "a", tmp_path / "c")
    assert not os.path.samefile(tmp_path / "a", tmp_path / "c")
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {
        name: "a" for name in "abc"
    }


def _refuse(*_, **__):
    raise PermissionError("someone reads it")


def test_windows_renames_once_nobody_reads_any_longer(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("a")
    real, refused = os.replace, []

    def replace(*names):
        if len(refused) < 3:
            refused.append(names)
            _refuse()
        real(*names)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PermissionError):
        atomic_files.rename(tmp_path / "a", tmp_path / "b")
    monkeypatch.setattr(atomic_files, "WINDOWS", True)
    atomic_files.rename(tmp_path / "a", tmp_path / "b")
    assert len(refused) == 3
    assert os.listdir(tmp_path) == ["b"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_a_file_system_that_cannot_wait_for_folders_is_no_error(tmp_path, monkeypatch, number):
    (tmp_path / "file").touch()

    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        atomic_files.sync(tmp_path / "file")
    if number == errno.EINVAL:
        atomic_files.sync(tmp_path)
    else:
        with pytest.raises(OSError):
            atomic_files.sync(tmp_path)
        monkeypatch.setattr(atomic_files, "WINDOWS", True)  # which has no way to open a folder
        atomic_files.sync(tmp_path)
