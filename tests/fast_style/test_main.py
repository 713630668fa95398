"""The command fast-style, before it hands on to another one."""

import importlib
import subprocess
import sys

import pytest

from fast_style import __main__ as program
from tests.scripts import assert_one_line_error, run_script

HEAVY = {"tensorflow", "keras", "openvino", "scipy", "numpy", "PIL", "h5py", "tensorflow_datasets"}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_the_commands_with_a_line_each(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fast-style", *arguments])
    assert program.main() == 0
    shown = capsys.readouterr().out
    for name, (_, _, help_) in program.COMMANDS.items():
        (line,) = (line for line in shown.splitlines() if line.startswith(f"  {name} "))
        assert line.endswith(f" {help_}") and len(line) <= 80


def test_help_imports_nothing_that_takes_long():
    code = (
        "import sys; sys.argv = ['fast-style', '--help'];"
        "from fast_style.__main__ import main; main();"
        f"sys.exit(', '.join({HEAVY} & set(sys.modules)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.stderr.strip() == ""


def test_an_unknown_command_is_wrong_usage(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fast-style", "pant"])
    assert program.main() == 2
    error = capsys.readouterr().err
    assert error.startswith("error: 'pant' is not a command; there are paint, train, ")


def test_each_command_has_what_is_called():
    for module, _, _ in program.COMMANDS.values():
        command = importlib.import_module(module)
        assert command.__doc__ and "%s" in command.__doc__
        assert callable(command.define_flags) and callable(command.main)


def test_a_command_goes_by_the_name_that_was_typed(tmp_path):
    process = run_script("fast_style", "paint", "--help", cwd=tmp_path)
    assert process.returncode == 0
    assert "\n    fast-style paint IMAGE " in process.stdout
    assert "\nfast-style paint:\n" in process.stdout
    process = run_script("fast_style", "paint", "no.jpg", cwd=tmp_path)
    assert process.returncode == 1
    assert process.stderr == "error: no.jpg: no such file or folder\n"


def test_arguments_reach_the_command(tmp_path):
    process = run_script("fast_style", "paint", "missing.jpg", "missing", cwd=tmp_path)
    assert_one_line_error(process, "missing: no such checkpoint")
    process = run_script("fast_style", "paint", "--no_such_flag", cwd=tmp_path)
    assert process.returncode == 2
    assert "no_such_flag" in process.stderr
    process = run_script("fast_style", "paint", "--help", cwd=tmp_path)
    assert "fast-style paint IMAGE" in process.stdout
