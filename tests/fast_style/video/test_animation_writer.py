"""Animations that are written, as Pillow reads them."""

import os
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.video.animation_reader import AnimationReader
from fast_style.video.animation_writer import AnimationWriter
from fast_style.video.frames import Description, Frame
from tests import films

PICTURES = [images.Picture(rgb) for rgb in films.moving(5)]
DURATIONS = [100, 50, 200, 300, 40]
SUFFIXES = [".gif", ".webp", ".png", ".apng"]


def write(path, pictures=PICTURES, durations=DURATIONS, base=Fraction(1, 1000), plays=0):
    height, width = pictures[0].rgb.shape[:2]
    source = Description(height, width, base, 1 / base, plays=plays)
    writer = AnimationWriter(str(path), source, (height, width))
    pts = 0
    for picture, duration in zip(pictures, durations, strict=True):
        writer.write(Frame(picture, pts, duration))
        pts += duration
    writer.finish()
    return path


def read(path):
    """[(RGBA array, milliseconds)], as Pillow sees them."""
    found = []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            found.append((np.array(image.convert("RGBA")), image.info["duration"]))
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pictures_and_durations(tmp_path, suffix):
    found = read(write(tmp_path / f"a{suffix}"))
    assert [duration for _, duration in found] == DURATIONS
    limit = {".gif": 5, ".webp": 6}.get(suffix, 0)  # a palette, a lossy codec
    for (pixels, _), picture in zip(found, PICTURES, strict=True):
        assert np.abs(pixels[..., :3].astype(int) - picture.rgb).mean() <= limit
        assert (pixels[..., 3] == 255).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("plays", [0, 1, 5])
def test_how_often_it_plays(tmp_path, suffix, plays):
    reader = AnimationReader(write(tmp_path / f"a{suffix}", plays=plays))
    reader.close()
    assert reader.description.plays == plays


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_transparency_is_kept_and_shows_nothing_of_the_frame_before(tmp_path, suffix):
    pictures = [PICTURES[0]]
    for number, picture in enumerate(PICTURES[1:]):
        alpha = np.full(picture.rgb.shape[:2], 255, np.uint8)
        alpha[:, 8 * number : 8 * number + 8] = 0
        pictures.append(images.Picture(picture.rgb, alpha))
    found = read(write(tmp_path / f"a{suffix}", pictures))
    assert (found[0][0][..., 3] == 255).all()
    for (pixels, _), picture in zip(found[1:], pictures[1:], strict=True):
        np.testing.assert_array_equal(pixels[..., 3], picture.alpha)


def test_thirds_of_a_hundredth_do_not_add_up_in_a_gif(tmp_path):
    path = write(tmp_path / "a.gif", PICTURES * 6, [1] * 30, Fraction(1, 30))
    durations = [duration for _, duration in read(path)]
    assert set(durations) == {30, 40} and sum(durations) == 1000


def test_png_has_any_fraction_of_a_second(tmp_path):
    reader = AnimationReader(
        write(tmp_path / "a.png", durations=[1001] * 5, base=Fraction(1, 30000))
    )
    found = [frame.duration * reader.description.time_base for frame in reader]
    reader.close()
    assert sum(found) == pytest.approx(Fraction(5005, 30000), abs=1e-5)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["duration"] == pytest.approx(1000 * 1001 / 30000, abs=1e-9)


def test_what_was_there_stays_until_it_is_complete(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"before")
    writer = AnimationWriter(str(path), Description(48, 64, Fraction(1), 1), (48, 64))
    for number in range(3):
        writer.write(Frame(PICTURES[number], number, 1))
    assert path.read_bytes() == b"before"
    writer.abandon()
    assert os.listdir(tmp_path) == ["a.gif"] and path.read_bytes() == b"before"


@pytest.mark.parametrize(("suffix", "limit"), [(".gif", 65535), (".webp", 16383)])
def test_sides_that_the_format_has_no_room_for(tmp_path, suffix, limit):
    source = Description(1, limit + 1, Fraction(1), 1)
    with pytest.raises(InvalidValue, match=f"at most {limit}"):
        AnimationWriter(str(tmp_path / f"a{suffix}"), source, (1, limit + 1))
    assert os.listdir(tmp_path) == []


def test_ffmpeg_reads_them_too(tmp_path):
    for suffix in (".gif", ".apng"):
        found = films.frame_times(write(tmp_path / f"a{suffix}"))
        times = [round(float(time) * 1000) for time, _ in found]
        assert times == [0, 100, 150, 350, 650]
