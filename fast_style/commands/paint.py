"""Paints photographs with a trained network, or enlarges them with one for super-resolution.

    %s IMAGE [IMAGE ...] [CHECKPOINT] [flags]

IMAGE is a photograph, a folder, searched recursively, or a quoted pattern such as "photos/*.jpg";
CHECKPOINT is the prefix of a trained network, such as checkpoints/ckpt-done; without it the
network that comes with this program paints. One photograph is painted to --output,
generated/res.jpg by default; several go into the folder --output under their own names. With -
for IMAGE and --output, a photograph comes from standard input and its painting goes to standard
output.
"""

import contextlib
import glob
import os
import sys
import time

from absl import flags

from fast_style import command_line, images
from fast_style.checkpoints.metadata import read_metadata
from fast_style.checkpoints.styles import style_names
from fast_style.commands import change, look_flags, paint_flags, paint_report, provided, streams
from fast_style.commands.paint_flags import define as define_flags
from fast_style.errors import MENDABLE, InvalidValue
from fast_style.images import finding
from fast_style.painting import file_batch, output_plan

__all__ = ["define_flags", "main"]


def main(argv):
    """Runs the command; returns its exit status."""
    values = flags.FLAGS
    if values.list_styles:
        return _list_styles(argv[1:], values)
    inputs, prefix = _arguments(argv[1:])
    if values.output is not None and streams.is_standard_output(values.output):
        values.output = streams.STANDARD
    paint_flags.check(values)
    with contextlib.ExitStack() as stack:
        pipes = stack.enter_context(streams.Streams())
        standard_output = None
        if values.json or values.output == streams.STANDARD:
            standard_output = stack.enter_context(streams.standard_output())
        if values.output == streams.STANDARD and standard_output.isatty():
            raise InvalidValue(f"{streams.OUTPUT}: is a terminal, send the picture elsewhere")
        return _paint_all(inputs, prefix, values, pipes, standard_output)


def _paint_all(inputs, prefix, values, pipes, standard_output):
    """Paints or enlarges all inputs; returns the exit status.

    Args:
        inputs, prefix: as they were given.
        values: the flags.
        pipes: `streams.Streams`.
        standard_output: a binary file that holds the picture, or JSON; None: plain lines.
    """
    look_flags.paint_options(values)  # raises for what is out of range, before any work
    planned = _plan(inputs, values, pipes)
    task = change.check_network(prefix, values)
    wanted = [file for file in planned.files if not (values.skip_existing and file.is_done)]
    report = paint_report.Report(
        planned, wanted, pipes.names, standard_output if values.json else None
    )
    problems = report.problems()
    if not wanted:
        report.summary()
        return 1 if problems else 0
    started = time.perf_counter()
    stylizer = change.load(prefix, values, task)
    loading = time.perf_counter() - started
    painter = change.make(stylizer, values, task)
    growth = stylizer.factor**2
    report.outcomes(file_batch.run(wanted, painter, MENDABLE, values.max_pixels, growth))
    _deliver(planned.files, report, values, pipes, standard_output)
    report.summary()
    if report.failed < len(wanted):
        print(
            f"(seconds without reading and writing; loading the network took {loading:.2f} s; "
            f"runtime {stylizer.runtime.name} on {_device(stylizer)} in "
            f"{stylizer.runtime.precision})"
        )
    return 1 if report.failed or problems else 0


def _plan(inputs, values, pipes):
    """The plan, with files in place of pipes."""
    if inputs.count(streams.STANDARD) > 1:
        command_line.usage_error(f"{streams.STANDARD} can be given once: it is standard input")
    inputs = [
        pipes.receive(path, values.max_pixels) if streams.is_stream(path) else path
        for path in inputs
    ]
    output = values.output
    suffix = values.format and f".{values.format}"
    if output is None or not streams.is_stream(output):
        return output_plan.plan(inputs, output, suffix)
    planned = output_plan.plan(inputs, pipes.make_folder(), suffix)
    if len(planned.files) > 1:
        raise InvalidValue(
            f"--output={output} holds one picture, {len(planned.files)} images are given"
        )
    for file in planned.files:
        pipes.names[file.target] = streams.OUTPUT if output == streams.STANDARD else output
    return planned


def _deliver(files, report, values, pipes, standard_output):
    """Sends what was painted for a pipe there."""
    if not report.failed and files[0].target in pipes.names:
        target = files[0].target
        stream = standard_output if values.output == streams.STANDARD else values.output
        streams.send(target, stream, pipes.names[target])


def _arguments(given):
    """Inputs and checkpoint prefix: the last argument, unless it names images."""
    if not given:
        command_line.usage_error("at least one argument is expected: IMAGE")
    if len(given) > 1 and not _names_images(given[-1]):
        *inputs, prefix = given
        # At once, before anything is said of --output: one more image may have been meant.
        if not os.path.lexists(prefix) and not os.path.exists(f"{prefix}.index"):
            raise FileNotFoundError(f"{prefix}: no such checkpoint, file or folder")
        return inputs, prefix
    prefix = provided.checkpoint(flags.FLAGS.style)
    if prefix is None:
        command_line.usage_error("two arguments are expected: IMAGE and CHECKPOINT")
    return given, prefix


def _list_styles(given, values):
    if len(given) != 1:
        command_line.usage_error("one argument is expected with --list_styles: CHECKPOINT")
    others = set(flag.name for flag in values.get_key_flags_for_module(sys.argv[0]))
    others -= {"list_styles", "verbosity"}
    command_line.refuse_unused(
        values, *((name, False, "with --list_styles") for name in sorted(others))
    )
    print("\n".join(style_names(read_metadata(given[0]))))
    return 0


def _names_images(path):
    if streams.is_stream(path):
        return True
    if os.path.exists(f"{path}.index"):
        return False
    if os.path.isdir(path):
        try:
            return bool(finding.search(path).images)
        except OSError:  # which the plan then reports
            return True
    suffix = os.path.splitext(path)[1].lower()
    return suffix in images.SUFFIXES and (os.path.exists(path) or glob.has_magic(path))


def _device(stylizer):
    return command_line.describe_device() if stylizer.runtime.name == "tensorflow" else "CPU"
