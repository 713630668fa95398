"""A few styles stay ready, and what they hold stays bounded."""

import contextlib

import pytest

from fast_style.painting.paint_options import PaintOptions
from fast_style.web import Limits, Networks, Painter, painter
from fast_style.web.turns import Stop, Stopped
from tests.fast_style.web.conftest import STYLES

ANSWER = {"format": "png", "keep_position": False}


@pytest.fixture
def paint(gallery):
    networks = Networks("openvino")
    networks.add(gallery)
    made = Painter(Limits())

    def run(data, style, stop=None):
        return made.paint(networks.all[0], data, style, PaintOptions(), ANSWER, stop or Stop())

    run.painter = made
    return run


def test_a_style_is_made_once(paint, jpeg, monkeypatch):
    made = []
    monkeypatch.setattr(painter.styles, "choose", counting(painter.styles.choose, made))
    for style in (*STYLES, *STYLES):
        paint(jpeg(), style)
    assert len(made) == len(STYLES)


def test_what_is_held_is_bounded(paint, jpeg, monkeypatch):
    made = []
    monkeypatch.setattr(painter.styles, "choose", counting(painter.styles.choose, made))
    monkeypatch.setattr(painter, "_KEPT_PIXELS", 2 * 24 * 32)
    for style in ("wave", "the_scream", "mondrian", "mondrian", "the_scream", "wave"):
        paint(jpeg(), style)
    assert len(made) == 4  # the first went when the third came
    paint(jpeg(200, 200), "wave")
    paint(jpeg(), "wave")
    assert len(made) == 5  # too large to be kept


def counting(function, calls):
    def run(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return run


def test_dropped_work_ends_before_the_network_runs(paint, jpeg):
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped):
        paint(jpeg(), "wave", stop)


def test_a_large_image_ends_between_bands(paint, jpeg, monkeypatch):
    stop, passes = Stop(), []
    paint(jpeg(), "wave")
    (ready,) = paint.painter._ready.values()
    ready._stylizer.tile = 16
    original = ready._runtime.segment_pass

    @contextlib.contextmanager
    def counted(*arguments):
        with original(*arguments) as compute:

            class Counted:
                inputs = compute.inputs

                def __call__(self, *rows):
                    passes.append(rows)
                    stop.set()
                    return compute(*rows)

            yield Counted()

    monkeypatch.setattr(ready._runtime, "segment_pass", counted)
    with pytest.raises(Stopped):
        paint(jpeg(200, 64), "wave", stop)
    assert len(passes) == 1
