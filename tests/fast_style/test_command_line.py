import os
import signal
import subprocess
import sys
import types

import pytest
from absl import flags

import fast_style
from fast_style import command_line
from fast_style.errors import InvalidValue
from fast_style.machine import resources
from tests.scripts import ROOT


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


def test_a_reader_that_ends_is_one_line_and_no_error_at_the_end(tmp_path):
    code = (
        "import sys; from fast_style import command_line\n"
        "sys.stdin.readline()\n"
        "sys.exit(command_line._guarded(lambda argv: print('x' * 100_000), []))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"from absl import flags; flags.FLAGS(['x']); {code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    _, errors = process.communicate("\n")
    assert process.returncode == 1
    assert errors == "error: standard output: nobody reads it\n"


@pytest.fixture
def values(monkeypatch, tmp_path):
    """Flags of a command that is called with a home folder of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # the home folder on Windows
    monkeypatch.chdir(tmp_path)
    values = flags.FlagValues()
    command_line.define_path("output", "x.jpg", "Text.", short_name="o", flag_values=values)
    command_line.define_paths("photos", ["y.jpg"], "Text.", flag_values=values)
    flags.DEFINE_float("learning_rate", 1.0, "Text.", flag_values=values)
    flags.DEFINE_bool("fast", False, "Text.", flag_values=values)
    return values


def test_the_home_folder_is_meant_by_a_tilde(values, tmp_path):
    values(["program", "--output=~/a.jpg", "--photos=~/b.jpg,c~.jpg"])
    assert values.output == str(tmp_path / "a.jpg")
    assert values.photos == [str(tmp_path / "b.jpg"), "c~.jpg"]
    values(["program", "-o", "-"])
    assert values.output == "-"
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "a.jpg").touch()
    values(["program", "--output=~/a.jpg"])
    assert values.output == "~/a.jpg"  # a file of this name is there


def test_a_flag_that_changes_nothing_is_refused(values):
    rules = (("learning_rate", False, "without Adam"), ("fast", False, "with bands"))
    values(["program", "--nofast"])
    command_line.refuse_unused(values, *rules)
    values(["program", "--learning_rate=1"])
    with pytest.raises(InvalidValue, match="--learning_rate changes nothing without Adam"):
        command_line.refuse_unused(values, *rules)
    command_line.refuse_unused(values, ("learning_rate", True, "without Adam"))
    values.unparse_flags()
    values(["program", "--fast"])
    with pytest.raises(InvalidValue, match="--fast changes nothing with bands"):
        command_line.refuse_unused(values, *rules)


@pytest.fixture
def hangups_end():
    """SIGHUP as a terminal's programs get it; the tests themselves may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stop_signals_are_remembered_and_handlers_put_back(number, hangups_end):
    before = signal.getsignal(number)
    with command_line.StopSignals() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop.received == number
        assert signal.getsignal(number) == signal.SIG_DFL  # a second one kills
    assert signal.getsignal(number) == before


def test_a_hangup_that_is_ignored_stays_so_as_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with command_line.StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_without_hangups_as_on_windows_the_others_are_remembered(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    with command_line.StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.received == signal.SIGTERM


LASTING = """
import os, sys
from fast_style import command_line
with command_line.lasting_output():
    print("before", flush=True)
    sys.stdin.readline()
    for number in range(10_000):
        print("x" * 100)
        print("y" * 100, file=sys.stderr)
    with open("end", "w") as file:
        file.write("reached")
"""


def test_a_terminal_that_is_closed_does_not_end_a_program_with_lasting_output(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", LASTING],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"before\n"
    process.stdout.close()
    process.stderr.close()
    process.stdin.close()
    assert process.wait(60) == 0
    assert (tmp_path / "end").read_text() == "reached"


def test_names_of_the_package_load_when_they_are_asked_for():
    for name in fast_style.__all__:
        assert getattr(fast_style, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        fast_style.no_such_name  # noqa: B018


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, fast_style; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


NOTICES = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795657516.016843   32072 port.cc:153] oneDNN custom operations are on.\n"
    "To enable the following instructions: AVX2, in other operations, rebuild TensorFlow with the "
    "appropriate compiler flags.\n\n"
)
CUDA = "W0000 00:00:1795657516.016843   32072 gpu_device.cc:2342] Cannot dlopen CUDA libraries\n"
OTHERS = (
    "W0000 00:00:1795657516.016843   32072 allocator.cc:83] Allocation exceeds 10% of memory\n"
    "Illegal instruction\n"
)


@pytest.mark.parametrize("has_driver", [True, False])
def test_of_what_tensorflow_prints_at_its_start_only_notices_are_dropped(
    has_driver, monkeypatch, capfd, tmp_path
):
    fake = types.SimpleNamespace(
        constant=lambda _: os.write(2, (NOTICES + CUDA + OTHERS).encode()),
        get_logger=lambda: types.SimpleNamespace(setLevel=lambda _: None),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    driver = tmp_path if has_driver else tmp_path / "missing"
    monkeypatch.setattr(resources, "NVIDIA_DRIVER", str(driver))
    command_line.start_tensorflow()
    # Without a driver, that CUDA can't be used is no news.
    assert capfd.readouterr().err == (CUDA if has_driver else "") + OTHERS


def test_an_error_at_the_start_of_tensorflow_loses_no_output(monkeypatch, capfd):
    def fail(_):
        os.write(2, OTHERS.encode())
        raise RuntimeError("no devices")

    monkeypatch.setitem(sys.modules, "tensorflow", types.SimpleNamespace(constant=fail))
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(RuntimeError, match="no devices"):
        command_line.start_tensorflow()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == OTHERS + "afterwards\n"


def test_numbers_of_a_list_flag(capsys):
    assert command_line.numbers("weights", ["1", "0.5"]) == (1.0, 0.5)
    assert command_line.numbers("steps", ["3", "9"], int) == (3, 9)
    with pytest.raises(SystemExit) as caught:
        command_line.numbers("steps", ["3", "x"], int)
    assert caught.value.code == 2
    assert "--steps" in capsys.readouterr().err


def test_defaults_are_those_of_the_signature():
    assert command_line.defaults(lambda a=1, *, b="x": None) == {"a": 1, "b": "x"}
