"""Ranges of time."""

from fractions import Fraction

import pytest

from fast_style.errors import InvalidValue
from fast_style.video.frames import TimeRange


def test_ranges_are_as_decimal_numbers_say():
    within = TimeRange(0.2, 0.48)
    assert within.holds(Fraction(1, 5)) and not within.holds(Fraction(48, 100))
    assert within.is_past(Fraction(48, 100)) and not within.is_past(Fraction(47, 100))


def test_all_of_a_film():
    assert TimeRange().is_all and TimeRange().holds(10**9)
    assert not TimeRange(0, 1).is_all and not TimeRange(1).is_all


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (-1, None, "start"),
        (float("nan"), None, "start"),
        (float("inf"), None, "start"),
        (2, 2, "end.*after.*2"),
        (2, 1, "end.*after.*1"),
        (0, float("nan"), "end"),
    ],
)
def test_ranges_without_anything_in_them(start, end, words):
    with pytest.raises(InvalidValue, match=words):
        TimeRange(start, end)
