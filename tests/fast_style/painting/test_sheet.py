import numpy as np
import pytest

from fast_style import images
from fast_style.checkpoints import store
from fast_style.networks.transform_net import TransformNet
from fast_style.painting import sheet
from fast_style.painting.stylizer import Stylizer
from tests.checks import randomize

NAMES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    network = TransformNet(width=4, residual_blocks=1, styles=4)
    network.build()
    randomize(network)
    prefix = tmp_path_factory.mktemp("gallery") / "ckpt-done"
    store.save_network(network, prefix, {"styles": [{"name": name} for name in NAMES]})
    return prefix


def holds(made, picture):
    """Whether a sheet shows a picture somewhere."""
    height, width = picture.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(made, (height, width, 3))
    return bool((windows == picture).all(axis=(-1, -2, -3)).any())


def test_a_sheet_shows_every_style_with_its_painting(gallery, photo, tmp_path):
    painting = photo(12, 12, seed=9)
    images.save(tmp_path / "b.png", painting)
    done = []
    made = sheet.style_sheet(photo(), gallery, 2, tmp_path, lambda: done.append(1))
    assert len(done) == 4
    for name in NAMES:
        assert holds(made, Stylizer.load(gallery, style=name)(photo()))
    assert holds(made, images.resize(painting, 8, 8))  # a third of the picture's width


def test_a_blend_goes_from_corner_to_corner(gallery, photo):
    made = sheet.blend_sheet(photo(), gallery, NAMES, steps=3)
    height, width = photo().shape[:2]
    for name, y, x in (("a", 0, 0), ("b", 0, 2), ("c", 2, 0), ("d", 2, 2)):
        top, left = 6 + y * (height + 6), 6 + x * (width + 6)
        np.testing.assert_array_equal(
            made[top : top + height, left : left + width],
            Stylizer.load(gallery, style=name)(photo()),
        )
    middle = Stylizer.load(gallery, style="a:1,b:1,c:1,d:1")(photo())
    assert holds(made, middle)
    strip = sheet.blend_sheet(photo(), gallery, ["a", "d"], steps=3)
    assert strip.shape[0] < made.shape[0] and strip.shape[1] == made.shape[1]


@pytest.mark.parametrize("blend", [["a"], ["a", "b", "c"], ["a", "a"], ["a", "z"]])
def test_what_cannot_be_blended_is_refused(gallery, photo, blend):
    with pytest.raises(ValueError, match="`blend` must name|`style` must be among"):
        sheet.blend_sheet(photo(), gallery, blend)


def test_a_network_of_one_style_has_no_sheet(prefix, photo):
    with pytest.raises(ValueError, match="has one style"):
        sheet.style_sheet(photo(), prefix)
