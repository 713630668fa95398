"""What may be asked of a painting, as text."""

import pytest

from fast_style.painting.paint_options import PaintOptions
from fast_style.web import options
from fast_style.web.limits import Refusal


def test_texts_become_values():
    pairs = [("strength", " 0.25"), ("keep_colors", "1"), ("image_size", "640"), ("format", "png")]
    values = options.parse(options.PAINT, pairs)
    assert options.paint_options(values) == PaintOptions(True, 0.25, 640)
    assert (values["format"], values["style"], values["keep_position"]) == ("png", None, False)


def test_defaults_are_those_of_painting():
    assert options.paint_options(options.parse(options.PAINT, [])) == PaintOptions()


def test_enlarging_has_no_style():
    with pytest.raises(Refusal, match="style") as caught:
        options.parse(options.ENLARGE, [("style", "wave")])
    assert caught.value.status == 400
