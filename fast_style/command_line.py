"""What the scripts share: quiet start of TensorFlow, and one line for a user's mistake."""

import contextlib
import inspect
import logging as python_logging
import os
import signal
import sys
import warnings

from absl import app, flags, logging

# What a user, a file or a disk can cause. Anything else is a bug and shows its traceback.
MISTAKES = (ValueError, OSError, ArithmeticError, MemoryError)


def run(main):
    """Runs a script's `main(argv)` as its whole program.

    Exit status: 0, or what `main` returns; 1 after one line on standard error for a mistake in
    files or values (with --verbosity=1 the traceback comes first); 2 for wrong usage.
    """
    warnings.filterwarnings("ignore", module="PIL")  # of odd files; what matters is an error
    logging.use_absl_handler()
    logging.get_absl_handler().setFormatter(python_logging.Formatter("%(message)s"))
    app.run(lambda argv: _guarded(main, argv), flags_parser=_parse)


def _parse(argv):
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        print(f"{error}\nPass --help to see the flags.", file=sys.stderr)
        sys.exit(2)


def _guarded(main, argv):
    # Libraries have much to say.
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    try:
        return main(argv)
    except MISTAKES as error:
        logging.debug("traceback", exc_info=True)
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def one_line(error):
    """The message of an exception on one line; of an `OSError`, the path and the reason."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or repr(error)


def usage_error(message):
    """Says what is wrong with the command line, and exits with 2."""
    print(f"error: {message}\nPass --help to see how it is used.", file=sys.stderr)
    sys.exit(2)


def numbers(flag, texts, kind=float):
    """The texts of a list flag as a tuple of floats or ints; wrong usage if one is none."""
    try:
        return tuple(kind(text) for text in texts)
    except ValueError:
        what = "numbers" if kind is float else "whole numbers"
        usage_error(f"--{flag} must be {what}, received {','.join(texts)}")


def defaults(function):
    """The defaults of a function's or class's arguments, a dict by name."""
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def import_tensorflow():
    """Imports TensorFlow without the lines that its C++ parts print meanwhile."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_stderr():
        import tensorflow as tf

        # Starts the runtime, which has more to say; several machines must be joined before.
        if "TF_CONFIG" not in os.environ:
            tf.constant(0)
    tf.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _without_stderr():
    """Sends what is written to file descriptor 2 nowhere (C++ knows no sys.stderr)."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class StopSignals:
    """Remembers Ctrl-C and SIGTERM, so that the work can end where it chooses to.

    A context manager; call the object to ask whether to stop. A second signal of the same kind
    ends the program at once.
    """

    def __init__(self):
        self.received = None
        self._before = {}

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM):
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
