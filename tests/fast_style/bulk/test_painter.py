"""What a process of a run does with the photographs that it is given."""

import dataclasses
import os
import time

import numpy as np
import pytest

from fast_style import images
from fast_style.bulk.painter import Painter


@pytest.fixture
def pairs(tmp_path, photo):
    """Five photographs and the places of their results."""
    made = []
    for number in range(5):
        images.save(tmp_path / "in" / f"{number}.png", photo(20, 30, seed=number))
        made.append((str(tmp_path / "in" / f"{number}.png"), str(tmp_path / f"out/{number}.png")))
    (tmp_path / "aside").mkdir()
    return made


@pytest.fixture
def make(tmp_path):
    def make(change=None, started=None, skip_existing=True):
        started = time.time() - 1 if started is None else started
        return Painter(
            change or invert, "node-1", started, skip_existing, str(tmp_path / "aside"), 10_000
        )

    return make


def invert(picture):
    return dataclasses.replace(picture, rgb=255 - picture.rgb)


def test_every_photograph_has_a_row_and_a_result(make, pairs):
    rows = make().paint(pairs)
    assert [(row.source, row.target) for row in rows] == pairs
    for row in rows:
        assert (row.status, row.width, row.height, row.node) == ("painted", 30, 20, "node-1")
        assert row.seconds >= 0 and row.error is None
        np.testing.assert_array_equal(images.read(row.target), 255 - images.read(row.source))


def test_bad_photographs_spare_the_others(make, pairs, tmp_path):
    (tmp_path / "in" / "1.png").write_text("no picture")
    os.remove(tmp_path / "in" / "2.png")
    images.save(tmp_path / "in" / "3.png", np.zeros((101, 100, 3), np.uint8))  # over the limit
    rows = {os.path.basename(row.source): row for row in make().paint(pairs)}
    assert [rows[f"{n}.png"].status for n in range(5)] == ["painted", *["failed"] * 3, "painted"]
    assert "not a readable image" in rows["1.png"].error
    assert "no such file" in rows["2.png"].error
    assert "over the limit" in rows["3.png"].error
    assert len(os.listdir(tmp_path / "out")) == 2


def test_a_bug_is_a_row_that_says_so(make, pairs):
    def change(picture):
        if (picture.rgb == images.read(pairs[2][0])).all():
            raise KeyError("colours")
        return picture

    rows = make(change).paint(pairs)
    assert [row.status for row in rows].count("painted") == 4
    (failed,) = [row for row in rows if row.status == "failed"]
    assert failed.source == pairs[2][0]
    assert "bug: KeyError" in failed.error


def test_results_of_before_are_left_alone(make, pairs):
    images.save(pairs[3][1], np.zeros((4, 4, 3), np.uint8))
    os.utime(pairs[3][1], (1000, 1000))
    rows = {row.source: row for row in make().paint(pairs)}
    assert rows[pairs[3][0]].status == "existing"
    assert images.read(pairs[3][1]).shape == (4, 4, 3)
    rows = {row.source: row for row in make(skip_existing=False).paint(pairs[3:4])}
    assert rows[pairs[3][0]].status == "painted"
    assert images.read(pairs[3][1]).shape == (20, 30, 3)


@pytest.mark.parametrize("skip_existing", [True, False])
def test_what_a_process_that_died_has_painted_is_not_painted_again(make, pairs, skip_existing):
    def never(picture):
        raise AssertionError("painted again")

    first = make(skip_existing=skip_existing).paint(pairs)
    second = make(never, skip_existing=skip_existing).paint(pairs)
    assert [row.status for row in second] == ["painted"] * 5
    assert [(row.width, row.height) for row in second] == [(r.width, r.height) for r in first]
    assert {row.seconds for row in second} == {None}


def test_no_place_for_results_is_a_row(make, pairs, tmp_path):
    (tmp_path / "out").write_text("a file")
    rows = make().paint(pairs)
    assert {row.status for row in rows} == {"failed"}
