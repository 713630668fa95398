"""Finding image files in folders, and by patterns."""

import os

import pytest

from fast_style import images
from fast_style.images import finding


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_find(tmp_path):
    touch(tmp_path, "b.jpg", "a.PNG", "sub/c.JPeG", "sub/deep/d.webp", ".hidden.jpg", ".git/e.jpg")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    found = images.find(tmp_path)
    expected = ["a.PNG", "b.jpg", "sub/c.JPeG", "sub/deep/d.webp"]
    assert found == [tmp_path / name for name in expected]
    assert images.find(str(tmp_path)) == found


def test_find_follows_links_to_folders(tmp_path):
    touch(tmp_path, "elsewhere/a.jpg")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "elsewhere")
    assert images.find(tmp_path / "photos") == [tmp_path / "photos" / "link" / "a.jpg"]


def test_find_refuses_anything_but_a_folder(tmp_path):
    assert images.find(tmp_path) == []
    (tmp_path / "file.jpg").touch()
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        images.find(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match=r"file\.jpg: is a file"):
        images.find(tmp_path / "file.jpg")


@pytest.mark.parametrize(
    "folder",
    [
        *("@eaDir", "$RECYCLE.BIN", "$Recycle.Bin", ".thumbnails", "System Volume Information"),
        *("lost+found", "#recycle", "__MACOSX", ".Trash-1000", ".@__thumb", "@Recycle"),
    ],
)
def test_folders_of_systems_are_skipped(tmp_path, folder):
    touch(tmp_path, "a.jpg", f"sub/{folder}/b.jpg", f"{folder}/c.jpg", f"{folder}/d.txt")
    found = finding.search(tmp_path)
    assert found.images == [tmp_path / "a.jpg"]
    assert not found.left_out
    # Whoever names one means it.
    assert finding.search(tmp_path / folder).images == [tmp_path / folder / "c.jpg"]


def test_files_left_out_are_counted(tmp_path):
    touch(tmp_path, "a.jpg", "b.cr2", "sub/c.CR2", "sub/notes", ".d.cr2", "e.mov")
    assert finding.search(tmp_path).left_out == {".cr2": 2, ".mov": 1, "": 1}


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder with a sub-folder that can't be listed, whoever runs the tests."""
    touch(tmp_path, "a.jpg", "locked/b.jpg", "open/c.jpg")
    real = os.scandir

    def scandir(path):
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return tmp_path


def test_a_folder_that_can_not_be_listed_spares_the_others(locked, caplog):
    found = finding.search(locked)
    assert found.images == [locked / "a.jpg", locked / "open" / "c.jpg"]
    assert [error.filename for error in found.unreadable] == [str(locked / "locked")]
    assert images.find(locked) == found.images
    assert f"{locked / 'locked'}: Permission denied" in caplog.text
    with pytest.raises(PermissionError):
        images.find(locked / "locked")


def test_patterns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "a.jpg", "deep/b.jpg", "deep [1]/c.jpg", "deep 1/d.jpg")
    assert images.expand("*.jpg") == ["a.jpg"]
    assert images.expand("**/*.jpg") == ["a.jpg", "deep 1/d.jpg", "deep [1]/c.jpg", "deep/b.jpg"]
    assert images.expand("deep [1]/*.jpg") == ["deep [1]/c.jpg"]
    assert images.expand(f"{tmp_path}/deep [1]/*") == [f"{tmp_path}/deep [1]/c.jpg"]
    assert images.expand("deep [[]1]/*.jpg") == ["deep [1]/c.jpg"]
    assert images.expand("missing") == ["missing"]
    os.mkfifo("pipe.jpg")  # which nobody writes to
    assert images.expand("*.jpg") == ["a.jpg"]
    with pytest.raises(ValueError, match=r"\*.png: no file matches"):
        images.expand("*.png")


def test_walking_finds_what_searching_finds_before_all_is_listed(tmp_path, photo):
    for name in ("b.png", "deep/er/a.jpg", "deep/c.png"):
        images.save(tmp_path / name, photo())
    (tmp_path / "deep" / "notes.txt").write_text("")
    found = finding.Found()
    walked = finding.walk(tmp_path, found)
    first = next(walked)
    assert found.left_out == {}  # the folder below is not listed yet
    assert sorted([first, *walked]) == [str(path) for path in finding.search(tmp_path).images]
    assert found.left_out == {".txt": 1}
