"""The shared parts of all commands: start, flags, help, and one line for a user's mistake."""

import contextlib
import importlib
import inspect
import logging as python_logging
import os
import re
import signal
import sys
import tempfile
import warnings

from absl import app, flags, logging

from fast_style.errors import MENDABLE, InvalidValue, one_line
from fast_style.machine import resources

# TensorFlow's own setting: shows its warnings and errors, and hides its notices.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

_LOG_LINE = re.compile(r"[IWEF]\d{4} ")
_LOG_HEADER = "WARNING: All log messages before absl::InitializeLog()"


def run(name, program=None, tensorflow=False):
    """Runs a command as its whole program; does not return.

    Paths that begin with ~ are those of the home folder, as arguments and after "=". What a
    terminal can't show of file names is shown escaped.

    Exit status: 0 after --help, or what its `main` returns; 1 after one line on standard error for
    a mistake in files or values (with --verbosity=1 the traceback comes first); 2 for wrong usage.

    Args:
        name: of the command's module, which has `define_flags()` and `main(argv)`. Its docstring
            is the help text; in it, %s stands for the program.
        program: what a user types to start it, shown in the help; the script's name by default.
        tensorflow: bool, whether its modules import TensorFlow, which is then started first.
    """
    sys.argv[0] = program or os.path.basename(sys.argv[0])
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")
    if tensorflow:
        start_tensorflow()
    command = importlib.import_module(name)
    before = set(flags.FLAGS)
    command.define_flags()
    new = {flags.FLAGS[name].name for name in set(flags.FLAGS) - before}  # not their short names
    for name in sorted(new | {"verbosity"}):
        # Key flags are those that --help lists.
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])
    sys.modules["__main__"].__doc__ = command.__doc__
    warnings.filterwarnings("ignore", module="PIL")  # of odd files; what matters is an error
    logging.use_absl_handler()
    logging.get_absl_handler().setFormatter(python_logging.Formatter("%(message)s"))
    app.run(lambda argv: _guarded(command.main, argv), flags_parser=_parse)


def _parse(argv):
    try:
        program, *arguments = flags.FLAGS(argv)
        return [program, *map(_with_home, arguments)]
    except flags.Error as error:
        print(f"{error}\nPass --help to see the flags.", file=sys.stderr)
        sys.exit(2)
    except SystemExit:  # --help and its like, which absl ends with 1
        sys.exit(0)


def _with_home(path):
    """A path with ~ at its beginning replaced; shells leave it in quotes, and some everywhere."""
    return path if os.path.lexists(path) else os.path.expanduser(path)


def _guarded(main, argv):
    # Hides the notices of libraries, unless --verbosity asks for them.
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    try:
        return main(argv)
    except BrokenPipeError as error:
        # Whoever read standard output has ended, such as `head`. What is left in Python's buffer
        # must not fail a second time when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"error: {error.filename or 'standard output'}: nobody reads it", file=sys.stderr)
        return 1
    except MENDABLE as error:
        logging.debug("traceback", exc_info=True)
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def usage_error(message):
    """Prints what is wrong with the command line, and exits with 2."""
    print(f"error: {message}\nPass --help to see how it is used.", file=sys.stderr)
    sys.exit(2)


class _PathParser(flags.ArgumentParser):
    syntactic_help = "a path"

    def parse(self, argument):
        return _with_home(argument)

    def flag_type(self):
        return "path"


class _PathsParser(flags.ListParser):
    def parse(self, argument):
        return [_with_home(path) for path in super().parse(argument)]


def define_path(name, default, text, **options):
    """Defines a flag whose value is a path, in which ~ at the beginning is the home folder.

    Args:
        name, default, text, **options: as those of `flags.DEFINE_string`.
    """
    flags.DEFINE(
        _PathParser(), name, default, text, serializer=flags.ArgumentSerializer(), **options
    )


def define_paths(name, default, text, **options):
    """Defines a flag whose value is a list of such paths, with commas between them."""
    serializer = flags.CsvListSerializer(",")
    flags.DEFINE(_PathsParser(), name, default, text, serializer=serializer, **options)


def refuse_unused(values, *rules):
    """Raises for a flag that was given although it changes nothing.

    Args:
        values: `absl.flags.FlagValues`, parsed.
        *rules: (flag, whether it has an effect, words that say when it has none, such as
            "without --cache").

    Raises:
        ValueError: such a flag was given; of a boolean one, with true.
    """
    for name, is_used, words in rules:
        if not is_used and values[name].present and values[name].value is not False:
            raise InvalidValue(f"--{name} changes nothing {words}")


def numbers(flag, texts, kind=float):
    """The texts of a list flag as a tuple of floats or ints; a usage error if one is neither."""
    try:
        return tuple(kind(text) for text in texts)
    except ValueError:
        what = "numbers" if kind is float else "whole numbers"
        usage_error(f"--{flag} must be {what}, received {','.join(texts)}")


def defaults(function):
    """The defaults of a function's or class's arguments, a dict by name."""
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def start_tensorflow():
    """Imports TensorFlow without the notices that its C++ parts print meanwhile.

    Its warnings and errors, such as GPU libraries that can't be opened, are passed on.

    Returns:
        The module.
    """
    resources.limit_tensorflow()
    with _without_notices():
        import tensorflow as tf

        # Finds the devices, which prints more notices. Several machines must be connected first.
        if "TF_CONFIG" not in os.environ:
            tf.constant(0)
    tf.get_logger().setLevel("ERROR")
    return tf


def describe_device():
    """The devices of TensorFlow, once it is started, such as "CPU" or "GPU (NVIDIA H100)"."""
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in found]
    if not found:
        return "CPU"
    kind = f" ({names[0]})" if names[0] else ""
    return f"GPU{kind}" if len(found) == 1 else f"{len(found)} GPUs{kind}"


@contextlib.contextmanager
def _without_notices():
    """Context that drops notices from what C++ writes to standard error, and passes on the rest.

    TensorFlow 2.21 applies TF_CPP_MIN_LOG_LEVEL only once it is loaded.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            text = file.read().decode("utf-8", "replace")
            sys.stderr.write("".join(filter(_matters, text.splitlines(keepends=True))))
            sys.stderr.flush()


def _matters(line):
    """Whether a line of TensorFlow's log is more than a notice."""
    if line.startswith((_LOG_HEADER, "I0000 ")) or not line.strip():
        return False
    if not _LOG_LINE.match(line):
        return "rebuild TensorFlow with the appropriate compiler flags" not in line
    # Without a driver, it is no news that CUDA can't be used.
    return resources.has_nvidia_driver() or not re.search("cuda|cuInit|TensorRT", line, re.I)


@contextlib.contextmanager
def lasting_output():
    """Context in which a terminal or a pipe that is closed does not end the program.

    What is printed from then on goes nowhere.
    """
    output, errors = _LastingStream(sys.stdout), _LastingStream(sys.stderr)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            yield
        finally:
            output.flush()
            errors.flush()


class _LastingStream:
    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        self._attempt(self._stream.write, text)
        return len(text)

    def flush(self):
        self._attempt(self._stream.flush)

    def _attempt(self, function, *arguments):
        try:
            function(*arguments)
        except OSError:
            # What is left in the buffer, too, so that it is no error at the end of the program.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class StopSignals:
    """Remembers Ctrl-C, SIGTERM and SIGHUP, so that the program can finish its current step.

    A context manager; call the object to ask whether to stop. A second signal of the same kind
    ends the program at once. SIGHUP, which a terminal sends that is closed, stays ignored where it
    is, as under nohup; Windows has none.
    """

    def __init__(self):
        self.received = None
        self._before = {}

    def __enter__(self):
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None and signal.getsignal(hangup) == signal.SIG_IGN:
            hangup = None
        for number in filter(None, (signal.SIGINT, signal.SIGTERM, hangup)):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self):
        return self.received is not None

    def _receive(self, number, _):
        self.received = number
        signal.signal(number, signal.SIG_DFL)
