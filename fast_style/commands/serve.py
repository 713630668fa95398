"""Serves a page to paint with, and its HTTP interface, on this computer.

    %s [CHECKPOINT ...] [flags]

CHECKPOINT is the prefix of a trained network, one of its files, or a folder of networks (of a run
in training the last checkpoint), so that checkpoints/* serves all that are there; without one the
network that comes with this program. Networks of several styles can be blended on the page; those
for super-resolution enlarge. Open the address that it prints in a browser; Ctrl-C ends it.
Photographs are held in memory while they are painted, and kept nowhere.

With --host=0.0.0.0 everybody in the network of the house may paint, under the address of this
computer, or under its name with --allow_host.
"""

import importlib.util
import os
import re
import sys
import webbrowser

from absl import flags

from fast_style import command_line
from fast_style.commands import look_flags, provided
from fast_style.errors import MENDABLE, InvalidValue, one_line
from fast_style.painting import precisions, runtimes

_PACKAGES = ("starlette", "uvicorn", "python_multipart")
_FILE_OF_CHECKPOINT = re.compile(r"(.+)\.(?:index|json|data-\d{5}-of-\d{5})$")

_STEP = re.compile(r"ckpt-\d+")


def define_flags():
    """Defines the flags of the command."""
    flags.DEFINE_string("host", "127.0.0.1", "Name or address at which it listens.")
    flags.DEFINE_integer("port", 8000, "Port at which it listens; 0: any free one.", 0, 65535)
    flags.DEFINE_bool("open", False, "Open the page in the browser.")
    command_line.define_path(
        "paintings",
        provided.paintings(),
        "Folder of the paintings, each named as its style, for the page; empty for none.",
    )
    flags.DEFINE_enum(
        "runtime",
        "auto",
        runtimes.RUNTIMES,
        "What networks that paint run on; auto: TensorFlow for a GPU, else OpenVINO if installed.",
    )
    flags.DEFINE_enum(
        "precision",
        "auto",
        precisions.UNQUANTIZED,
        "Of the products of networks that paint, as in fast-style paint.",
    )
    flags.DEFINE_list(
        "allow_host", [], "Names by which browsers may ask, besides localhost and addresses."
    )
    flags.DEFINE_list(
        "allow_origin", [], "Other sites whose pages may ask, such as https://example.org."
    )
    flags.DEFINE_integer("max_upload", 40, "Largest file of a photograph, MiB.", 1)
    flags.DEFINE_integer(
        "max_pixels", 100_000_000, "Photographs with more pixels than this are refused.", 1
    )
    flags.DEFINE_integer("max_result", 16_000_000, "Most pixels of a result.", 1)
    flags.DEFINE_integer("queue", 8, "Requests that may wait while one is painted.", 0, 1000)
    flags.DEFINE_float("time_limit", 120, "Seconds to wait and paint, for one request.", 1)


def main(argv):
    """Runs the command; returns its exit status."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidValue(
            f"serving needs the packages starlette, uvicorn and python-multipart (extra web); "
            f"missing: {', '.join(missing)}"
        )
    from fast_style.web import server
    from fast_style.web.application import make_app
    from fast_style.web.limits import Limits
    from fast_style.web.painter import Painter

    values = flags.FLAGS
    for origin in values.allow_origin:
        if not re.fullmatch(r"https?://[^/\s]+", origin):
            command_line.usage_error(
                f"--allow_origin must be such as https://example.org, received {origin}"
            )
    limits = Limits(
        upload_bytes=values.max_upload * 2**20,
        upload_pixels=values.max_pixels,
        result_pixels=values.max_result,
        queue=values.queue,
        seconds=values.time_limit,
    )
    # First of all: a port that is taken is found before networks are read.
    with server.listen(values.host, values.port) as listener:
        networks = _networks(argv[1:], values.runtime)
        app = make_app(
            networks,
            Painter(limits, command_line.start_tensorflow, values.precision),
            limits,
            values.paintings or None,
            provided.sample_photo(),
            hosts=values.allow_host,
            origins=values.allow_origin,
        )
        address = server.address_of(listener)
        print(f"{_summary(networks)}\n{address} (Ctrl-C ends it)", flush=True)
        if values.open:
            webbrowser.open(address)
        server.make_server(app, limits).run([listener])
    return 0


def _networks(arguments, runtime):
    """The networks of the arguments; a line on standard error for each that can't be served."""
    from fast_style.web.networks import Networks

    if runtimes.choose(runtime) == "openvino":
        look_flags.import_openvino()
    networks = Networks(runtime)
    prefixes = _prefixes(arguments)
    for prefix in prefixes:
        try:
            networks.add(prefix)
        except MENDABLE as error:
            if len(prefixes) == 1:
                raise
            print(f"error: {one_line(error)}", file=sys.stderr)
    if not networks.all:
        raise InvalidValue("no network can be served")
    return networks


def _prefixes(arguments):
    """The prefixes of checkpoints that arguments name, each once, in their order."""
    if not arguments:
        found = provided.gallery() or provided.checkpoint()
        if found is None:
            command_line.usage_error("one argument is expected: CHECKPOINT")
        return [found]
    prefixes = {}
    for argument in arguments:
        file = _FILE_OF_CHECKPOINT.match(argument)
        if os.path.isdir(argument) and not os.path.isfile(f"{argument}.index"):
            found = _inside(argument)
            # A folder beside others, as in checkpoints/*, may hold something else.
            if not found and len(arguments) == 1:
                raise InvalidValue(f"{argument}: holds no checkpoint")
            prefixes.update(dict.fromkeys(found))
        elif file and not os.path.isfile(f"{argument}.index") and os.path.isfile(argument):
            prefixes[file[1]] = None
        else:
            prefixes[argument] = None
    return list(prefixes)


def _inside(folder):
    """The prefixes of the networks in a folder; of a run's checkpoints the last alone."""
    names = sorted(os.listdir(folder))
    names = [name.removesuffix(".index") for name in names if name.endswith(".index")]
    steps = sorted(int(name[5:]) for name in names if _STEP.fullmatch(name))
    old = {f"ckpt-{step}" for step in (steps if "ckpt-done" in names else steps[:-1])}
    return [os.path.join(folder, name) for name in names if name not in old]


def _summary(networks):
    lines = []
    for network in networks.all:
        what = f"enlarges {network.factor} times"
        if network.styles:
            count = len(network.styles)
            what = f"{count} styles" if count > 1 else f"paints {network.styles[0]}"
        lines.append(f"{network.name}: {what}")
    return "\n".join(lines)
