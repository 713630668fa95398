"""Kills machines and drivers of bulk runs, and compares what they end with.

    python -m tests.bulk_faults [PHOTOS] [--count=300] [--s3_count=200]

Real Ray clusters of two nodes on this machine, one core each. eval.py, bound to one core, paints
the same photographs first. Then `python -m fast_style.bulk` does:

1. One node is killed with SIGKILL in the middle, a twentieth of the photographs is damaged.
2. The driver is killed in the middle, and started again.
3. The same as 1 from and to an S3 server (moto's).

Exit status: 0, or 1 if a row or a picture is missing, twice, or differs from eval.py's.
"""

import contextlib
import dataclasses
import logging
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np
import psutil
from absl import app, flags

from fast_style import images
from tests.scripts import ROOT, command

DAMAGED_SHARE = 20  # one of so many
_UMASK = (0o022, 0o027)  # of the nodes, which tells their files apart
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


class Cluster:
    """A Ray cluster of two nodes on this machine, each with one core; a context manager.

    Args:
        environment: dict, variables for its processes.

    Attributes:
        address: HOST:PORT.
        environment: dict, variables with which a driver may connect: the cluster's token.
    """

    def __init__(self, environment=None):
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {})
        self.environment = {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self._environment |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}
        self._environment |= self.environment
        self.address = f"127.0.0.1:{free_port()}"
        self._nodes = []

    def __enter__(self):
        # Short: paths of sockets must be.
        self._folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
        host, port = self.address.split(":")
        self._start("--head", f"--node-ip-address={host}", f"--port={port}")
        wait(lambda: listens(self.address), self._nodes[0])
        self._start(f"--address={self.address}")
        wait(lambda: "raylet" in self._names(1), self._nodes[1])
        return self

    def _names(self, number):
        """Names of the processes of a node."""
        node = psutil.Process(self._nodes[number].pid)
        return [process.name() for process in node.children(recursive=True)]

    def _start(self, *options):
        options = (*options, "--num-cpus=1", "--block", "--object-store-memory=100000000")
        if "--head" in options:
            options += (f"--temp-dir={self._folder}", "--include-dashboard=false")
        self._nodes.append(
            subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", *options],
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                umask=_UMASK[bool(self._nodes)],
            )
        )

    def kill_second(self):
        """Kills all processes of the node that is not the head."""
        kill_tree(self._nodes[1])

    def second_reads(self, address):
        """Whether a process of the node that is not the head is connected to HOST:PORT."""
        port = int(address.rpartition(":")[2])
        for process in psutil.Process(self._nodes[1].pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                for connection in process.net_connections("tcp"):
                    if connection.raddr and connection.raddr.port == port:
                        return True
        return False

    def processes(self):
        """All processes of both nodes, list of `psutil.Process`."""
        return [
            process
            for node in self._nodes
            if node.poll() is None
            for process in psutil.Process(node.pid).children(recursive=True)
        ]

    def __exit__(self, *_):
        for node in reversed(self._nodes):
            kill_tree(node)
        shutil.rmtree(self._folder, ignore_errors=True)


def kill_tree(process):
    """Kills a `subprocess.Popen` and all that it started with SIGKILL."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    for member in (process, *family):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def free_port():
    """A port of this machine that nothing listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(address):
    host, port = address.split(":")
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, int(port))) == 0


def wait(condition, process, seconds=300):
    """Waits for a condition; raises `RuntimeError` if the process ends before, or time is up."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args}: exit status {process.poll()}")
        time.sleep(0.05)


@contextlib.contextmanager
def s3_server():
    """An S3 server on this machine, with the bucket "photos"; yields variables for clients."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    environment = _CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}
    s3_client(environment).create_bucket(Bucket="photos")
    try:
        yield environment
    finally:
        server.stop()


def s3_client(environment):
    """A client of boto3, which is not what the program uses."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


class Run:
    """One process of the command, which is a context manager that leaves none behind."""

    def __init__(self, *arguments, environment=None):
        self._arguments = arguments
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {})

    def __enter__(self):
        self._errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command("fast_style.bulk", *self._arguments),
            env=self._environment,
            stdout=self._errors,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            kill_tree(self.process)
        self._errors.close()

    def wait(self):
        """Waits for the end; returns the exit status and all output."""
        return self.process.wait(1800), self._output()

    def wait_for(self, condition):
        """Waits for a condition while it works."""
        try:
            wait(condition, self.process)
        except RuntimeError as error:
            raise RuntimeError(self._output()) from error

    def _output(self):
        self._errors.seek(0)
        return self._errors.read()

    def kill(self):
        """Kills it, not what it started."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def make_photos(folder, count, photos=None, side=256, damaged=True):
    """Fills a folder with `count` photographs, some in sub-folders, and some of them damaged.

    Args:
        folder: path, made.
        count: int.
        photos: folder of photographs that are taken, over and over; None: shapes of noise.
        side: length of the longer side of the latter, pixels.
        damaged: bool, whether one in `DAMAGED_SHARE` is cut off.

    Returns:
        set of the names of those that are damaged, relative to the folder.
    """
    given = sorted(pathlib.Path(photos).rglob("*.jpg")) if photos else []
    broken = set()
    for number in range(count):
        name = f"{number % 3}/{number:05}.jpg"
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if given:
            shutil.copy(given[number % len(given)], path)
        else:
            coarse = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
            images.save(path, images.resize(coarse, side * 3 // 4, side))
        if damaged and number % DAMAGED_SHARE == DAMAGED_SHARE // 2:
            path.write_bytes(path.read_bytes()[:100])
            broken.add(name)
    return broken


def paint_with_eval(source, target, *arguments):
    """eval.py on one core, as the processes of the cluster have."""
    started = time.monotonic()
    process = subprocess.run(
        ["taskset", "-c", "0", *command("eval.py", source, *arguments, f"--output={target}")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode not in (0, 1):
        raise RuntimeError(process.stderr)
    return time.monotonic() - started


def read_manifest(folder):
    """The rows of the newest run, list of dict, and how many runs there are."""
    from pyarrow import dataset

    runs = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir())
    return dataset.dataset(runs[-1], format="parquet").to_table().to_pylist(), len(runs)


def files(folder):
    """dict from names, relative to the folder, to contents; manifests are left out."""
    folder = pathlib.Path(folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != "_manifest"
    }


@dataclasses.dataclass
class Verdict:
    """What a run ended with.

    Attributes:
        problems: list of str, empty if all is as it should be.
        statuses: dict from status to number of rows.
        lost: pictures whose process died after it had written them, before it could tell.
        seconds: float.
        output: str, what the command said.
    """

    problems: list
    statuses: dict
    lost: int
    seconds: float = 0.0
    output: str = ""


def judge(rows, painted, expected, broken, root):
    """Compares rows and results with what eval.py painted.

    Args:
        rows: of the manifest.
        painted, expected: of `files`.
        broken: names of the damaged photographs.
        root: folder of the photographs, as rows name it.
    """
    problems, statuses = [], {}
    for row in rows:
        statuses[row["status"]] = statuses.get(row["status"], 0) + 1
    names = [row["source"].removeprefix(f"{root}/") for row in rows]
    if len(names) != len(set(names)):
        problems.append(f"{len(names) - len(set(names))} rows are there twice")
    if set(names) != set(expected) | broken:
        problems.append(f"rows differ: {sorted(set(names) ^ (set(expected) | broken))[:5]}")
    failed = {name for name, row in zip(names, rows, strict=True) if row["status"] == "failed"}
    if failed != broken:
        problems.append(f"failed: {sorted(failed ^ broken)[:5]}")
    if set(painted) != set(expected):
        problems.append(f"files differ: {sorted(set(painted) ^ set(expected))[:5]}")
    others = [name for name in expected if painted.get(name) != expected[name]]
    if others:
        problems.append(f"{len(others)} pictures differ from eval.py's, such as {others[0]}")
    lost = sum(row["status"] == "painted" and row["seconds"] is None for row in rows)
    return Verdict(problems, statuses, lost)


def kill_a_node(source, target, expected, broken, *arguments, share=0.1):
    """Paints on two nodes, one of which is killed when a share of the photographs is there."""
    with Cluster() as cluster:
        started = time.monotonic()
        options = (*arguments, f"--address={cluster.address}")
        with Run(source, target, *options, environment=cluster.environment) as run:
            run.wait_for(
                lambda: (
                    len(there := files_there(target)) >= share * len(expected)
                    and any(map(of_second_node, there))
                )
            )
            cluster.kill_second()
            status, output = run.wait()
        seconds = time.monotonic() - started
    rows, _ = read_manifest(pathlib.Path(target, "_manifest"))
    verdict = judge(rows, files(target), expected, broken, source)
    verdict.seconds, verdict.output = seconds, output
    if status != (1 if broken else 0):
        verdict.problems.append(f"exit status {status}: {output[-500:]}")
    return verdict


def kill_the_driver(source, target, expected, broken, *arguments, share=0.1):
    """Paints on this machine; the driver is killed, and started again. Returns the `Verdict`."""
    with Run(source, target, *arguments) as run:
        run.wait_for(lambda: len(files_there(target)) >= share * len(expected))
        children = psutil.Process(run.process.pid).children(recursive=True)
        # Ray's own agents, which are idle, live for another minute.
        before = [child for child in children if "_Process" in child.name()]
        run.kill()
    psutil.wait_procs(before, timeout=60)
    there = files_there(target)
    times = {path: path.stat().st_mtime_ns for path in there}
    started = time.monotonic()
    with Run(source, target, *arguments) as run:
        status, output = run.wait()
    rows, runs = read_manifest(pathlib.Path(target, "_manifest"))
    verdict = judge(rows, files(target), expected, broken, source)
    verdict.seconds = time.monotonic() - started
    if status != (1 if broken else 0):
        verdict.problems.append(f"exit status {status}: {output[-500:]}")
    if any(process.is_running() for process in before):
        verdict.problems.append("processes of the first driver live on")
    if {path: path.stat().st_mtime_ns for path in there} != times:
        verdict.problems.append("pictures were painted twice")
    if verdict.statuses.get("existing") != len(there) or runs != 2:
        verdict.problems.append(f"{len(there)} pictures were there, {verdict.statuses}")
    return verdict


def of_second_node(path):
    """Whether a file was written by the node that is not the head: by its permissions."""
    return not path.stat().st_mode & 0o004


def files_there(folder):
    """Paths of the pictures in a folder that are there already."""
    folder = pathlib.Path(folder)
    return [
        path for path in folder.rglob("*.jpg") if path.relative_to(folder).parts[0][0] not in "._"
    ]


def kill_a_node_over_s3(source, expected, broken, work, *arguments, share=0.1):
    """As `kill_a_node`, from and to a bucket."""
    with s3_server() as environment, Cluster(environment) as cluster:
        client = s3_client(environment)
        for path in pathlib.Path(source).rglob("*.jpg"):
            name = path.relative_to(source).as_posix()
            client.upload_file(str(path), "photos", f"in/{name}")

        def keys():
            pages = client.get_paginator("list_objects_v2").paginate(Bucket="photos", Prefix="out/")
            return [found["Key"] for page in pages for found in page.get("Contents", ())]

        started = time.monotonic()
        places = ("s3://photos/in", "s3://photos/out")
        options = (*arguments, f"--address={cluster.address}")
        with Run(*places, *options, environment=environment | cluster.environment) as run:
            run.wait_for(
                lambda: (
                    sum(key.endswith(".jpg") for key in keys()) >= share * len(expected)
                    and cluster.second_reads(environment["AWS_ENDPOINT_URL"])
                )
            )
            cluster.kill_second()
            status, output = run.wait()
        seconds = time.monotonic() - started
        target = pathlib.Path(work, "from_s3")
        for key in keys():
            path = target / key.removeprefix("out/")
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file("photos", key, str(path))
    rows, _ = read_manifest(target / "_manifest")
    verdict = judge(rows, files(target), expected, broken, "s3://photos/in")
    verdict.seconds, verdict.output = seconds, output
    if status != (1 if broken else 0):
        verdict.problems.append(f"exit status {status}: {output[-500:]}")
    return verdict


def main(argv):
    if len(argv) not in (1, 2):
        raise app.UsageError("at most one folder of photographs is expected")
    values = flags.FLAGS
    photos = argv[1] if len(argv) == 2 else None
    bad = False
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for name, count, check in (
            ("a node is killed", values.count, kill_a_node),
            ("the driver is killed", values.count, kill_the_driver),
            ("a node is killed, S3", values.s3_count, kill_a_node_over_s3),
        ):
            if not count:
                continue
            source, ours = str(work / f"in-{count}"), work / f"eval-{count}"
            if not ours.exists():
                broken = make_photos(source, count, photos)
                seconds = paint_with_eval(source, str(ours))
                print(f"eval.py: {count} photographs in {seconds:.0f} s on one core", flush=True)
            if check is kill_a_node_over_s3:
                verdict = check(source, files(ours), broken, work)
            else:
                verdict = check(source, str(work / check.__name__), files(ours), broken)
            counts = ", ".join(f"{n} {status}" for status, n in sorted(verdict.statuses.items()))
            counts += f", {verdict.lost} of them by a process that died before it could tell"
            found = "; ".join(verdict.problems) or "all as eval.py's, byte for byte"
            print(f"{name}: {counts}; {verdict.seconds:.0f} s: {found}", flush=True)
            bad = bad or bool(verdict.problems)
    return int(bad)


if __name__ == "__main__":
    flags.DEFINE_integer("count", 300, "Photographs on disk; 0: none.")
    flags.DEFINE_integer("s3_count", 200, "Photographs on the S3 server; 0: none.")
    sys.exit(app.run(main))
