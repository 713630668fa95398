"""Folders of numbered pictures."""

from fractions import Fraction

import numpy as np
import pytest

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.video.frame_folders import FolderReader, FolderWriter
from fast_style.video.frames import FilmError, Frame, TimeRange
from tests import films

FRAMES = films.moving(12)


@pytest.fixture
def frames(tmp_path):
    for number, rgb in enumerate(FRAMES):
        images.save(tmp_path / "in" / f"shot{number}.png", rgb)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    return tmp_path / "in"


def test_pictures_come_in_the_order_of_their_numbers(frames):
    reader = FolderReader(frames, rate=24)
    found = list(reader)
    assert [frame.name for frame in found] == [f"shot{number}.png" for number in range(12)]
    for number, frame in enumerate(found):
        assert frame.pts * reader.description.time_base == Fraction(number, 24)
        np.testing.assert_array_equal(frame.picture.rgb, FRAMES[number])
    assert reader.description.frame_count == 12


def test_rates_as_films_have_them(frames):
    assert FolderReader(frames, rate=29.97).description.rate == Fraction(2997, 100)
    assert FolderReader(frames, rate=0.5).description.rate == Fraction(1, 2)
    with pytest.raises(InvalidValue, match="rate"):
        FolderReader(frames, rate=0)


def test_a_range(frames):
    found = list(FolderReader(frames, TimeRange(0.1, 0.3), rate=10))
    assert [frame.name for frame in found] == ["shot1.png", "shot2.png"]
    with pytest.raises(FilmError, match="range"):
        FolderReader(frames, TimeRange(9))


def test_a_damaged_picture_costs_its_frame(frames):
    (frames / "shot5.png").write_text("no picture")
    reader = FolderReader(frames)
    found = list(reader)
    assert (len(found), reader.lost) == (11, 1)
    assert [frame.pts for frame in found] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_folders_without_pictures(tmp_path):
    with pytest.raises(FilmError, match="no pictures"):
        FolderReader(tmp_path)
    (tmp_path / "1.png").write_text("no picture")
    with pytest.raises(FilmError, match="no picture can be read"):
        FolderReader(tmp_path)


def test_large_pictures_are_refused(frames):
    with pytest.raises(FilmError, match="max_pixels"):
        FolderReader(frames, max_pixels=100)


def test_names_of_the_source_are_kept(frames, tmp_path):
    writer = FolderWriter(str(tmp_path / "out"))
    for frame in FolderReader(frames):
        writer.write(frame)
    writer.finish()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        f"shot{number}.png" for number in range(12)
    )


def test_frames_of_films_are_numbered(tmp_path):
    writer = FolderWriter(str(tmp_path / "out"))
    for number, rgb in enumerate(FRAMES[:3]):
        writer.write(Frame(images.Picture(rgb), number, 1))
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["000001.png", "000002.png", "000003.png"]
    np.testing.assert_array_equal(images.read(tmp_path / "out" / names[2]), FRAMES[2])
