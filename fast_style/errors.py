"""Errors that a user can mend, as opposed to bugs, and the checks of arguments that raise them."""

import os
import unicodedata

# Unicode's categories of control characters, lone surrogates, separators of lines and paragraphs.
_UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))


class UserError(Exception):
    """A mistake in files, values or surroundings that a user can mend.

    The commands print its message on one line. So they do with the errors of the operating system
    about files and memory (`MENDABLE`); any other exception is a bug and shows its traceback.
    """


class InvalidValue(UserError, ValueError):
    """An argument, or the contents of a file, that breaks a rule."""


class OutOfMemory(UserError, MemoryError):
    """Work that needs more memory than there is."""


MENDABLE = (UserError, OSError, MemoryError)
"""Exceptions that end a command, or the work on one file, with one line and no traceback."""


_LONGEST = 2000  # characters of a message


def check_choice(name, value, choices):
    """Raises `InvalidValue` unless `value` is one of `choices`; `name` is the argument's name."""
    if value not in choices:
        raise InvalidValue(
            f"`{name}` must be one of {', '.join(map(str, choices))}; received {value!r}"
        )


def check_integer(name, value, least, most):
    """Raises `InvalidValue` unless `value` is an integer from `least` to `most`."""
    if not isinstance(value, int) or not least <= value <= most:
        raise InvalidValue(
            f"`{name}` must be an integer from {least} to {most}; received {value!r}"
        )


def check_at_least(name, value, least):
    """Raises `InvalidValue` unless `value` is a finite number and at least `least`."""
    if not least <= value < float("inf"):  # NaN fails every comparison
        raise InvalidValue(f"`{name}` must be at least {least}; received {value}")


def check_positive(name, value):
    """Raises `InvalidValue` unless `value` is a finite number above 0."""
    if not 0 < value < float("inf"):
        raise InvalidValue(f"`{name}` must be positive; received {value}")


def check_weight(name, value):
    """Raises `InvalidValue` unless `value`, a weight, is finite and not negative."""
    if not 0 <= value < float("inf"):
        raise InvalidValue(f"`{name}` must be finite and not negative; received {value}")


def check_utf8(path):
    """Raises `InvalidValue` unless a path can be written in UTF-8, as TensorFlow needs it."""
    try:
        os.fspath(path).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidValue(
            f"{path}: TensorFlow writes only where all names are in UTF-8; take another folder"
        ) from None


def one_line(error):
    """The message of an exception on one line; of an `OSError`, the path and the reason.

    A long message, such as one that quotes a damaged file, is cut off.
    """
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return printable(f"{error.filename}: {error.strerror}")
    text = " ".join(str(error).split()) or repr(error)
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ...")


def printable(text):
    """The text (str) with what would break a line or a terminal escaped.

    File names may hold line breaks, commands to the terminal, and bytes that are no characters.
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if unicodedata.category(char) in _UNPRINTABLE
        else char
        for char in text
    )


def first_line(error):
    """The first line of an exception's message: libraries put stack traces below it."""
    return (str(error).strip() or repr(error)).splitlines()[0]


def system_reason(error):
    """The operating system's reason in TensorFlow's error about a file, such as a full disk.

    TensorFlow's text is "{{node}} FILE; No space left on device [Op:SaveV2]".
    """
    return first_line(error).rpartition("; ")[2].partition(" [Op:")[0]
