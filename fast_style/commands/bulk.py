"""Paints any number of photographs on the machines of a Ray cluster, or on this one.

    %s SOURCE TARGET [CHECKPOINT] [flags]

SOURCE is a folder, searched recursively, a quoted pattern such as "photos/**/*.jpg", a list, whose
name ends in .txt, with a path or URL in each line, or any of them as a URL, s3://BUCKET/FOLDER or
gs://BUCKET/FOLDER. TARGET is a folder or the URL of one; names and sub-folders are kept. CHECKPOINT
is the prefix of a trained network on this machine, which is sent to the others; without it the
network that comes with this program paints. What exists in TARGET is left as it is: the same
command goes on where a run ended.
"""

import functools
import os
import sys

from absl import flags

from fast_style import command_line
from fast_style.bulk import cluster, connection, job, manifest, storage
from fast_style.bulk.dispatch import Dispatch
from fast_style.commands import bulk_report, change, look_flags, paint_flags, provided
from fast_style.errors import InvalidValue, check_at_least
from fast_style.machine import resources
from fast_style.painting import memory

_MAX_ERRORS = 1000
_THREADS = 1
_PICTURE = set()  # names of the flags of `paint_flags.define_picture`, once they are defined


def define_flags():
    """Defines the flags of the command."""
    flags.DEFINE_string(
        "address",
        None,
        "HOST:PORT of the head of a Ray cluster, or auto for one that was started on this machine "
        "(default: the environment variable RAY_ADDRESS, or else this machine alone).",
    )
    flags.DEFINE_bool("skip_existing", True, "Leave out photographs whose result already exists.")
    flags.DEFINE_integer(
        "max_errors", _MAX_ERRORS, "End the run when more photographs than this have failed."
    )
    flags.DEFINE_integer(
        "threads",
        _THREADS,
        "Cores of each painting process where there is no GPU; a machine has as many processes as "
        "its cores allow. 1 paints most photographs a second, more take less memory.",
    )
    command_line.define_path(
        "manifest",
        None,
        "Folder or URL in which the run's manifest is written: Parquet, a row for each photograph "
        f"(default: {manifest.FOLDER} in TARGET).",
    )
    before = set(flags.FLAGS)
    paint_flags.define_picture()
    _PICTURE.update(set(flags.FLAGS) - before)


def main(argv):
    """Runs the command; returns its exit status."""
    values = flags.FLAGS
    given, target, prefix = _arguments(argv[1:])
    paint_flags.check_picture(values)
    look_flags.paint_options(values)  # raises for what is out of range
    check_at_least("max_errors", values.max_errors, 0)
    check_at_least("threads", values.threads, 1)
    task = change.check_network(prefix, values)
    connection.check_installed()
    connection.chosen(values.address)  # raises, before anything is made
    from fast_style.bulk.sources import Source

    source = Source(given, target)
    with job.folder_aside(target) as aside:
        records = manifest.Manifest(values.manifest or storage.join(target, manifest.FOLDER))
        shared = job.Job(
            source.root, aside, records.started, values.skip_existing, values.max_pixels
        )
        checkpoint = job.Checkpoint.read(prefix)
        make = functools.partial(_make_painter, shared, checkpoint, _picture_flags(values), task)
        with (
            connection.connected(values.address, resources.processors()),
            bulk_report.Report(source, records) as report,
        ):
            pool = cluster.Pool(make, values.threads, values.runtime != "openvino")
            return _run(Dispatch(source, pool, values.max_errors), report)


def _run(dispatch, report):
    """Paints everything; returns the exit status."""
    with command_line.StopSignals() as stop:
        for row in dispatch.rows():
            report.add(row)
            if stop():
                dispatch.stop()
    if stop():
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 128 + stop.received
    return 1 if report.failed else 0


def _arguments(given):
    """The source, the folder of results and the checkpoint's prefix; paths are absolute."""
    if len(given) == 2 and (found := provided.checkpoint(flags.FLAGS.style)) is not None:
        given = [*given, found]
    if len(given) != 3:
        command_line.usage_error("two or three arguments are expected: SOURCE TARGET [CHECKPOINT]")
    *places, prefix = given
    # Processes on other machines have other folders of their own.
    places = [path if storage.is_url(path) else os.path.abspath(path) for path in places]
    if storage.is_url(prefix):
        raise InvalidValue(f"{prefix}: a checkpoint is a prefix of files on this machine")
    return *places, prefix


def _picture_flags(values):
    """The flags of `paint_flags.define_picture` that were given, as arguments."""
    return [values[name].serialize() for name in sorted(_PICTURE) if values[name].present]


def _make_painter(shared, checkpoint, arguments, task, place):
    """What paints in a process of the cluster: `fast_style.bulk.painter.Painter`.

    Args:
        shared: `fast_style.bulk.job.Job`.
        checkpoint: `fast_style.bulk.job.Checkpoint`.
        arguments: flags of `paint_flags.define_picture`, as on a command line.
        task: what the network was trained for.
        place: `fast_style.bulk.cluster.Place`.
    """
    values = flags.FLAGS
    if "style" not in values:
        paint_flags.define_picture()
    values(["bulk", *arguments])
    resources.limit_threads(max(place.threads, 1))
    max_memory = None
    if not place.gpu:  # a part of what the machine has available, as others paint there, too
        room = memory.SHARE * resources.available_memory() / place.processes
        max_memory = resources.resident_memory() + int(room)
    with checkpoint.written() as prefix:
        stylizer = change.load(prefix, values, task, max_memory)
    painter = change.make(stylizer, values, task)
    return shared.painter(painter, place, stylizer.factor**2)
