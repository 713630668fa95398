"""What a user can mend, told apart from bugs; and the checks of arguments that raise it."""


class UserError(Exception):
    """A mistake in files, values or surroundings that a user can mend.

    The commands print its message on one line. Anything else that is raised, but for what the
    operating system says of files and memory (`MENDABLE`), is a bug and shows its traceback.
    """


class InvalidValue(UserError, ValueError):
    """An argument, or what a file holds, breaks a rule."""


MENDABLE = (UserError, OSError, MemoryError)
"""What ends a command, or the work on one file, with one line and not with a traceback."""


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


def one_line(error):
    """The message of an exception on one line; of an `OSError`, the path and the reason."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or repr(error)


def first_line(error):
    """The first line of an exception's message: libraries put stack traces below it."""
    return (str(error).strip() or repr(error)).splitlines()[0]


def system_reason(error):
    """The system's word in an error of TensorFlow's about a file.

    TensorFlow's text is "{{node}} FILE; No space left on device [Op:SaveV2]".
    """
    return first_line(error).rpartition("; ")[2].partition(" [Op:")[0]
