"""How processes are shared out, started again and given up; real ones are killed elsewhere."""

import sys
import time
import types

import pytest

from fast_style.bulk.cluster import Pool, processes_on
from fast_style.bulk.connection import ClusterError
from fast_style.bulk.dispatch import Task
from fast_style.bulk.sources import Photo


@pytest.mark.parametrize(
    ("resources", "threads", "use_gpus", "expected"),
    [
        ({"CPU": 8.0}, 1, True, (8, 1, False)),
        ({"CPU": 8.0}, 3, True, (2, 3, False)),
        ({"CPU": 1.0}, 2, True, (0, 2, False)),
        ({}, 1, True, (0, 1, False)),  # a head that does no work
        ({"CPU": 16.0, "GPU": 4.0}, 1, True, (4, 4, True)),
        ({"CPU": 16.0, "GPU": 4.0}, 1, False, (16, 1, False)),
        ({"CPU": 1.0, "GPU": 2.0}, 1, True, (2, 0, True)),
    ],
)
def test_processes_take_all_cores_or_a_gpu_each(resources, threads, use_gpus, expected):
    assert processes_on(resources, threads, use_gpus) == expected


class Ray:
    """In place of Ray: calls end at once, with what `answer` says.

    Args:
        machines: dict from names to cores.
        answer: function from a machine's name, "start" or "paint", and the number of the call to
            the result; an exception is raised.
    """

    def __init__(self, machines, answer):
        self.machines, self._answer, self._calls = machines, answer, 0
        self.started = []  # names of machines
        self.exceptions = types.SimpleNamespace(
            RayError=type("RayError", (Exception,), {}), RayTaskError=type("Bug", (Exception,), {})
        )

    def nodes(self):
        return [
            {
                "NodeID": name,
                "Alive": True,
                "NodeManagerHostname": name,
                "Resources": {"CPU": cores},
            }
            for name, cores in self.machines.items()
        ]

    def put(self, value):
        return value

    def remote(self, cls):
        ray = self

        class Options:
            def options(self, scheduling_strategy, **_):
                self.node = scheduling_strategy.node_id
                return self

            def remote(self):
                ray.started.append(self.node)
                return types.SimpleNamespace(
                    start=ray._method(self.node, "start"), paint=ray._method(self.node, "paint")
                )

        return Options()

    def _method(self, node, name):
        def remote(*_):
            self._calls += 1
            return (node, name, self._calls)

        return types.SimpleNamespace(remote=remote)

    def wait(self, references, num_returns=1, timeout=None):
        return references[:num_returns], references[num_returns:]

    def get(self, reference):
        result = self._answer(*reference)
        if isinstance(result, type) and issubclass(result, Exception):
            raise result("it died")
        return result

    def kill(self, actor):
        pass


@pytest.fixture
def make(monkeypatch):
    def make(machines, answer):
        ray = Ray(machines, answer)
        strategies = types.SimpleNamespace(
            NodeAffinitySchedulingStrategy=lambda node_id, soft: types.SimpleNamespace(
                node_id=node_id
            )
        )
        monkeypatch.setitem(sys.modules, "ray", ray)
        monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", strategies)
        clock = iter(range(0, 10**6, 10))  # every look at it is a new one
        monkeypatch.setattr(time, "monotonic", lambda: next(clock))
        return ray, Pool(lambda place: None, 1, True)

    return make


def look(pool, times=12):
    for _ in range(times):
        workers = pool.workers()
        pool.wait(0)
    return workers


def test_every_core_has_a_process_and_new_machines_are_used(make):
    ray, pool = make({"a": 2, "b": 1}, lambda *_: None)
    assert sorted(worker.node for worker in look(pool)) == ["a", "a", "b"]
    ray.machines["c"] = 3
    assert sorted(worker.node for worker in look(pool)) == ["a", "a", "b", "c", "c", "c"]


def test_a_process_that_dies_gives_its_photographs_back_and_is_replaced(make):
    def answer(node, name, call):
        return ray.exceptions.RayError if name == "paint" else None

    ray, pool = make({"a": 1}, answer)
    (worker,) = look(pool)
    chunk = [Task(Photo("/in/a.jpg", "/out/a.jpg"))]
    pool.submit(worker, chunk)
    (done,) = pool.wait(0)
    assert done.chunk is chunk and done.rows is None and done.worker is worker
    (other,) = look(pool)
    assert other is not worker and ray.started == ["a", "a"]


def test_a_machine_where_nothing_starts_is_left_out(make):
    def answer(node, name, call):
        return ray.exceptions.RayError if node == "broken" else None

    ray, pool = make({"good": 1, "broken": 1}, answer)
    assert [worker.node for worker in look(pool)] == ["good"]
    assert ray.started.count("broken") == 3


def test_no_machine_that_works_ends_the_run(make):
    ray, pool = make({"broken": 1}, lambda *_: ray.exceptions.RayError)
    with pytest.raises(ClusterError, match="broken: no process starts there .*it died"):
        look(pool)


def test_what_a_user_can_mend_ends_the_run(make):
    _, pool = make({"a": 1}, lambda *_: "the network is damaged")
    with pytest.raises(ClusterError, match="a: the network is damaged"):
        look(pool)


def test_a_cluster_without_cores_is_not_waited_for_without_end(make):
    _, pool = make({"head": 0}, lambda *_: None)
    with pytest.raises(ClusterError, match="no machine of the cluster has a GPU or 1 cores"):
        look(pool, 100)
