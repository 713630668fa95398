"""Reading ahead and writing behind: order, errors, bounds."""

import threading
import time

import numpy as np
import pytest

from fast_style import images
from fast_style.errors import InvalidValue, OutOfMemory
from fast_style.painting import file_batch
from fast_style.painting.output_plan import PlannedFile


@pytest.fixture
def make_files(tmp_path, photo):
    def make(count):
        made = []
        for number in range(count):
            source = tmp_path / "in" / f"{number}.png"
            images.save(source, photo(seed=number))
            made.append(PlannedFile(str(source), str(tmp_path / "out" / f"{number}.png")))
        return made

    return make


def test_every_picture_is_painted_in_order(make_files):
    made = make_files(9)
    outcomes = list(file_batch.run(made, lambda picture: picture))
    assert [outcome.file for outcome in outcomes] == made
    for outcome in outcomes:
        assert outcome.error is None and outcome.seconds >= 0
        np.testing.assert_array_equal(
            images.read(outcome.file.target), images.read(outcome.file.source)
        )


def test_what_spoils_one_picture_spares_the_others(make_files, tmp_path):
    made = make_files(6)
    (tmp_path / "in" / "1.png").write_text("no picture")
    made[3] = PlannedFile(made[3].source, str(tmp_path / "in" / "3.png" / "below a file.png"))

    def paint(picture):
        if (picture.rgb == images.read(made[4].source)).all():
            raise InvalidValue("`max_memory` is too small")
        if (picture.rgb == images.read(made[0].source)).all():
            raise OutOfMemory("no memory")
        return picture

    outcomes = list(file_batch.run(made, paint))
    failed = [number for number, outcome in enumerate(outcomes) if outcome.error]
    assert failed == [0, 1, 3, 4]
    assert "1.png" in str(outcomes[1].error)


def test_a_bug_ends_the_run(make_files):
    def paint(picture):
        raise KeyError("a bug")

    threads = threading.active_count()
    with pytest.raises(KeyError):
        list(file_batch.run(make_files(5), paint))
    assert threading.active_count() == threads


def test_pictures_are_read_ahead_but_not_all(make_files, monkeypatch):
    read, load = [], images.load
    monkeypatch.setattr(images, "load", lambda *a: read.append(a) or load(*a))
    running = file_batch.run(make_files(20), lambda picture: time.sleep(0.05) or picture)
    next(running)
    time.sleep(0.3)
    assert 1 < len(read) < 12
    running.close()


def test_large_pictures_wait_for_each_other(make_files, monkeypatch):
    monkeypatch.setattr(file_batch, "_PIXELS", 1)
    made = make_files(5)
    held, most, load, save = [], [], images.load, images.save
    monkeypatch.setattr(images, "load", lambda *a: held.append(1) or load(*a))

    def saved(*arguments):
        most.append(len(held))
        save(*arguments)
        held.pop()

    monkeypatch.setattr(images, "save", saved)
    outcomes = list(file_batch.run(made, lambda picture: picture))
    assert len(outcomes) == 5
    assert max(most) == 1


def test_another_storage_reads_and_writes(make_files, photo):
    class Memory:
        """Pictures by name, no files."""

        def __init__(self):
            self.written = {}

        def count_pixels(self, path):
            return 24 * 16

        def load(self, path, max_pixels):
            if path == "bad":
                raise InvalidValue("bad: no picture")
            return images.Picture(photo(seed=int(path)))

        def save(self, path, rgb, alpha, metadata):
            self.written[path] = rgb

    memory = Memory()
    files = (PlannedFile(name, f"to {name}") for name in ("1", "bad", "2"))
    outcomes = list(file_batch.run(files, lambda picture: picture, storage=memory))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert set(memory.written) == {"to 1", "to 2"}
    np.testing.assert_array_equal(memory.written["to 2"], photo(seed=2))
