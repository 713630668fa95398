"""Parses command lines by the flags that programs define, without running them.

Reads JSON from standard input, a list of [module, arguments], and writes a list of what is wrong
with each, null where nothing is; and the names of all flags. One process for all programs: each
would take seconds to start.
"""

import contextlib
import importlib
import json
import runpy
import sys

from absl import app, flags

from fast_style import command_line


def main():
    command_line.start_tensorflow()
    app.define_help_flags()
    app.run = lambda *_: None  # what a program does at its end, when its flags are defined
    errors, names = [], set(flags.FLAGS)
    defined = {}  # by module
    for module, arguments in json.load(sys.stdin):
        try:
            if module not in defined:
                defined[module] = _define(module)
                names |= set(defined[module])
            _parse(defined[module], arguments)
        except (ImportError, flags.Error) as error:
            errors.append(f"{module}: {error}")
        else:
            errors.append(None)
    json.dump({"errors": errors, "names": sorted(names)}, sys.stdout)


def _define(module):
    """The flags of a program, dict by name; taken away again, others have flags of these names."""
    before = {name: flags.FLAGS[name] for name in flags.FLAGS}
    try:
        if hasattr(loaded := importlib.import_module(module), "define_flags"):
            loaded.define_flags()
        else:
            _forget(before)
            with contextlib.suppress(SystemExit):  # sys.exit(app.run(main))
                runpy.run_module(module, run_name="__main__")
        return {name: flags.FLAGS[name] for name in flags.FLAGS if _is_new(name, before)}
    finally:
        _forget(before)


def _is_new(name, before):
    return flags.FLAGS[name] is not before.get(name)


def _forget(before):
    for name in [name for name in flags.FLAGS if _is_new(name, before)]:
        delattr(flags.FLAGS, name)
        if name in before:  # absl's own, which the program replaced
            flags.FLAGS[name] = before[name]


def _parse(defined, arguments):
    values = flags.FlagValues()
    for name, flag in defined.items():
        if name == flag.name:  # short names come along with it
            values[name] = flag
    values.unparse_flags()  # of the last time
    values(["program", *(argument for argument in arguments if argument != "--help")])


if __name__ == "__main__":
    main()
