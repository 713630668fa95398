import numpy as np
import pytest

from fast_style import images
from fast_style.images import colors
from fast_style.painting import paint_options
from fast_style.painting.paint_options import PaintOptions


def invert(rgb):
    return 255 - rgb


@pytest.fixture
def picture(photo):
    alpha = np.full((300, 40), 100, np.uint8)
    return images.Picture(photo(300, 40), alpha, images.Metadata(b"exif"))


def test_by_default_the_painting_is_all(picture):
    painted = paint_options.paint(invert, picture, PaintOptions())
    np.testing.assert_array_equal(painted.rgb, 255 - picture.rgb)
    assert painted.alpha is picture.alpha
    assert painted.metadata is picture.metadata


@pytest.mark.parametrize("strength", [0, 0.25, 1])
def test_strength_goes_from_the_photograph_to_the_painting(picture, strength):
    painted = paint_options.paint(invert, picture, PaintOptions(strength=strength)).rgb
    expected = (1 - strength) * picture.rgb + strength * (255.0 - picture.rgb)
    np.testing.assert_allclose(painted, expected, atol=0.51)


def test_colours_may_be_kept(picture):
    painted = paint_options.paint(invert, picture, PaintOptions(keep_colors=True)).rgb
    expected = colors.with_colors_of(picture.rgb, 255 - picture.rgb)
    np.testing.assert_array_equal(painted, expected)


def test_a_result_that_can_not_be_written_to_is_copied(picture):
    fixed = 255 - picture.rgb
    fixed.flags.writeable = False
    assert paint_options.paint(
        lambda _: fixed, picture, PaintOptions(strength=0.5)
    ).rgb.flags.writeable


def test_image_size_is_that_of_painting_and_result(picture):
    seen = []
    painted = paint_options.paint(
        lambda x: seen.append(x.shape) or x, picture, PaintOptions(image_size=150)
    )
    assert seen == [(150, 20, 3)]
    assert painted.rgb.shape == (150, 20, 3)
    assert painted.alpha.shape == (150, 20)
    assert (painted.alpha == 100).all()


def test_style_scale_paints_smaller_and_enlarges(picture):
    seen = []
    painted = paint_options.paint(
        lambda x: seen.append(x.shape) or x, picture, PaintOptions(style_scale=2)
    )
    assert seen == [(150, 20, 3)]
    assert painted.rgb.shape == picture.rgb.shape


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strength", -0.1),
        ("strength", 1.1),
        ("strength", float("nan")),
        ("image_size", 7),
        ("image_size", -1),
        ("style_scale", 0),
        ("style_scale", 9),
    ],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        PaintOptions(**{name: value})


def test_sizes_over_the_limit_of_pixels_are_refused(picture):
    for look in (PaintOptions(image_size=100_000), PaintOptions(style_scale=0.25)):
        with pytest.raises(ValueError, match="over the limit of 20,000"):
            paint_options.paint(invert, picture, look, max_pixels=20_000)
