"""The processes of a Ray cluster that paint: one for each GPU, or for so many cores."""

import time
from dataclasses import dataclass

from absl import logging

from fast_style.bulk.connection import ClusterError
from fast_style.bulk.dispatch import Done
from fast_style.errors import MENDABLE, one_line

_LOOK = 2.0  # seconds between two looks at which machines there are
_MOST_STARTS = 3  # of a process in a row that fail, until its machine is left alone
_REASON = 500  # characters of Ray's reason
_WAIT = 600.0  # seconds without any machine, after which the run ends


@dataclass(frozen=True)
class Place:
    """Where a process paints.

    Attributes:
        node: name of the machine.
        threads: how many threads it may use.
        processes: how many there are on the machine.
        gpu: bool, whether it has a GPU.
    """

    node: str
    threads: int
    processes: int
    gpu: bool


class Pool:
    """The processes of all machines of the cluster, as `fast_style.bulk.dispatch` wants them.

    Each stays on its machine. Machines that come later are used, too; a process that dies is
    started again where its machine lives on.

    Args:
        make: function from `Place` to an object with `paint(photos)`, called in each process.
        threads: cores of a process that has no GPU.
        use_gpus: bool, whether a machine with GPUs has a process for each.
    """

    def __init__(self, make, threads, use_gpus):
        import ray

        self._ray = ray
        self._make = ray.put(make)
        self._threads = threads
        self._use_gpus = use_gpus
        self._nodes = {}  # by Ray's id
        self._pending = {}  # what a call's result is of, by its reference
        self._looked = float("-inf")
        self._last_process = time.monotonic()

    def workers(self):
        """The processes that are ready."""
        self._look()
        return [w for node in self._nodes.values() for w in node.workers if w.ready]

    def submit(self, worker, chunk):
        """Gives a list of `fast_style.bulk.dispatch.Task` to a process."""
        photos = [(task.photo.source, task.photo.target) for task in chunk]
        self._pending[worker.actor.paint.remote(photos)] = (worker, chunk)

    def wait(self, seconds):
        """A list of `Done`, which is empty if there is none within so many seconds.

        Raises:
            ClusterError: there is no machine any more that paints, and none has come.
        """
        if not self._pending:
            time.sleep(seconds)
            return []
        references = list(self._pending)
        ready, _ = self._ray.wait(references, timeout=seconds)
        if ready:
            ready, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        found = (self._result(reference) for reference in ready)
        return [done for done in found if done is not None]

    def _result(self, reference):
        worker, chunk = self._pending.pop(reference)
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError:
            raise  # a bug
        except self._ray.exceptions.RayError as error:
            self._end(worker, error)
            return None if chunk is None else Done(worker, chunk, None)
        if chunk is not None:
            return Done(worker, chunk, result)
        if result is not None:
            raise ClusterError(f"{worker.node}: {result}")
        worker.ready = True
        worker.home.failed_starts = 0
        return None

    def _end(self, worker, error):
        """Takes a process that died out; starts another at the next look."""
        node = worker.home
        if worker in node.workers:
            node.workers.remove(worker)
            # It may live on where the connection alone was lost.
            self._ray.kill(worker.actor)
            if worker.ready:
                logging.warning("%s: a process died, others paint what it had", node.name)
            else:
                node.failed_starts += 1
                node.reason = one_line(error)[:_REASON]
                if node.failed_starts == _MOST_STARTS:
                    logging.warning("%s: left out, %s", node.name, node.reason)

    def _look(self):
        if time.monotonic() < self._looked + _LOOK:
            return
        self._looked = time.monotonic()
        alive = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        for name, found in alive.items():
            if name not in self._nodes:
                self._nodes[name] = _Node.of(found, self._threads, self._use_gpus)
            node = self._nodes[name]
            while len(node.workers) < node.processes and node.failed_starts < _MOST_STARTS:
                self._start(name, node)
        for name in set(self._nodes) - set(alive):
            if not self._nodes[name].workers:
                del self._nodes[name]
        self._check(alive)

    def _check(self, alive):
        nodes = [self._nodes[name] for name in alive]
        if any(node.workers for node in nodes):
            self._last_process = time.monotonic()
            return
        given_up = [node for node in nodes if node.failed_starts >= _MOST_STARTS]
        if given_up and not any(node.processes and node not in given_up for node in nodes):
            raise ClusterError(
                f"{given_up[0].name}: no process starts there ({given_up[0].reason})"
            )
        if time.monotonic() > self._last_process + _WAIT:
            raise ClusterError(
                f"no machine of the cluster has a GPU or {self._threads} cores, for "
                f"{_WAIT / 60:.0f} minutes"
            )

    def _start(self, name, node):
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        place = Place(node.name, node.threads, node.processes, node.gpu)
        actor = (
            self._ray.remote(_Process)
            .options(
                num_cpus=node.threads,
                num_gpus=int(node.gpu),
                max_restarts=0,
                max_task_retries=0,
                max_concurrency=2,
                scheduling_strategy=NodeAffinitySchedulingStrategy(name, soft=False),
            )
            .remote()
        )
        worker = _Worker(actor, node)
        node.workers.append(worker)
        self._pending[actor.start.remote(self._make, place)] = (worker, None)


class _Process:
    """What runs in a process of the cluster."""

    def __init__(self):
        self._painter = None

    def start(self, make, place):
        """Makes what paints; returns what a user can mend (str), or None."""
        try:
            self._painter = make(place)
        except MENDABLE as error:
            return one_line(error)
        return None

    def paint(self, photos):
        return self._painter.paint(photos)


class _Worker:
    """A process as the driver sees it."""

    def __init__(self, actor, home):
        self.actor = actor
        self.home = home
        self.ready = False

    @property
    def node(self):
        return self.home.name


class _Node:
    """A machine of the cluster."""

    def __init__(self, name, threads, processes, gpu):
        self.name = name
        self.threads = threads
        self.processes = processes
        self.gpu = gpu
        self.workers = []
        self.failed_starts = 0
        self.reason = None

    @classmethod
    def of(cls, found, threads, use_gpus):
        """From an entry of `ray.nodes()`."""
        processes, threads, gpu = processes_on(found["Resources"], threads, use_gpus)
        return cls(found["NodeManagerHostname"], threads, processes, gpu)


def processes_on(resources, threads, use_gpus):
    """How a machine is shared out.

    Args:
        resources: dict from "CPU" and "GPU" to numbers, as Ray counts them.
        threads, use_gpus: as of `Pool`.

    Returns:
        How many processes it has, cores of each (0 where there are fewer than GPUs), and whether
        each has a GPU (bool).
    """
    cores, gpus = (int(resources.get(kind, 0)) for kind in ("CPU", "GPU"))
    if use_gpus and gpus:
        return gpus, cores // gpus, True
    return cores // threads, threads, False
