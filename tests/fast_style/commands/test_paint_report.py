"""What paint says of each image."""

import collections
import io
import json
import os

import pytest

from fast_style.commands.paint_report import Report
from fast_style.errors import InvalidValue
from fast_style.painting.file_batch import Outcome
from fast_style.painting.output_plan import Plan, PlannedFile

GOOD = PlannedFile("in/a.jpg", "out/a.jpg")
BAD = PlannedFile("in/bad\udcff\n.jpg", "out/bad\udcff\n.jpg")
DONE = PlannedFile("in/c.jpg", "out/c.jpg")
PLAN = Plan(
    [GOOD, BAD, DONE],
    {"photoz": FileNotFoundError("photoz: no such file or folder")},
    collections.Counter({".heic": 2}),
)
OUTCOMES = [
    Outcome(GOOD, 0.25, (30, 20)),
    Outcome(BAD, error=InvalidValue(f"{BAD.source}: not a readable image")),
]


def say(stream=None, names=None):
    report = Report(PLAN, [GOOD, BAD], names or {}, stream)
    assert report.problems() == 1
    report.outcomes(OUTCOMES)
    report.summary()
    assert report.failed == 1


def test_plain_lines(capsys):
    say()
    output, errors = capsys.readouterr()
    assert output == (
        "out/a.jpg: 0.25 s\n1 of 4 images painted, 1 exist already; 2 other files left out: .heic\n"
    )
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert lines == [
        "error: photoz: no such file or folder",
        r"error: in/bad\udcff .jpg: not a readable image",
    ]


def test_an_object_for_each_image(capsys):
    stream = io.BytesIO()
    say(stream)
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    keys = ("source", "target", "size", "seconds", "error")
    assert [tuple(each[key] for key in keys) for each in found] == [
        ("photoz", None, None, None, "photoz: no such file or folder"),
        ("in/c.jpg", "out/c.jpg", None, None, None),
        ("in/a.jpg", "out/a.jpg", [30, 20], 0.25, None),
        (BAD.source, BAD.target, None, None, r"in/bad\udcff .jpg: not a readable image"),
    ]
    assert all(set(each) == set(keys) for each in found)
    assert os.fsencode(found[3]["source"]) == b"in/bad\xff\n.jpg"
    assert "out/a.jpg" not in capsys.readouterr().out


def test_pipes_go_by_their_names(capsys):
    stream = io.BytesIO()
    names = {GOOD.source: "standard input", DONE.source: "/dev/fd/63"}
    report = Report(Plan([GOOD, DONE]), [GOOD, DONE], names, stream)
    errors = [InvalidValue(f"{DONE.source}: no image"), InvalidValue("out of memory")]
    report.outcomes([Outcome(DONE, error=errors[0]), Outcome(GOOD, error=errors[1])])
    found = [json.loads(line)["source"] for line in stream.getvalue().splitlines()]
    assert found == ["/dev/fd/63", "-"]
    output = capsys.readouterr().err
    assert "error: /dev/fd/63: no image\n" in output
    assert "error: standard input: out of memory\n" in output


def test_an_error_that_names_no_file_is_told_whose_it_is(capsys):
    Report(Plan([], {"photos/locked": OSError("too slow")}), [], {}).problems()
    assert capsys.readouterr().err == "error: photos/locked: too slow\n"


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (Plan([GOOD]), ""),
        (Plan([GOOD], left_out=PLAN.left_out), "1 of 1 images painted; 2 other files left out"),
        (Plan([GOOD], {".": PermissionError(13, "denied", ".")}), ""),
    ],
)
def test_a_single_image_needs_no_summary(plan, line, capsys):
    Report(plan, plan.files, {}).summary()
    output = capsys.readouterr().out
    assert output.startswith(line)
    assert bool(output) == bool(line)
