"""One at a time, a short queue, and nobody is worked for who has left."""

import asyncio
import threading
import time

import pytest

from fast_style.web.limits import ClientGone, Refusal
from fast_style.web.turns import Turns


async def never():
    await asyncio.Event().wait()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0.005)


def test_one_at_a_time_in_the_order_of_asking():
    running, order = [], []

    def work(number):
        def run(_):
            running.append(number)
            assert len(running) == 1
            time.sleep(0.01)
            order.append(running.pop())
            return number

        return run

    async def main():
        turns = Turns(10, 60)
        asked = [turns.run(work(number), never) for number in range(5)]
        assert await asyncio.gather(*asked) == [0, 1, 2, 3, 4]
        assert turns.inside == 0
        turns.close()

    asyncio.run(main())
    assert order == [0, 1, 2, 3, 4]


def test_a_full_queue_is_refused_with_when_to_come_back():
    go = threading.Event()

    async def main():
        turns = Turns(1, 60)
        asked = [asyncio.ensure_future(turns.run(lambda _: go.wait(20), never)) for _ in range(2)]
        await settle()
        with pytest.raises(Refusal) as caught:
            await turns.run(lambda _: None, never)
        assert caught.value.status == 429
        assert caught.value.retry_after >= 1
        go.set()
        assert await asyncio.gather(*asked) == [True, True]
        assert await turns.run(lambda _: "again", never) == "again"
        turns.close()

    asyncio.run(main())


@pytest.mark.parametrize("waiting", [True, False])
def test_the_work_of_a_client_that_left_is_dropped(waiting):
    go, done = threading.Event(), []

    def work(stop):
        go.wait(20)
        stop.check()
        done.append("all of it")

    async def main():
        turns = Turns(5, 60)
        gone = asyncio.Event()
        first = asyncio.ensure_future(turns.run(lambda _: go.wait(20), never))
        if not waiting:
            first.cancel()
            await settle()
        leaving = asyncio.ensure_future(turns.run(work, gone.wait))
        await settle()
        gone.set()
        with pytest.raises(ClientGone):
            await leaving
        go.set()
        assert await turns.run(lambda _: "next", never) == "next"
        turns.close()

    asyncio.run(main())
    assert not done


@pytest.mark.parametrize(("waiting", "status"), [(True, 503), (False, 504)])
def test_the_time_limit(waiting, status):
    go = threading.Event()

    async def main():
        turns = Turns(5, 0.1)
        if waiting:
            slow = asyncio.ensure_future(turns.run(lambda _: go.wait(20), never))
            await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            await turns.run(lambda _: go.wait(20), never)
        assert caught.value.status == status
        go.set()
        if waiting:
            with pytest.raises(Refusal):
                await slow
        await settle()
        assert turns.inside == 0
        turns.close()

    asyncio.run(main())


def test_what_work_raises_is_handed_on():
    def fail(_):
        raise Refusal(400, "no")

    async def main():
        turns = Turns(5, 60)
        for _ in range(2):
            with pytest.raises(Refusal, match="no"):
                await turns.run(fail, never)
        turns.close()

    asyncio.run(main())
