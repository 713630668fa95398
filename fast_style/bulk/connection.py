"""The driver's connection to a Ray cluster, or a cluster of this machine alone."""

import contextlib
import glob
import importlib.util
import os
import shutil
import socket
import sys
import tempfile
import threading

import psutil

from fast_style.errors import InvalidValue, UserError, one_line

_STORE = 200 << 20  # bytes of Ray's object store, which holds the network
_PREFIX = "fs-ray-"  # of temporary folders; short, as paths of sockets have to be
_PARENT = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
_ANSWER = 5.0  # seconds in which an address has to answer


class ClusterError(UserError):
    """There is no cluster, or none of its machines can paint."""


def check_installed():
    """Raises `InvalidValue` where a package of the extra bulk is missing; imports none."""
    for name in ("ray", "pyarrow", "fsspec"):
        if importlib.util.find_spec(name) is None:
            raise InvalidValue(
                f"painting in bulk needs the package {name}: pip install 'fast-style[bulk]'"
            )


@contextlib.contextmanager
def connected(address=None, processors=None):
    """Context in which this process is the driver of a Ray cluster.

    Args:
        address: HOST:PORT of its head, or "auto", the one on this machine; None: that of the
            environment variable RAY_ADDRESS, or else a cluster of this machine alone, which ends
            with the context.
        processors: cores of the cluster that is started.

    Raises:
        ClusterError: no Ray listens at the address, or one of another version.
    """
    # Before Ray is imported, which reads them.
    address = chosen(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # An idle process with num_gpus=0 would see all GPUs otherwise, Ray warns.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    if address is not None and _has_token():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    options = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    with contextlib.ExitStack() as stack:
        if address is None:
            options |= {
                "address": "local",
                "num_cpus": processors,
                "object_store_memory": _STORE,
                "_temp_dir": stack.enter_context(temporary_folder()),
            }
        else:
            options = {**options, "address": address}
            del options["include_dashboard"]
        try:
            with _without_log():
                ray.init(**options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = "a cluster on this machine" if address is None else address
            raise ClusterError(f"{where}: no Ray cluster ({one_line(error)[:300]})") from error
        stack.callback(ray.shutdown)
        # A thread of Ray's prints the logs of machines that die, whatever `log_to_driver` says.
        stack.enter_context(contextlib.redirect_stdout(_OwnOutput(sys.stdout)))
        yield


class _OwnOutput:
    """A text stream that drops what other threads than the one that made it write."""

    def __init__(self, stream):
        self._stream = stream
        self._owner = threading.get_ident()

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        if threading.get_ident() == self._owner:
            self._stream.write(text)
        return len(text)


@contextlib.contextmanager
def _without_log():
    """Context that drops what Ray's C++ parts write to standard error: what matters is raised."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _has_token():
    """Whether this user has a token, with which Ray then starts clusters here, and joins others."""
    named = os.environ.keys() & {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}
    return bool(named) or os.path.isfile(os.path.expanduser("~/.ray/auth_token"))


def chosen(address):
    """The address that `connected` takes for a given one, or for None; it is checked.

    Raises:
        ClusterError: nothing listens there, which Ray takes minutes to find out.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    if address is None or address == "auto":
        return address
    host, colon, port = address.rpartition(":")
    if "://" in address or not colon or not port.isdecimal():
        raise ClusterError(
            f"{address}: an address is HOST:PORT of the head, such as 10.0.0.1:6379, or auto"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(f"{address}: no Ray listens there ({one_line(error)})") from error
    return address


@contextlib.contextmanager
def temporary_folder():
    """A folder for Ray's files, which is removed, as are those of drivers that were killed."""
    for path in glob.glob(os.path.join(_PARENT, f"{_PREFIX}*-*")):
        owner = os.path.basename(path).removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_PARENT)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
