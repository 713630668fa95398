"""Nothing twice, nothing lost: with processes that die as the test wants it."""

import collections

import pytest

from fast_style.bulk import dispatch
from fast_style.bulk.dispatch import Dispatch, Done, TooManyErrors
from fast_style.bulk.manifest import EXISTING, FAILED, PAINTED, Row
from fast_style.bulk.sources import Photo


class Worker:
    def __init__(self, node):
        self.node = node


class Pool:
    """Processes that paint in memory.

    Args:
        count: processes.
        deadly: names of photographs that end their process.
        dies: function from how many chunks were done to whether the process dies after painting
            its chunk, before it can tell.
    """

    def __init__(self, count=3, deadly=(), dies=lambda done: False, bad=()):
        self._ready = [Worker(f"node-{n}") for n in range(count)]
        self._count = count
        self._deadly, self._dies, self._bad = set(deadly), dies, set(bad)
        self._queue = collections.deque()
        self.painted = collections.Counter()  # how often, by source
        self.in_hand = self.most_in_hand = self.done = 0

    def workers(self):
        while len(self._ready) < self._count:
            self._ready.append(Worker("node-new"))
        return list(self._ready)

    def submit(self, worker, chunk):
        self._queue.append((worker, chunk))
        self.in_hand += len(chunk)
        self.most_in_hand = max(self.most_in_hand, self.in_hand)

    def wait(self, _):
        if not self._queue:
            return []
        worker, chunk = self._queue.popleft()
        self.in_hand -= len(chunk)
        self.done += 1
        deadly = any(task.photo.source in self._deadly for task in chunk)
        rows = [] if deadly else [self._paint(worker, task.photo) for task in chunk]
        if deadly or self._dies(self.done):
            return [Done(worker, chunk, None), *self._end(worker)]
        return [Done(worker, chunk, rows)]

    def _end(self, worker):
        """Takes a process away, with what else it had."""
        self._ready.remove(worker)
        others = [entry for entry in self._queue if entry[0] is worker]
        for entry in others:
            self._queue.remove(entry)
            self.in_hand -= len(entry[1])
            yield Done(worker, entry[1], None)

    def _paint(self, worker, photo):
        if photo.source in self._bad:
            return Row(photo.source, photo.target, FAILED, node=worker.node, error="bad")
        if self.painted[photo.source]:  # its result is there
            return Row(photo.source, photo.target, PAINTED, 4, 3)
        self.painted[photo.source] += 1
        return Row(photo.source, photo.target, PAINTED, 4, 3, 0.1, worker.node)


def photos(count):
    return [Photo(f"{number}", f"out/{number}") for number in range(count)]


def run(pool, given, max_errors=1000):
    return [row for row in Dispatch(given, pool, max_errors).rows() if row is not None]


def test_every_photograph_has_one_row():
    pool = Pool()
    rows = run(pool, photos(500))
    assert sorted(int(row.source) for row in rows) == list(range(500))
    assert set(pool.painted.values()) == {1}


@pytest.mark.parametrize("every", [2, 3, 7])
def test_nothing_is_lost_or_painted_twice_where_processes_die(every):
    pool = Pool(dies=lambda done: done % every == 0 and done < 60)
    rows = run(pool, photos(300))
    assert sorted(int(row.source) for row in rows) == list(range(300))
    assert {row.status for row in rows} == {PAINTED}
    assert set(pool.painted.values()) == {1}
    lost = [row for row in rows if row.seconds is None]
    assert lost and all(row.node for row in lost)


def test_a_photograph_that_ends_processes_fails_alone():
    pool = Pool(deadly={"7", "123"})
    rows = {row.source: row for row in run(pool, photos(200))}
    assert len(rows) == 200
    failed = {source for source, row in rows.items() if row.status == FAILED}
    assert failed == {"7", "123"}
    assert "3 processes died" in rows["7"].error


def test_many_errors_end_the_run_and_keep_their_rows():
    pool = Pool(bad=map(str, range(10_000)))
    listed, rows = [], []
    work = Dispatch((listed.append(p) or p for p in photos(100_000)), pool, max_errors=5)
    with pytest.raises(TooManyErrors, match="more than --max_errors=5"):
        rows.extend(row for row in work.rows() if row is not None)
    assert 5 < len(rows) < 5 + 6 * dispatch._MOST
    assert len(listed) < 50_000


def test_as_many_errors_as_are_allowed_do_not_end_it():
    assert len(run(Pool(bad={"1", "2"}), photos(50), max_errors=2)) == 50


def test_photographs_without_a_result_are_rows():
    given = [*photos(3), Photo("folder", None, "folder: Permission denied")]
    rows = {row.source: row for row in run(Pool(), given)}
    assert rows["folder"].status == FAILED and rows["folder"].target is None
    assert len(rows) == 4


def test_an_error_of_the_listing_comes_after_all_rows():
    def listing():
        yield from photos(40)
        raise OSError("the bucket is gone")

    rows = []
    with pytest.raises(OSError, match="the bucket is gone"):
        rows.extend(row for row in Dispatch(listing(), Pool(), 0).rows() if row is not None)
    assert len(rows) == 40


def test_a_run_that_is_stopped_finishes_what_is_in_hand():
    pool, rows = Pool(), []
    work = Dispatch(photos(10_000), pool, 0)
    for row in work.rows():
        if row is not None:
            rows.append(row)
        if len(rows) == 20:
            work.stop()
    assert 20 <= len(rows) < 1000
    assert len(rows) == sum(pool.painted.values())


def test_few_photographs_are_in_hand_at_a_time():
    pool = Pool(count=2)
    run(pool, photos(5000))
    assert pool.most_in_hand <= 2 * 2 * dispatch._MOST


def test_the_last_photographs_are_shared_out():
    """A process that had them all would work while the others wait."""
    rows = run(Pool(count=4), photos(200))
    shares = collections.Counter(row.node for row in rows)
    assert len(shares) == 4 and min(shares.values()) > 200 / 4 / 2
    last = [row.node for row in rows[-8:]]
    assert len(set(last)) > 1


def test_what_exists_stays_so():
    class Existing(Pool):
        def _paint(self, worker, photo):
            return Row(photo.source, photo.target, EXISTING)

    assert {(row.status, row.node) for row in run(Existing(), photos(9))} == {(EXISTING, None)}
