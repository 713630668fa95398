"""Files that are no films, or none that can be read."""

import av
import pytest

from fast_style.video.film_reader import FilmReader
from fast_style.video.frames import FilmError, Frame
from tests import films

FRAMES = films.moving(12)


def read(path):
    reader = FilmReader(path)
    found = [item for item in reader if isinstance(item, Frame)]
    reader.close()
    return found


def write_sound(path):
    films.write(path, FRAMES, sound="flac")
    with av.open(str(path)) as film, av.open(str(path.with_name("b.mkv")), "w") as other:
        stream = other.add_stream_from_template(film.streams.audio[0])
        for packet in film.demux(audio=0):
            if packet.pts is not None:
                packet.stream = stream
                other.mux(packet)
    path.with_name("b.mkv").rename(path)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("text.mp4", lambda path: path.write_text("no film" * 100), "not a readable film"),
        ("empty.mkv", lambda path: path.write_bytes(b""), "not a readable film"),
        ("sound.mkv", write_sound, "no video stream"),
        ("encrypted.mp4", lambda path: films.encrypt(path, FRAMES), "is encrypted"),
        (
            "list.m3u8.mp4",
            lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n"),
            "not a readable film",
        ),
        (
            "concat.mkv",
            lambda path: path.write_text("ffconcat version 1.0\nfile 'other.mp4'\n"),
            "not a readable film",
        ),
    ],
)
def test_what_is_no_film_is_said(tmp_path, name, make, words):
    path = tmp_path / name
    make(path)
    with pytest.raises(FilmError, match=words) as raised:
        read(path)
    assert str(path) in str(raised.value)


def test_a_film_whose_end_is_missing_is_said(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(FilmError, match="not a readable film|damaged"):
        read(path)


def test_a_codec_that_is_not_there_is_said(tmp_path):
    path = films.write(tmp_path / "a.mkv", FRAMES)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_SOMETHING/NEW"))
    with pytest.raises(FilmError, match="no decoder|not a readable"):
        read(path)


def test_a_missing_file_and_a_folder():
    for path, words in (("none.mp4", "no such file"), (".", "is no file")):
        with pytest.raises(FileNotFoundError, match=words):
            FilmReader(path)


def test_names_that_ffmpeg_would_take_for_addresses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = films.write(tmp_path / "a.mp4", FRAMES)
    path.rename(tmp_path / "http:a%03d.mp4")
    assert len(read("http:a%03d.mp4")) == 12
