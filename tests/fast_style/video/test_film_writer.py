"""Films that are written: what FFmpeg finds in them."""

import os
from fractions import Fraction

import av
import numpy as np
import pytest

from fast_style.video.encoding import EncodeOptions
from fast_style.video.film_reader import FilmReader
from fast_style.video.film_writer import FilmWriter
from fast_style.video.frames import CopiedPacket, FilmError, Frame
from tests import films

FRAMES = films.moving(12)
UNEVEN = [0, 1, 2, 5, 6, 10, 11, 12, 17, 20, 21, 22]
LOSSLESS = EncodeOptions(codec="ffv1")


def copy(source, target, options=None):
    """Writes a film again; returns the writer."""
    reader = FilmReader(source)
    size = (reader.description.height, reader.description.width)
    writer = FilmWriter(str(target), reader.description, size, options or EncodeOptions())
    for item in reader:
        writer.write(item)
    writer.finish()
    reader.close()
    return writer


@pytest.mark.parametrize(
    ("source", "target"), [("a.mp4", "b.mp4"), ("a.mov", "b.mov"), ("a.mkv", "b.mkv")]
)
@pytest.mark.parametrize("pts", [None, UNEVEN])
def test_times_and_length_are_those_of_the_source(tmp_path, source, target, pts):
    path = films.write(tmp_path / source, FRAMES, pts=pts, options={"bf": "2"})
    copy(path, tmp_path / target)
    before, after = films.frame_times(path), films.frame_times(tmp_path / target)
    assert [time for time, _ in after] == [time for time, _ in before]
    if pts is None:  # else FFmpeg tells those of decoding
        assert after == before
    with av.open(str(path)) as one, av.open(str(tmp_path / target)) as other:
        assert one.duration == other.duration
        assert one.streams.video[0].frames == other.streams.video[0].frames


def test_a_film_that_does_not_start_at_zero(tmp_path):
    path = films.write(tmp_path / "a.mkv", FRAMES, pts=[50 + n for n in range(12)], sound="flac")
    copy(path, tmp_path / "b.mkv")
    assert films.frame_times(tmp_path / "b.mkv") == films.frame_times(path)
    assert films.sound_packets(tmp_path / "b.mkv") == films.sound_packets(path)


@pytest.mark.parametrize(
    ("codec", "source", "target"),
    [
        ("aac", "a.mp4", "b.mp4"),
        ("aac", "a.mp4", "b.mkv"),
        ("aac", "a.ts", "b.mp4"),
        ("libopus", "a.mkv", "b.webm"),
        ("libmp3lame", "a.mkv", "b.mov"),
        ("pcm_s16le", "a.mov", "b.mkv"),
        ("flac", "a.mkv", "b.mp4"),
    ],
)
def test_sound_is_copied_bit_by_bit(tmp_path, codec, source, target):
    path = films.write(tmp_path / source, films.moving(30), sound=codec, language="fra")
    copy(path, tmp_path / target)
    before, after = (films.sound_packets(file) for file in (path, tmp_path / target))
    if source == "a.ts":  # which has a header in each packet, and MP4 one for all
        assert len(before) == len(after)
        assert all(one.endswith(other) for (_, one), (_, other) in zip(before, after, strict=True))
    else:
        assert [data for _, data in after] == [data for _, data in before]
    # Relative to the pictures, to a thousandth of a second: a container's unit.
    shift = films.frame_times(tmp_path / target)[0][0] - films.frame_times(path)[0][0]
    for (one, _), (other, _) in zip(before, after, strict=True):
        assert abs(other - one - shift) <= Fraction(1, 1000)
    if target != "b.webm":
        with av.open(str(tmp_path / target)) as film:
            assert film.streams.audio[0].metadata["language"] == "fra"


def add_subtitles(path, target):
    """Copies a film and adds a subtitle."""
    text = target.with_suffix(".srt")
    text.write_text("1\n00:00:00,100 --> 00:00:00,300\nBonjour\n\n", encoding="utf-8")
    with (
        av.open(str(path)) as film,
        av.open(str(text)) as written,
        av.open(str(target), "w") as other,
    ):
        copies = {
            source: other.add_stream_from_template(source.streams[0]) for source in (film, written)
        }
        for source in (written, film):
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = copies[source]
                    other.mux(packet)
    return target


def test_subtitles_are_copied_where_the_container_holds_them(tmp_path):
    plain = films.write(tmp_path / "plain.mkv", FRAMES, options={"bf": "0"})
    path = add_subtitles(plain, tmp_path / "a.mkv")
    writer = copy(path, tmp_path / "b.mkv")
    assert writer.left_out == []
    expected = [(Fraction(1, 10), b"Bonjour")]
    assert films.sound_packets(tmp_path / "b.mkv", "subtitle") == expected
    writer = copy(path, tmp_path / "b.mp4")
    assert writer.left_out == ["subtitle in subrip"]
    assert films.frame_times(tmp_path / "b.mp4") == films.frame_times(path)


def test_sound_that_the_container_cannot_hold_is_said(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, sound="aac")
    with pytest.raises(FilmError, match=r"webm.*aac.*--nosound"):
        copy(path, tmp_path / "b.webm")
    assert os.listdir(tmp_path) == ["a.mp4"]
    copy(path, tmp_path / "b.webm", EncodeOptions(sound=False))
    assert films.sound_packets(tmp_path / "b.webm") == []
    assert len(films.frame_times(tmp_path / "b.webm")) == 12


@pytest.mark.parametrize("format", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize(("matrix", "full"), [(1, 1), (1, 2), (5, 1), (6, 2), (9, 1), (2, 0)])
def test_colour_bars_come_back(tmp_path, matrix, full, format):
    known = 5 if matrix == 2 else matrix
    frame = films.frame_of(films.to_yuv(films.bars(), known, full == 2), format)
    path = films.write(
        tmp_path / "a.mkv",
        [frame],
        codec="ffv1",
        format=format,
        colorspace=matrix,
        color_range=full,
    )
    copy(path, tmp_path / "b.mkv", LOSSLESS)
    for before, after in zip(films.planes(path), films.planes(tmp_path / "b.mkv"), strict=True):
        assert np.abs(before - after).max() <= 2
    contexts = []
    for file in (path, tmp_path / "b.mkv"):
        with av.open(str(file)) as film:
            context = film.streams.video[0].codec_context
            contexts.append((context.colorspace, context.color_range or 1))
    assert contexts[0] == contexts[1]


def test_rgb_comes_back_exactly(tmp_path):
    path = films.write(tmp_path / "a.mkv", [films.bars()], codec="ffv1", format="bgr0")
    copy(path, tmp_path / "b.mkv", LOSSLESS)
    np.testing.assert_array_equal(films.pictures(tmp_path / "b.mkv")[0], films.bars())


@pytest.mark.parametrize(
    ("codec", "target"),
    [("libx264", "b.mp4"), ("libx265", "b.mp4"), ("libvpx-vp9", "b.webm"), ("libx264rgb", "b.mkv")],
)
def test_crf_0_is_lossless(tmp_path, codec, target):
    frame = films.frame_of(films.to_yuv(films.bars(), 5, False), "yuv444p")
    path = films.write(
        tmp_path / "a.mkv", [frame], codec="ffv1", format="yuv444p", colorspace=5, color_range=1
    )
    copy(path, tmp_path / target, EncodeOptions(codec, crf=0))
    found = films.pictures(tmp_path / target)[0]
    assert np.abs(found.astype(int) - films.bars()).max() <= 2


def test_a_larger_crf_makes_a_smaller_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), np.uint8)
    path = films.write(tmp_path / "a.mkv", list(noise), codec="ffv1")
    sizes = []
    for crf in (10, 40):
        copy(path, tmp_path / "b.mp4", EncodeOptions(crf=crf))
        sizes.append(os.path.getsize(tmp_path / "b.mp4"))
    assert sizes[1] < sizes[0] / 2


@pytest.mark.parametrize(
    ("codec", "target"),
    [
        *(("libsvtav1", "b.mp4"), ("libvpx", "b.webm"), ("prores_ks", "b.mov")),
        *(("mjpeg", "b.mov"), ("qtrle", "b.mov"), ("mpeg4", "b.mp4")),
    ],
)
def test_other_encoders(tmp_path, codec, target):
    scene = films.moving(4, 96, 128)
    path = films.write(tmp_path / "a.mkv", scene, codec="ffv1", colorspace=5, color_range=1)
    copy(path, tmp_path / target, EncodeOptions(codec))
    found = films.pictures(tmp_path / target)
    assert len(found) == 4
    assert np.abs(found[1].astype(int) - scene[1]).mean() < 12
    assert [t for t, _ in films.frame_times(tmp_path / target)] == [
        time for time, _ in films.frame_times(path)
    ]


def test_an_encoder_without_its_device_is_one_line(tmp_path):
    if os.path.exists("/proc/driver/nvidia/version"):
        pytest.skip("there is a GPU")
    path = films.write(tmp_path / "a.mkv", FRAMES)
    with pytest.raises(FilmError, match="b.mp4: h264_nvenc does not take this film"):
        copy(path, tmp_path / "b.mp4", EncodeOptions("h264_nvenc"))


@pytest.mark.parametrize("target", ["b.mp4", "b.mkv", "b.webm"])
def test_odd_sizes_stay(tmp_path, target):
    odd = [np.ascontiguousarray(frame[:47, :63]) for frame in FRAMES]
    path = films.write(tmp_path / "a.mkv", odd, codec="ffv1")
    copy(path, tmp_path / target)
    found = films.pictures(tmp_path / target)
    assert found[0].shape == (47, 63, 3)
    assert np.abs(found[5].astype(int) - odd[5]).mean() < 6


def test_pixels_that_are_not_square_stay_so(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, aspect=Fraction(4, 3))
    copy(path, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as film:
        assert film.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_title_and_chapters_stay(tmp_path):
    path = films.write(tmp_path / "a.mkv", FRAMES, metadata={"title": "A title"})
    reader = FilmReader(path)
    chapter = {"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000)}
    reader.description.chapters.append(chapter | {"metadata": {"title": "One"}})
    writer = FilmWriter(str(tmp_path / "b.mkv"), reader.description, (48, 64), EncodeOptions())
    for item in reader:
        writer.write(item)
    writer.finish()
    reader.close()
    with av.open(str(tmp_path / "b.mkv")) as film:
        assert film.metadata["title"] == "A title"
        assert [c["metadata"]["title"] for c in film.chapters()] == ["One"]
    copy(tmp_path / "b.mkv", tmp_path / "c.mp4")
    with av.open(str(tmp_path / "c.mp4")) as film:
        assert [c["metadata"]["title"] for c in film.chapters()] == ["One"]


def test_mp4_can_be_played_while_it_comes(tmp_path):
    copy(films.write(tmp_path / "a.mkv", FRAMES), tmp_path / "b.mp4")
    data = (tmp_path / "b.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_what_was_there_stays_until_the_film_is_complete(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES)
    target = tmp_path / "b.mp4"
    target.write_bytes(b"before")
    reader = FilmReader(path)
    writer = FilmWriter(str(target), reader.description, (48, 64), EncodeOptions())
    for number, item in enumerate(reader):
        writer.write(item)
        if number == 5:
            break
    reader.close()
    assert target.read_bytes() == b"before"
    writer.abandon()
    assert target.read_bytes() == b"before"
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "b.mp4"]


def test_a_film_that_ends_early_plays(tmp_path):
    path = films.write(tmp_path / "a.mp4", films.moving(50), sound="aac")
    reader = FilmReader(path)
    writer = FilmWriter(str(tmp_path / "b.mp4"), reader.description, (48, 64), EncodeOptions())
    count = 0
    for item in reader:
        writer.write(item)
        count += isinstance(item, Frame)
        if count == 20:
            break
    writer.finish()
    reader.close()
    assert films.frame_times(tmp_path / "b.mp4") == films.frame_times(path)[:20]
    assert films.sound_packets(tmp_path / "b.mp4")


def test_a_link_is_written_through(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "real.mp4").write_bytes(b"before")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "deep" / "real.mp4")
    copy(path, tmp_path / "link.mp4")
    assert (tmp_path / "link.mp4").is_symlink()
    assert len(films.frame_times(tmp_path / "deep" / "real.mp4")) == 12


def test_a_full_disk_is_one_error_with_the_films_name(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    path = films.write(tmp_path / "a.mp4", FRAMES)
    reader = FilmReader(path)
    writer = FilmWriter(str(tmp_path / "b.mkv"), reader.description, (48, 64), EncodeOptions())
    reader.close()
    with (
        pytest.raises(OSError, match="No space") as raised,
        writer._readable_errors(),
        av.open("/dev/full", "w", format="matroska") as film,
    ):
        stream = film.add_stream("rawvideo", rate=25)
        stream.height, stream.width, stream.pix_fmt = 480, 640, "yuv420p"
        for number in range(40):
            frame = av.VideoFrame(640, 480, "yuv420p")
            frame.pts = number
            film.mux(stream.encode(frame))
    assert raised.value.filename == str(tmp_path / "b.mkv")
    writer.abandon()


def test_an_encoder_that_refuses_is_said(tmp_path):
    path = films.write(tmp_path / "a.mkv", FRAMES, time_base=Fraction(1, 90000))
    with pytest.raises(FilmError, match="dnxhd does not take.*64 x 48"):
        copy(path, tmp_path / "b.mov", EncodeOptions("dnxhd"))
    assert os.listdir(tmp_path) == ["a.mkv"]


def test_packets_with_impossible_times_are_left_out(tmp_path):
    path = films.write(tmp_path / "a.mkv", films.moving(30), sound="flac")
    reader = FilmReader(path)
    writer = FilmWriter(str(tmp_path / "b.mkv"), reader.description, (48, 64), EncodeOptions())
    seen = 0
    for item in reader:
        if isinstance(item, CopiedPacket):
            seen += 1
            if seen == 4:
                item.packet.dts = item.packet.pts = -5000
        writer.write(item)
    writer.finish()
    reader.close()
    assert len(films.sound_packets(tmp_path / "b.mkv")) + writer.lost == seen
    assert writer.lost == 1
