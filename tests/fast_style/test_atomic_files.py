import os
import re

import pytest

from fast_style import atomic_files


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
