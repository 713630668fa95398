"""Times of frames."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from fast_style.video.clock import Clock, FrameNumbers


def decoded(pts=None, dts=None, duration=0):
    return SimpleNamespace(pts=pts, dts=dts, duration=duration)


def test_times_are_those_of_the_film():
    clock = Clock("mov,mp4", SimpleNamespace(start_time=5), 10)
    assert [clock.time_of(decoded(pts)) for pts in (5, 17, 20)] == [5, 17, 20]


def test_a_frame_without_a_time_follows_the_one_before():
    clock = Clock("mpegts", SimpleNamespace(start_time=7), 10)
    frames = [decoded(), decoded(30, duration=4), decoded(), decoded()]
    assert [clock.time_of(frame) for frame in frames] == [7, 30, 34, 44]


def test_in_avi_files_frames_are_shown_in_the_order_of_decoding():
    clock = Clock("avi", SimpleNamespace(start_time=0), 1)
    frames = [decoded(1, 2), decoded(3, 3), decoded(4, 4), decoded(2, 5), decoded(5), decoded(6)]
    assert [clock.time_of(frame) for frame in frames] == [0, 1, 2, 3, 4, 5]


TIMES = [100, 140, 150, 300, 340, 400]


def packets(order, ahead):
    """Packets of frames in that order of decoding, `ahead` frames before they are shown."""
    numbers = FrameNumbers(Fraction(1, 1000), Fraction(25))
    for time in TIMES:
        numbers.add(time, 9)
    made = [SimpleNamespace(pts=pts, dts=n - ahead) for n, pts in enumerate(order)]
    for packet in made:
        numbers.restore(packet)
    return made


@pytest.mark.parametrize(
    ("order", "ahead"), [([0, 1, 2, 3, 4, 5], 0), ([0, 2, 1, 5, 3, 4], 1), ([0, 4, 2, 1, 3, 5], 2)]
)
def test_packets_get_the_times_of_their_frames(order, ahead):
    made = packets(order, ahead)
    assert [packet.pts for packet in made] == [TIMES[number] for number in order]
    assert {packet.duration for packet in made} == {9}
    assert {packet.time_base for packet in made} == {Fraction(1, 1000)}
    assert all(packet.dts <= packet.pts for packet in made)
    assert all(one.dts < two.dts for one, two in zip(made, made[1:], strict=False))


def test_an_encoder_without_times_of_decoding():
    numbers = FrameNumbers(Fraction(1, 1000), Fraction(25))
    packet = SimpleNamespace(pts=numbers.add(500, 40), dts=None)
    numbers.restore(packet)
    assert (packet.pts, packet.dts, packet.duration) == (500, 500, 40)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction(384000, 15223), Fraction(384000, 15223).limit_denominator(1001)),
        (Fraction(1, 10**6), Fraction(1)),
    ],
)
def test_rates_that_encoders_take(rate, expected):
    assert FrameNumbers(Fraction(1, 90000), rate).rate == expected


def test_memory_does_not_grow_with_the_film():
    numbers = FrameNumbers(Fraction(1, 1000), Fraction(25))
    for number in range(1000):
        packet = SimpleNamespace(pts=numbers.add(40 * number, 40), dts=number)
        numbers.restore(packet)
        assert packet.pts == 40 * number
    with pytest.raises(KeyError):  # forgotten
        numbers.restore(SimpleNamespace(pts=900, dts=900))
