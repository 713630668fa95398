import pytest

from fast_style import errors


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\n  two"), "one two"),
        (ValueError(), "ValueError()"),
        (
            FileNotFoundError(2, "No such file or directory", "a.jpg"),
            "a.jpg: No such file or directory",
        ),
        (FileNotFoundError("a.jpg: no such file"), "a.jpg: no such file"),
        (OSError(5, "Input/output error", "a\nb.jpg"), r"a\nb.jpg: Input/output error"),
        (ValueError("bad\udcff.jpg \x1b[31m"), r"bad\udcff.jpg \x1b[31m"),
    ],
)
def test_an_error_becomes_one_line(error, line):
    assert errors.one_line(error) == line


def test_what_a_terminal_can_show_stays_as_it_is():
    text = "日本 é\u0301 \u202f \U0001f469\u200d\U0001f4bb.jpg"
    assert errors.printable(text) == text


def test_names_that_tensorflow_can_not_write_are_refused():
    errors.check_utf8("日本")
    with pytest.raises(ValueError, match="UTF-8"):
        errors.check_utf8("bad\udcff")


def test_a_message_that_quotes_a_whole_file_is_cut_off():
    line = errors.one_line(ValueError("unknown option " + 1_000_000 * "x"))
    assert line.startswith("unknown option xxx")
    assert len(line) < 3000


def test_only_the_first_line_of_a_message_is_kept():
    assert errors.first_line(RuntimeError("disk full\n  at line 7")) == "disk full"
    assert errors.first_line(RuntimeError()) == "RuntimeError()"


def test_what_a_caller_catches_is_a_value_error():
    with pytest.raises(ValueError, match="`mode` must be one of a, b; received 'c'"):
        errors.check_choice("mode", "c", ("a", "b"))
    for value in (0, 4, 1.0, "1", None):
        with pytest.raises(ValueError, match="`count` must be an integer from 1 to 3"):
            errors.check_integer("count", value, 1, 3)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (errors.check_positive, (1e-9, 3), (0, -1, float("nan"), float("inf"))),
        (errors.check_weight, (0, 2.5), (-1e-9, float("nan"), float("inf"))),
        (
            lambda name, value: errors.check_at_least(name, value, 2),
            (2, 9.5),
            (1, float("nan"), float("inf")),
        ),
    ],
)
def test_numbers_out_of_range_are_refused(check, good, bad):
    for value in good:
        check("size", value)
    for value in bad:
        with pytest.raises(ValueError, match=f"`size` must .*received {value}"):
            check("size", value)
