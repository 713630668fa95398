"""The command fast-style, which starts the others."""

import pytest

from tests.scripts import assert_one_line_error, run_script

NAMES = ("paint", "train", "gatys", "export", "convert", "score")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("help",)])
def test_help_lists_the_commands_with_a_line_each(arguments, tmp_path):
    process = run_script("fast_style", *arguments, cwd=tmp_path)
    assert process.returncode == 0
    assert process.stderr == ""
    lines = [line.split(maxsplit=1) for line in process.stdout.splitlines()]
    described = {line[0] for line in lines if len(line) == 2}
    assert described >= set(NAMES)


def test_an_unknown_command_is_wrong_usage(tmp_path):
    process = run_script("fast_style", "pain", "photo.jpg", cwd=tmp_path)
    assert process.returncode == 2
    assert "'pain'" in process.stderr
    assert all(name in process.stderr for name in NAMES)


def test_arguments_reach_the_command(tmp_path):
    process = run_script("fast_style", "paint", "missing.jpg", "missing", cwd=tmp_path)
    assert_one_line_error(process, "missing: no such checkpoint")
    process = run_script("fast_style", "paint", "--no_such_flag", cwd=tmp_path)
    assert process.returncode == 2
    assert "no_such_flag" in process.stderr
    process = run_script("fast_style", "paint", "--help", cwd=tmp_path)
    assert "fast-style paint IMAGE" in process.stdout
