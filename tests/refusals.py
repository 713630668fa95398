"""Runs commands on command lines that they should refuse before any work.

Reads JSON from standard input, a list of [module, list of lists of arguments], and writes a list of
[exit status, standard error] for each list of arguments. One process for all: each would take
seconds to start.
"""

import contextlib
import importlib
import io
import json
import sys

from absl import flags

from fast_style import command_line


def main():
    command_line.start_tensorflow()
    answers = []
    for module, command_lines in json.load(sys.stdin):
        before = {name: flags.FLAGS[name] for name in flags.FLAGS}
        command = importlib.import_module(module)
        command.define_flags()
        for arguments in command_lines:
            flags.FLAGS.unparse_flags()
            argv = flags.FLAGS(["program", *arguments])
            with contextlib.redirect_stderr(io.StringIO()) as errors:
                status = command_line._guarded(command.main, argv)
            answers.append([status, errors.getvalue()])
        for name in [name for name in flags.FLAGS if flags.FLAGS[name] is not before.get(name)]:
            delattr(flags.FLAGS, name)
            if name in before:  # absl's own, which the command replaced
                flags.FLAGS[name] = before[name]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
