"""Reading, painting and writing side by side."""

import contextlib
import dataclasses
import threading
import time

import numpy as np
import pytest

from fast_style import images
from fast_style.video.frames import CopiedPacket, Frame
from fast_style.video.pipeline import paint_film


def frames(count):
    for number in range(count):
        yield Frame(images.Picture(np.full((4, 4, 3), number, np.uint8)), number, 1)
        yield CopiedPacket(number)


class Writer:
    def __init__(self):
        self.items = []

    def write(self, item):
        self.items.append(item)


def darker(picture):
    return dataclasses.replace(picture, rgb=picture.rgb // 2)


def test_everything_arrives_in_order():
    writer = Writer()
    painted = list(paint_film(frames(40), writer, darker))
    assert len(painted) == 40 and all(one.seconds >= 0 for one in painted)
    for number in range(40):
        frame, packet = writer.items[2 * number : 2 * number + 2]
        assert frame.pts == number and frame.picture.rgb[0, 0, 0] == number // 2
        assert packet.packet == number


def test_pictures_are_prepared_before_they_are_painted():
    writer = Writer()
    threads = set()

    def double(picture):
        threads.add(threading.get_ident())
        return dataclasses.replace(picture, rgb=picture.rgb * 2)

    list(paint_film(frames(5), writer, darker, double))
    assert [f.picture.rgb[0, 0, 0] for f in writer.items[::2]] == [0, 1, 2, 3, 4]
    assert threading.get_ident() not in threads


def test_only_a_few_frames_are_held():
    held, most = set(), []

    def counted():
        for item in frames(60):
            if isinstance(item, Frame):
                held.add(item.pts)
                most.append(len(held))
            yield item

    class Slow(Writer):
        def write(self, item):
            time.sleep(0.001)
            if isinstance(item, Frame):
                held.discard(item.pts)

    list(paint_film(counted(), Slow(), darker))
    assert max(most) <= 10


def test_stopping_early_writes_what_was_painted():
    writer = Writer()
    with contextlib.closing(paint_film(frames(100), writer, darker)) as running:
        for number, _ in enumerate(running):
            if number == 9:
                break
    assert len([item for item in writer.items if isinstance(item, Frame)]) == 10


def fail(*_):
    raise KeyError("a fault")


@pytest.mark.parametrize("place", ["read", "prepare", "paint", "write", "write last"])
def test_a_fault_anywhere_ends_it_and_leaves_no_thread(place):
    def read():
        yield from frames(20)
        fail()

    class Faulty(Writer):
        def write(self, item):
            super().write(item)
            if place == "write" or (place == "write last" and len(self.items) == 40):
                fail()

    before = threading.active_count()
    with pytest.raises(KeyError, match="a fault"):
        list(
            paint_film(
                read() if place == "read" else frames(20),
                Faulty(),
                fail if place == "paint" else darker,
                fail if place == "prepare" else lambda picture: picture,
            )
        )
    assert threading.active_count() == before
