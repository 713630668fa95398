"""Names of films, and which reader and writer they stand for."""

import os

import pytest

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.video import formats
from fast_style.video.animation_reader import AnimationReader
from fast_style.video.encoding import EncodeOptions
from fast_style.video.film_reader import FilmReader
from fast_style.video.frame_folders import FolderReader
from fast_style.video.frames import FilmError
from tests import films


@pytest.fixture
def sources(tmp_path):
    films.write(tmp_path / "a.mp4", films.moving(3))
    films.write_animation(tmp_path / "a.gif")
    images.save(tmp_path / "frames" / "1.png", films.moving(1)[0])
    images.save(tmp_path / "still.jpg", films.moving(1)[0])
    return tmp_path


def test_readers(sources):
    for name, kind in (("a.mp4", FilmReader), ("a.gif", AnimationReader), ("frames", FolderReader)):
        reader = formats.open_reader(str(sources / name))
        assert isinstance(reader, kind)
        reader.close()


def test_a_photograph_is_said(sources):
    with pytest.raises(FilmError, match="still.jpg: is a still image, which `fast-style paint`"):
        formats.open_reader(str(sources / "still.jpg"))


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("clip.mp4", "generated/res.mp4"),
        ("clip.MKV", "generated/res.mkv"),
        ("clip.avi", "generated/res.mp4"),
        ("clip.gif", "generated/res.gif"),
        ("clip.png", "generated/res.png"),
        ("frames", "generated/res/"),
    ],
)
def test_outputs_that_are_not_named(tmp_path, monkeypatch, source, output):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    assert formats.choose_output(source) == output


def test_outputs_that_are_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.mp4").mkdir()
    for output in ("new/", "new", "there.mp4"):
        assert formats.choose_output("clip.mp4", output) == output.rstrip("/") + "/"
    assert os.listdir(tmp_path) == ["there.mp4"]


def test_outputs_that_are_refused(sources, monkeypatch):
    monkeypatch.chdir(sources)
    os.link("a.mp4", "same.mp4")
    for source, output, words in (
        ("a.mp4", "a.mp4", "would replace"),
        ("a.mp4", "same.mp4", "would replace"),
        ("a.gif", "./a.gif", "would replace"),
        ("frames", "frames", "replace the frames"),
        ("frames", "frames/", "replace the frames"),
        ("frames", "frames/b.gif", "among the frames"),
        ("a.mp4", "b.avi", "must end in one of.*b.avi"),
        ("a.mp4", "b.jpg", "must end in one of.*b.jpg"),
    ):
        with pytest.raises(InvalidValue, match=words):
            formats.choose_output(source, output)


def test_places_that_cannot_be_written(sources, monkeypatch):
    monkeypatch.chdir(sources)
    for output in ("still.jpg/b.mp4", "still.jpg/frames/"):
        with pytest.raises(NotADirectoryError, match="still.jpg"):
            formats.choose_output("a.mp4", output)
    with pytest.raises(PermissionError, match="cannot be written"):
        formats.choose_output("a.mp4", "/proc/b.mp4")


def test_pyav_that_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidValue, match=r"pip install .*\[video\]"):
        formats.open_reader(str(tmp_path / "a.mp4"))


def test_options_that_mean_nothing_are_said(sources):
    reader = formats.open_reader(str(sources / "a.gif"))
    reader.close()
    for options in ({"codec": "libx264"}, {"crf": 20}):
        for output in ("b.gif", "b/"):
            with pytest.raises(InvalidValue, match=f"{next(iter(options))}.*films"):
                formats.open_writer(
                    str(sources) + "/" + output,
                    reader.description,
                    (48, 64),
                    EncodeOptions(**options),
                )
    with pytest.raises(InvalidValue, match="fps.*a.mp4"):
        formats.open_reader(str(sources / "a.mp4"), rate=24)
    assert not (sources / "b").exists() and not (sources / "b.gif").exists()


def test_sound_that_has_no_place_is_told_of(tmp_path):
    reader = formats.open_reader(str(films.write(tmp_path / "a.mp4", films.moving(3), sound="aac")))
    reader.close()
    for sound, left_out in ((True, ["audio"]), (False, [])):
        for output in ("b.gif", "b/"):
            writer = formats.open_writer(
                f"{tmp_path}/{output}", reader.description, (48, 64), EncodeOptions(sound=sound)
            )
            assert writer.left_out == left_out
            writer.abandon()
