"""Reading and writing files for a bulk run: whole or not at all, and the same bytes."""

import os
import threading

import numpy as np
import pytest

from fast_style import images
from fast_style.bulk import storage
from fast_style.bulk.storage import Storage


@pytest.fixture
def aside(tmp_path):
    folder = tmp_path / "aside"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "deep/er/a.webp"])
def test_it_writes_what_images_save_writes(aside, tmp_path, photo, name):
    images.save(tmp_path / "theirs" / name, photo())
    Storage(str(aside)).save(str(tmp_path / "ours" / name), photo())
    written = (tmp_path / "ours" / name).read_bytes()
    assert written == (tmp_path / "theirs" / name).read_bytes()
    assert os.listdir(aside) == []


def test_a_result_is_never_seen_in_part(aside, tmp_path):
    """A reader looks at the file over and over while it is written over and over."""
    target = str(tmp_path / "a.png")
    picture = np.zeros((300, 300, 3), np.uint8)
    written = bytes(images.encoded(target, picture))
    store = Storage(str(aside))

    def write():
        for _ in range(20):
            store.save(target, picture)

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    while thread.is_alive():
        if os.path.exists(target):
            with open(target, "rb") as file:
                seen.add(file.read())
    thread.join()
    assert seen == {written}


def test_a_link_is_written_through(aside, tmp_path, photo):
    images.save(tmp_path / "real.png", photo(seed=1))
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    Storage(str(aside)).save(str(tmp_path / "link.png"), photo())
    assert (tmp_path / "link.png").is_symlink()
    np.testing.assert_array_equal(images.read(tmp_path / "real.png"), photo())


def test_when_a_file_was_written(tmp_path):
    path = tmp_path / "a.txt"
    assert storage.modified(str(path)) is None
    assert storage.modified(str(path / "below a file")) is None
    path.write_text("")
    assert storage.modified(str(path)) is None  # as a power cut leaves it
    path.write_text("whole")
    os.utime(path, (1000, 1000))
    assert storage.modified(str(path)) == 1000


def test_notes_are_told_once(aside, tmp_path):
    path = str(tmp_path / "a.gif")
    frames = [images.resize(np.full((2, 2, 3), 80 * n, np.uint8), 20, 20) for n in range(3)]
    from PIL import Image

    first, *rest = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=rest)
    store = Storage(str(aside))
    store.load(path, images.MAX_PIXELS)
    assert "3" in store.notes(path)
    assert store.notes(path) is None


@pytest.mark.parametrize(
    ("folder", "name", "joined"),
    [("/a", "b/c.jpg", "/a/b/c.jpg"), ("s3://b/a/", "b/c.jpg", "s3://b/a/b/c.jpg")],
)
def test_joining(folder, name, joined):
    assert storage.join(folder, name) == joined
