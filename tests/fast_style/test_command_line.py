import os
import signal
import subprocess
import sys

import pytest

import fast_style
from fast_style import command_line
from fast_style.errors import InvalidValue


@pytest.mark.parametrize("error", [InvalidValue("bad"), OSError("bad"), MemoryError("bad")])
def test_a_mistake_is_one_line_and_status_1(error, capsys):
    def main(argv):
        raise error

    assert command_line._guarded(main, []) == 1
    assert capsys.readouterr().err == "error: bad\n"


@pytest.mark.parametrize("bug", [KeyError("bug"), ValueError("bug"), ArithmeticError("bug")])
def test_a_bug_keeps_its_traceback(bug):
    def main(argv):
        raise bug

    with pytest.raises(type(bug)):
        command_line._guarded(main, [])


def test_stop_signals_are_remembered_and_handlers_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with command_line.StopSignals() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        assert stop.received == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # a second one kills
    assert signal.getsignal(signal.SIGTERM) == before


def test_names_of_the_package_load_when_they_are_asked_for():
    for name in fast_style.__all__:
        assert getattr(fast_style, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        fast_style.no_such_name  # noqa: B018


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, fast_style; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
