"""Animations that are read; Pillow's writers make them."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fast_style import images
from fast_style.video.animation_reader import AnimationReader
from fast_style.video.animation_writer import AnimationWriter
from fast_style.video.frames import Description, FilmError, Frame, TimeRange
from tests import films

FRAMES = films.moving(4)


def read(path, **options):
    reader = AnimationReader(path, **options)
    found = list(reader)
    reader.close()
    return reader, found


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.apng"])
def test_frames_last_as_long_as_they_did(tmp_path, name):
    lossless = {"lossless": True} if name == "a.webp" else {}
    reader, found = read(films.write_animation(tmp_path / name, **lossless))
    base = reader.description.time_base
    assert [frame.duration * base * 1000 for frame in found] == [100, 50, 200, 300]
    assert [frame.pts * base * 1000 for frame in found] == [0, 100, 150, 350]
    assert reader.description.frame_count == 4
    for frame, picture in zip(found, FRAMES, strict=True):
        assert np.abs(frame.picture.rgb.astype(int) - picture).mean() < 6
        assert frame.picture.alpha is None


@pytest.mark.parametrize(
    ("name", "loop", "plays"),
    [
        ("a.gif", 0, 0),
        ("a.gif", 3, 4),  # repetitions
        ("a.gif", None, 1),
        ("a.webp", 0, 0),
        ("a.webp", 3, 3),
        ("a.png", 0, 0),
        ("a.png", 1, 1),
        ("a.png", 3, 3),
    ],
)
def test_how_often_they_play(tmp_path, name, loop, plays):
    reader, _ = read(films.write_animation(tmp_path / name, loop=loop))
    assert reader.description.plays == plays


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_transparency_comes_along(tmp_path, name):
    clear = [np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]) for frame in FRAMES]
    for frame in clear:
        frame[:, :20, 3] = 0
    _, found = read(
        films.write_animation(tmp_path / name, clear, disposal=2 if name == "a.gif" else 1)
    )
    for frame in found:
        assert (frame.picture.alpha[:, :20] == 0).all() and (frame.picture.alpha[:, 24:] > 0).all()


def test_transparency_of_webp_comes_along(tmp_path):
    """Pillow drops it where it writes animations, not where it reads them."""
    alpha = np.repeat(np.uint8([[0, 255]]), 32, axis=1).repeat(48, axis=0)
    pictures = [images.Picture(frame, alpha) for frame in FRAMES]
    source = Description(48, 64, Fraction(1, 1000), 10)
    writer = AnimationWriter(str(tmp_path / "a.webp"), source, (48, 64))
    for number, picture in enumerate(pictures):
        writer.write(Frame(picture, 100 * number, 100))
    writer.finish()
    for frame in read(tmp_path / "a.webp")[1]:
        np.testing.assert_array_equal(frame.picture.alpha, alpha)


def test_a_picture_for_programs_without_animations_is_no_frame(tmp_path):
    path = tmp_path / "a.png"
    films.write_animation(path, FRAMES, default_image=True, duration=[50, 200, 300])
    reader, found = read(path)
    assert len(found) == reader.description.frame_count == 3
    np.testing.assert_array_equal(found[0].picture.rgb, FRAMES[1])


def test_frames_without_a_duration_are_shown_as_browsers_do(tmp_path):
    reader, found = read(films.write_animation(tmp_path / "a.gif", duration=[0, 10, 20, 300]))
    durations = [frame.duration * reader.description.time_base for frame in found]
    assert durations == [Fraction(n, 100) for n in (10, 10, 2, 30)]


def test_a_range(tmp_path):
    _, found = read(films.write_animation(tmp_path / "a.png"), time_range=TimeRange(0.1, 0.35))
    assert [frame.pts for frame in found] == [0, 50_000]
    np.testing.assert_array_equal(found[0].picture.rgb, FRAMES[1])
    with pytest.raises(FilmError, match="no frame in this range"):
        read(tmp_path / "a.png", time_range=TimeRange(9))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_a_still_image_is_said(tmp_path, name):
    Image.fromarray(FRAMES[0]).save(tmp_path / name)
    with pytest.raises(FilmError, match="still image"):
        AnimationReader(tmp_path / name)


def test_what_can_not_be_read(tmp_path):
    (tmp_path / "text.gif").write_text("no animation")
    with pytest.raises(FilmError, match="text.gif: not a readable image"):
        AnimationReader(tmp_path / "text.gif")
    with pytest.raises(FileNotFoundError, match="none.gif"):
        AnimationReader(tmp_path / "none.gif")
    films.write_animation(tmp_path / "a.gif")
    with pytest.raises(FilmError, match="max_pixels"):
        AnimationReader(tmp_path / "a.gif", max_pixels=48 * 64 - 1)


def test_what_is_cut_is_read_to_there(tmp_path):
    path = films.write_animation(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:-400])
    reader, found = read(path)
    assert len(found) + reader.lost == 4 and 1 <= reader.lost <= 2
