"""What a bulk run says: lines where there is no terminal."""

import re

import pytest

from fast_style.bulk.manifest import EXISTING, FAILED, PAINTED, Row
from fast_style.commands import bulk_report


class Source:
    def count(self):
        return 40


class Records:
    """In place of a manifest."""

    folder = "/out/_manifest/run"

    def __init__(self):
        self.rows, self.closed = [], False

    def add(self, row):
        self.rows.append(row)

    def tick(self):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def records():
    return Records()


def row(number, status=PAINTED, error=None):
    return Row(f"/in/{number}.jpg", f"/out/{number}.jpg", status, error=error)


def test_every_row_is_recorded_and_counted(records, capsys):
    with bulk_report.Report(Source(), records) as report:
        for number in range(4):
            report.add(row(number))
        report.add(None)
        report.add(row(4, EXISTING))
        report.add(row(5, FAILED, "/in/5.jpg: not a readable image"))
    assert len(records.rows) == 6 and records.closed
    assert report.failed == 1
    output = capsys.readouterr()
    assert output.out.startswith("4 painted, 1 failed, 1 exist already in ")
    assert "/out/_manifest/run" in output.out
    assert output.err == "error: /in/5.jpg: not a readable image\n"


def test_lines_say_how_far_it_is(records, capsys, monkeypatch):
    monkeypatch.setattr(bulk_report, "_LINES_EVERY", 0.0)
    with bulk_report.Report(Source(), records) as report:
        report.counted.wait(5)
        for number in range(10):
            report.add(row(number))
    *lines, _ = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"10 painted of 40; [\d,.]+ images/s; \d+ s left", lines[-1])


def test_a_million_errors_are_not_all_shown(records, capsys):
    with bulk_report.Report(Source(), records) as report:
        for number in range(500):
            report.add(row(number, FAILED, f"no picture\n{number}"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[0] == r"error: /in/0.jpg: no picture\n0"
    assert "manifest" in lines[-1]


def test_a_listing_that_fails_stops_no_report(records, capsys):
    class Broken:
        def count(self):
            raise OSError("gone")

    with bulk_report.Report(Broken(), records) as report:
        report.counted.wait(5)
        report.add(row(1))
    assert capsys.readouterr().out.startswith("1 painted in")


def test_nothing_is_said_where_nothing_was_done(records, capsys):
    with bulk_report.Report(Source(), records):
        pass
    assert capsys.readouterr().out == ""
