"""Runs scripts and modules as a user does: in a process of their own."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def command(program, *arguments):
    """Of a script such as "train.py", or of a module, such as "gatys", run with -m."""
    target = [str(ROOT / program)] if program.endswith(".py") else ["-m", program]
    return [sys.executable, *target, *map(str, arguments)]


def run_script(program, *arguments, cwd, environment=None, **options):
    """Returns the finished process, its output as text; `environment` holds more variables."""
    return subprocess.run(
        command(program, *arguments),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def assert_one_line_error(process, *words, status=1):
    """The process failed with one line on standard error that holds `words`, no traceback."""
    assert process.returncode == status, process.stderr
    lines = process.stderr.strip().splitlines()
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert str(word) in lines[0]
