"""`gatys.stylize` as a caller uses it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import gatys
from fast_style import images
from fast_style.errors import OutOfMemory
from fast_style.losses.loss_network import LossNetwork
from fast_style.machine import resources
from gatys import colors, painting
from gatys.objective import LOSSES
from gatys.settings import Settings
from tests.scripts import ROOT

LAYERS = {
    "content_layers": ("block2_conv1",),
    "style_layers": ("block1_conv1", "block2_conv1"),
    "loss_network": "vgg16",
}


@pytest.fixture
def content(photo):
    return photo(32, 48, 1)


@pytest.fixture
def style(photo):
    return photo(30, 20, 2)


@pytest.fixture(scope="module")
def network(random_vgg):
    return LossNetwork(("block1_conv1", "block2_conv1"), "vgg16", random_vgg, "average")


@pytest.fixture
def paint(random_vgg, network, content, style):
    def run(content=content, style=style, **options):
        small = {"image_size": 24, "steps": 3, "vgg_weights": str(random_vgg)}
        own = {"content_layers", "style_layers", "vgg_weights"} & set(options)
        shared = {"network": None if own else network}  # loading it takes most of the time
        return gatys.stylize(content, style, **(LAYERS | small | shared | options))

    return run


# What comes out


def test_the_picture_is_uint8_of_the_size_asked_for(paint):
    painted = paint()
    assert painted.dtype == np.uint8
    assert painted.shape == (16, 24, 3)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("init", ["content", "noise"])
def test_the_same_seed_gives_the_same_picture(paint, optimizer, init):
    first, second = (paint(optimizer=optimizer, init=init, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    if init == "noise":
        assert (paint(optimizer=optimizer, init=init, seed=6) != first).any()


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_loss_falls(paint, optimizer):
    totals = []
    options = {"optimizer": optimizer, "ratio": 0.0, "steps": 20}
    paint(callback=lambda p: totals.append(p.losses["total"]), **options)
    assert len(totals) == 20
    assert totals[-1] < 0.7 * totals[0]


def test_the_best_picture_is_returned(paint):
    seen = []
    options = {"optimizer": "adam", "learning_rate": 60.0, "steps": 6}
    painted = paint(callback=lambda p: seen.append((p.losses["total"], p.image)), **options)
    totals = [total for total, _ in seen]
    assert totals != sorted(totals, reverse=True)  # it went up and down
    np.testing.assert_array_equal(painted, min(seen, key=lambda pair: pair[0])[1])


def test_images_of_the_caller_stay_as_they_are(paint, content, style):
    before = content.copy(), style.copy()
    paint(keep_colors=True)
    np.testing.assert_array_equal(content, before[0])
    np.testing.assert_array_equal(style, before[1])


# Sizes


def test_from_coarse_to_fine_each_size_is_sqrt_2_times_the_last(paint, photo):
    seen = []
    painted = paint(
        photo(60, 90), image_size=64, min_size=32, steps=7, callback=lambda p: seen.append(p)
    )
    assert painted.shape == (43, 64, 3)
    assert [(p.height, p.width) for p in seen] == [(21, 32)] * 2 + [(30, 45)] * 2 + [(43, 64)] * 3
    assert [p.step for p in seen] == list(range(1, 8))
    assert all(p.image.shape == (p.height, p.width, 3) for p in seen)


def test_a_size_continues_from_the_last(paint):
    totals = []
    paint(
        image_size=32,
        min_size=16,
        steps=30,
        init="noise",
        callback=lambda p: totals.append((p.width, p.losses["total"])),
    )
    last = [total for width, total in totals if width == 32]
    alone = []
    paint(image_size=32, steps=1, init="noise", callback=lambda p: alone.append(p.losses["total"]))
    assert last[0] < alone[0]


def test_adam_paints_from_coarse_to_fine_too(paint):
    painted = paint(image_size=32, min_size=16, steps=6, optimizer="adam")
    assert painted.shape == (21, 32, 3)


@pytest.mark.parametrize("size, shape", [(0, (32, 48)), (100, (67, 100))])
def test_the_size_may_be_the_photographs_own_or_larger(paint, size, shape):
    assert paint(image_size=size, steps=1).shape == (*shape, 3)


def test_the_content_loss_counts_as_at_the_last_size(random_vgg, content):
    """So content and style keep their balance on the way from coarse to fine."""
    losses = []
    for min_size in (0, 16):
        gatys.stylize(
            np.zeros_like(content),
            content,
            **LAYERS,
            vgg_weights=str(random_vgg),
            image_size=32,
            min_size=min_size,
            steps=3,
            init=np.full_like(content, 255),
            optimizer="adam",
            learning_rate=1e-3,
            callback=lambda p: losses.append(p.losses["content"]),
        )
    # Even images: the same difference of features at every size but for the border.
    assert losses[3] == pytest.approx(losses[0], rel=0.2)


@pytest.mark.parametrize("min_size", [0, 24, 100])
def test_without_a_smaller_size_to_begin_with_there_is_one(paint, min_size):
    seen = []
    paint(min_size=min_size, callback=lambda p: seen.append(p.width))
    assert seen == [24, 24, 24]


# Where it begins


def test_it_begins_with_what_was_asked_for(paint, content, style, photo):
    other = photo(10, 10, 9)

    def start(init):
        seen = []
        # Steps so short that nothing changes.
        options = {"optimizer": "adam", "learning_rate": 1e-6, "steps": 1}
        paint(init=init, callback=lambda p: seen.append(p.image), **options)
        return seen[0]

    np.testing.assert_array_equal(start("content"), images.resize(content, 16, 24))
    painting_at_size = images.fit(style, 24)
    np.testing.assert_array_equal(start("style"), images.resize(painting_at_size, 16, 24))
    np.testing.assert_array_equal(start(other), images.resize(other, 16, 24))
    noise = start("noise").astype(float)
    assert 120 < noise.mean() < 135
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.1


# Progress and stopping


def test_the_callback_sees_each_step(paint):
    seen = []
    painted = paint(callback=seen.append)
    assert [(p.step, p.steps) for p in seen] == [(1, 3), (2, 3), (3, 3)]
    for progress in seen:
        assert tuple(progress.losses) == LOSSES
        assert all(np.isfinite(value) for value in progress.losses.values())
        assert progress.image.dtype == np.uint8
    assert seen[0].evaluations < seen[-1].evaluations
    assert 0 < seen[0].seconds < seen[-1].seconds
    np.testing.assert_array_equal(seen[-1].image, painted)
    assert (seen[0].image != seen[-1].image).any()
    with pytest.raises(AttributeError):
        seen[0].step = 7


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_it_stops_when_told_and_keeps_the_best(paint, optimizer):
    seen = []
    painted = paint(
        steps=20, optimizer=optimizer, callback=seen.append, should_stop=lambda: len(seen) == 2
    )
    assert len(seen) == 2
    best = min(seen, key=lambda p: p.losses["total"])
    np.testing.assert_array_equal(painted, best.image)


def test_stopped_at_a_small_size_the_picture_still_has_the_size_asked_for(paint):
    painted = paint(image_size=32, min_size=16, steps=9, should_stop=lambda: True)
    assert painted.shape == (21, 32, 3)


def test_nothing_is_printed(paint, capfd):
    paint()
    assert capfd.readouterr() == ("", "")


# Several paintings, colours


def test_several_paintings_are_mixed_by_their_weights(paint, style, photo):
    other = photo(20, 20, 3) // 8
    alone = paint(style=[style])
    np.testing.assert_array_equal(alone, paint())
    both = [style, other]
    np.testing.assert_array_equal(alone, paint(style=both, style_image_weights=(2.0, 0.0)))
    brightness = [
        paint(style=both, style_image_weights=weights, ratio=0.0, steps=20).mean()
        for weights in ((1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    ]
    assert brightness == sorted(brightness, reverse=True)


def test_keeping_colors_by_luminance_leaves_i_and_q(paint, content):
    mild = content // 4 + 96
    painted = paint(mild, keep_colors=True, ratio=0.0, steps=20).astype(np.float32)
    photo = images.resize(mild, 16, 24).astype(np.float32)
    inside = ((painted > 0) & (painted < 255)).all(axis=-1)
    assert inside.mean() > 0.5
    change = (painted - photo)[inside]
    # The same change of red, green and blue: I and Q stay.
    assert np.ptp(change, axis=-1).max() <= 1.01
    assert np.abs(change).max() > 5


def test_keeping_colors_by_palette_repaints_the_painting(paint, content, style):
    expected = paint(style=colors.match_palette(style, content))
    painted = paint(keep_colors=True, color_method="palette")
    np.testing.assert_array_equal(painted, expected)


# Mistakes


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"content_layers": ("block9_conv1",)},
            r"`layers` must name layers of vgg16: block1_conv1, .*block5_conv3; "
            r"received block9_conv1",
        ),
        (
            {"style_image_weights": (1.0, 2.0)},
            r"`style_image_weights` must hold one weight for each of the 1 style images",
        ),
        ({"style_image_weights": (0.0,)}, r"`style_image_weights` must not all be 0"),
        ({"style": []}, r"`style` must hold at least one image"),
        ({"style": np.zeros((4, 4, 3))}, r"`style` must be uint8 RGB \[H, W, 3\].* received float"),
        ({"content": np.zeros((4, 4), np.uint8)}, r"`content` must be uint8 .* \[4, 4\]"),
        ({"init": np.zeros((0, 4, 3), np.uint8)}, r"`init` must be uint8 .* \[0, 4, 3\]"),
        (
            {"image_size": 64, "min_size": 16, "steps": 4},
            r"`steps` must be at least 5, one for each size from 16 to 64 pixels; received 4",
        ),
        (
            {"image_size": 20, "style_layers": ("block5_conv1",)},
            r"`image_size` must be at least 24 for the features of block5, which need 16 pixels "
            r"of the shorter side; received 20",
        ),
        (
            {"image_size": 64, "min_size": 16, "steps": 9, "content_layers": ("block5_conv1",)},
            r"`min_size` must be at least 24 for the features of block5",
        ),
        ({"style_size": 1}, r"`style_size` must leave the painting's shorter side 2 pixels"),
    ],
)
def test_mistakes_are_named(paint, options, message):
    with pytest.raises(ValueError, match=message):
        paint(**options)


def test_the_smallest_size_that_is_named_works(paint):
    layers = {"content_layers": ("block4_conv1",), "style_layers": ("block4_conv1",)}
    with pytest.raises(ValueError, match="at least 12 "):
        paint(image_size=11, style_size=64, **layers)
    assert paint(image_size=12, style_size=64, steps=1, **layers).shape == (8, 12, 3)


def test_missing_weights_are_named(paint, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such weights file"):
        paint(vgg_weights=str(tmp_path / "none.h5"))


def test_a_loss_that_is_not_finite_leaves_the_best_picture(paint, monkeypatch):
    class Failing(painting.Objective):
        def __call__(self, image):
            if self.evaluations == 4:
                image = image * np.nan
            return super().__call__(image)

    monkeypatch.setattr(painting, "Objective", Failing)
    seen = []
    with pytest.raises(gatys.Diverged, match=r"the loss is nan .*, at step \d of 9; try") as caught:
        paint(steps=9, callback=seen.append)
    assert seen
    np.testing.assert_array_equal(caught.value.image, seen[-1].image)


# The module


def test_importing_the_package_is_quick():
    code = "import gatys, sys; assert not {'tensorflow', 'keras', 'scipy'} & set(sys.modules)"
    root = os.path.dirname(os.path.dirname(gatys.__file__))
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    assert "stylize" in dir(gatys)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gatys.nothing


def test_defaults_are_the_papers():
    settings = Settings()
    assert settings.loss_network == "vgg19" and settings.pooling == "average"
    assert settings.content_layers == ("block4_conv2",)
    assert settings.style_layers == tuple(f"block{n}_conv1" for n in range(1, 6))
    assert settings.steps < 300


TEN_RUNS = """
import gc, os, sys
import numpy as np
import gatys

picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
for _ in range(13):
    gatys.stylize(
        picture,
        picture[:48],
        image_size=64,
        min_size=32,
        steps=6,
        loss_network="vgg16",
        content_layers=("block2_conv2",),
        style_layers=("block1_conv1", "block2_conv1"),
        vgg_weights=sys.argv[1],
    )
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        print(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
"""


@pytest.mark.slow
def test_ten_runs_in_one_process_do_not_grow_it(random_vgg):
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("needs /proc")
    # A process of its own: what other tests hold and free would be measured, too.
    process = subprocess.run(
        [sys.executable, "-c", TEN_RUNS, random_vgg],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    levels = [float(line) for line in process.stdout.split()]
    # The first runs fill caches; VGG-16 alone has 56 MiB of weights, a step's features 10.
    assert levels[-1] - levels[2] < 15, levels


def test_sizes_that_memory_cannot_hold_are_refused_before_the_first_pass(paint, photo, monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: 50 * 2**20)
    with pytest.raises(OutOfMemory, match="picture of 3000 x 2000 .*--image_size"):
        paint(image_size=3000, min_size=0)
    with pytest.raises(OutOfMemory, match="painting of 300 x 400 .*--style_size"):
        paint(style=photo(400, 300), style_size=0)


def test_a_pass_that_finds_too_little_memory_is_one_error(paint, monkeypatch):
    def fail(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr(painting, "make_loss", fail)
    with pytest.raises(OutOfMemory, match="out of memory at 24 x 16 .*--image_size"):
        paint()
