"""Films that are read: frames, their times, and what is wrong with files."""

from fractions import Fraction

import numpy as np
import pytest

from fast_style.video.film_reader import FilmReader
from fast_style.video.frames import CopiedPacket, FilmError, Frame, TimeRange
from tests import films

FRAMES = films.moving(12)
UNEVEN = [0, 1, 2, 5, 6, 10, 11, 12, 17, 20, 21, 22]


def read(path, **options):
    """The reader, closed, and the frames of a film."""
    reader = FilmReader(path, **options)
    found = [item for item in reader if isinstance(item, Frame)]
    reader.close()
    return reader, found


def times(reader, found):
    base = reader.description.time_base
    return [(frame.pts * base, frame.duration * base) for frame in found]


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts"])
def test_every_frame_comes_at_its_time(tmp_path, name):
    pts = None if name == "a.avi" else UNEVEN  # which knows none but even ones
    path = films.write(tmp_path / name, FRAMES, pts=pts, options={"bf": "2"})
    reader, found = read(path)
    if name in ("a.avi", "a.ts"):  # which has none, and which begins at 1.48 s
        expected = [Fraction(number, 25) for number in pts or range(12)]
    else:
        expected = [time for time, _ in films.frame_times(path)]
    assert [time for time, _ in times(reader, found)] == expected
    assert len(found) == 12 and reader.lost == 0 and reader.missing == 0
    for frame, picture in zip(found, FRAMES, strict=True):
        assert np.abs(frame.picture.rgb.astype(int) - picture).mean() < 12


def test_frames_last_until_the_next_one(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, pts=UNEVEN)
    durations = [duration * 25 for _, duration in times(*read(path))]
    assert durations[:-1] == [1, 1, 3, 1, 4, 1, 1, 5, 3, 1, 1]
    assert durations[-1] == 1


def test_ten_bits_and_odd_sizes(tmp_path):
    odd = [np.ascontiguousarray(frame[:47, :63]) for frame in FRAMES]
    path = films.write(tmp_path / "a.mkv", odd, codec="ffv1", format="yuv444p10le")
    reader, found = read(path)
    assert (reader.description.height, reader.description.width) == (47, 63)
    assert np.abs(found[3].picture.rgb.astype(int) - odd[3]).max() <= 2


def test_turned_films_come_upright(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, aspect=Fraction(4, 3))
    _, flat = read(path)
    reader, found = read(films.turn(path, (0, 1, -1, 0)))
    assert (reader.description.height, reader.description.width) == (64, 48)
    assert reader.description.pixel_aspect == Fraction(3, 4)
    np.testing.assert_array_equal(found[5].picture.rgb, np.rot90(flat[5].picture.rgb, -1))


def test_a_range_counts_from_its_first_frame(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, pts=UNEVEN, options={"g": "4"})
    _, whole = read(path)
    reader, found = read(path, time_range=TimeRange(5 / 25, 12 / 25))
    assert [round(time * 25) for time, _ in times(reader, found)] == [0, 1, 5, 6]
    for frame, same in zip(found, whole[3:7], strict=True):
        np.testing.assert_array_equal(frame.picture.rgb, same.picture.rgb)


def test_sound_of_a_range_starts_with_it(tmp_path):
    path = films.write(tmp_path / "a.mkv", films.moving(50), sound="flac", options={"g": "8"})
    reader = FilmReader(path, TimeRange(0.5, 1.5))
    packets = [item.packet for item in reader if isinstance(item, CopiedPacket)]
    found = [packet.pts * packet.time_base for packet in packets]
    reader.close()
    size = found[1] - found[0]
    assert 0 <= found[0] < size and 1 - size <= found[-1] < 1
    before = [data for time, data in films.sound_packets(path) if 0.5 <= time < 1.5]
    assert [bytes(packet) for packet in packets] == before


def test_a_range_beyond_the_end_holds_no_frame(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES)
    with pytest.raises(FilmError, match="no frame in this range"):
        read(path, time_range=TimeRange(10))


def test_a_broken_packet_costs_its_frame(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, options={"bf": "0"})
    place, size = films.video_packets(path)[4]
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    reader, found = read(path)
    assert (len(found), reader.lost) == (11, 1)
    pts = [round(time * 25) for time, _ in times(reader, found)]
    assert pts == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]


def test_a_film_that_is_cut_is_read_to_there(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES, container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: films.video_packets(path)[7][0]])
    reader, found = read(path)
    assert (len(found), reader.lost) == (7, 5)


def test_a_film_without_a_count_that_is_cut_is_read_to_there(tmp_path):
    path = films.write(tmp_path / "a.mkv", films.moving(75), options={"g": "5"})
    path.write_bytes(path.read_bytes()[: films.video_packets(path)[30][0] - 20])
    reader, found = read(path)
    assert 28 <= len(found) <= 30
    assert reader.missing == pytest.approx(3 - len(found) / 25, abs=0.1)


def test_a_size_that_changes_midway_becomes_the_first(tmp_path):
    parts = [films.write(tmp_path / f"{n}.ts", films.moving(4, 48 * n, 64 * n)) for n in (1, 2)]
    path = tmp_path / "a.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, found = read(path)
    assert len(found) == 8
    assert {frame.picture.rgb.shape for frame in found} == {(48, 64, 3)}


def test_hdr_is_tone_mapped(tmp_path):
    path = films.write(tmp_path / "a.mkv", FRAMES, format="yuv420p10le", colorspace=9, color_trc=16)
    reader, found = read(path)
    assert reader.description.encoding.hdr == "PQ"
    assert len(found) == 12 and found[0].picture.rgb.dtype == np.uint8


def test_labels_without_a_meaning_do_no_harm(tmp_path):
    for number in (3, 9, 22):
        path = films.write(
            tmp_path / "a.mkv", FRAMES, codec="ffv1", color_primaries=number, color_trc=number
        )
        assert len(read(path)[1]) == 12


def test_large_frames_are_refused(tmp_path):
    path = films.write(tmp_path / "a.mp4", FRAMES)
    with pytest.raises(FilmError, match="max_pixels"):
        read(path, max_pixels=64 * 48 - 1)
    assert len(read(path, max_pixels=64 * 48)[1]) == 12
