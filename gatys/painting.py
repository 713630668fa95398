"""Painting a photograph by optimizing its pixels (Gatys et al. 2015), from coarse to fine."""

import dataclasses
import math
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.images.colors import to_uint8, with_colors_of
from fast_style.losses.loss_network import smallest_side
from fast_style.losses.memory import check_fits
from fast_style.machine import tensorflow_memory
from gatys import colors
from gatys.balance import make_loss, make_network
from gatys.objective import Diverged, Objective, batch
from gatys.optimizers import Adam, Lbfgs
from gatys.settings import Settings

# Standard deviation of the white noise, pixel values. The part of it that features do not see stays
# in the picture: with 5, 25 and 74 (uniform over 0..255) a photograph of 64 pixels is reconstructed
# from block2_conv2 with a PSNR of 28, 23 and 17.5 dB.
NOISE = 10.0
_LOWER = "lower --image_size or --style_size"  # what takes less memory


@dataclasses.dataclass(frozen=True)
class Progress:
    """The state of a run, passed to the callback after each step.

    Attributes:
        step, steps: number of steps done, and of all, at all sizes together.
        height, width: size of the picture at this step, pixels.
        losses: dict of floats: "total", and the unweighted "content", "style" and "tv".
        evaluations: int, passes through the loss network at this size so far.
        seconds: float, since the first step began.
    """

    step: int
    steps: int
    height: int
    width: int
    losses: dict
    evaluations: int
    seconds: float
    _render: Callable = dataclasses.field(repr=False, compare=False)

    @property
    def image(self):
        """The picture after this step, uint8 RGB `[H, W, 3]`, made when it is asked for."""
        return self._render()


def stylize(content, style, callback=None, should_stop=None, network=None, **settings):
    """Paints a photograph in the style of a painting.

    Args:
        content: uint8 RGB `[H, W, 3]`, the photograph.
        style: uint8 RGB `[H', W', 3]`, the painting, or a list of such arrays.
        callback: called with a `Progress` after each step.
        should_stop: called after each step; once it returns True, the best picture so far is
            returned.
        network: a `fast_style.losses.loss_network.LossNetwork` to use as it is, with all layers of
            the losses; None makes one.
        **settings: fields of `gatys.Settings`, such as steps=100, image_size=256.

    Returns:
        uint8 RGB `[H'', W'', 3]`, its long side `image_size`, in the proportions of `content`: of
        the pictures at the last size, the one with the lowest total loss.

    Raises:
        ValueError: unsupported settings, or images of another dtype or shape, or too small.
        FileNotFoundError: the file `vgg_weights` is missing.
        Diverged: the loss is NaN or infinite; its `image` is the best picture before.
        OutOfMemory: too little memory for these sizes.
    """
    settings = Settings(**settings)
    content = images.check_rgb(content, "content")
    styles = list(style) if isinstance(style, list | tuple) else [style]
    if not styles:
        raise InvalidValue("`style` must hold at least one image; received an empty list")
    styles = [images.check_rgb(image, "style") for image in styles]
    render = None
    if settings.keep_colors and settings.color_method == "luminance":
        render, photo = _recolor(content), content
        content = colors.grey(content)
        styles = [colors.match_luminance(image, photo) for image in styles]
    elif settings.keep_colors:
        styles = [colors.match_palette(image, content) for image in styles]
    return paint(content, styles, settings, callback, should_stop, network, render)


def paint(content, styles, settings, callback=None, should_stop=None, network=None, render=None):
    """Optimizes a picture for unchanged content and style images, from coarse to fine.

    Args:
        content: uint8 RGB `[H, W, 3]`.
        styles: list of uint8 RGB `[H', W', 3]`; empty if `settings` has no style layers.
        settings: a `Settings`.
        callback, should_stop, network: see `stylize`.
        render: function from a float picture `[H, W, 3]` to the uint8 RGB that is shown; None
            rounds and clips.

    Returns:
        uint8 RGB, see `stylize`.

    Raises:
        As `stylize`.
    """
    render = render or to_uint8
    sizes = _sizes(content, settings)
    _check_memory(styles, settings, sizes[-1])
    if network is None:
        layers = (*settings.content_layers, *settings.style_layers)
        network = make_network(settings, layers, [content, *styles])
    _check_sides(content, sizes, settings)
    run = _Run(settings.steps, callback, should_stop, render)
    optimizer = _optimizer(settings)
    picture = None
    for size, steps in zip(sizes, _split_steps(settings.steps, len(sizes)), strict=True):
        with tensorflow_memory.reporting_out_of_memory(
            f"out of memory at {size[1]} x {size[0]} pixels: {_LOWER}"
        ):
            small = images.resize(content, *size)
            paintings = [_fitted_style(image, settings, size, sizes[-1]) for image in styles]
            targets = [batch(image) for image in paintings or [small]]
            loss = make_loss(settings, network, batch(small), targets, sizes[-1])
            objective = Objective(loss, batch(small), settings.jit_compile)
            if picture is None:
                picture = _start(settings, small, paintings)
            picture = run.descend(objective, optimizer, enlarge(picture, size), steps)
        if run.stopped:
            break
    return render(enlarge(picture, sizes[-1])[0])


def enlarge(picture, size):
    """Resizes a float picture `[1, H, W, 3]` to (height, width), bicubic, within 0..255."""
    if tuple(picture.shape[1:3]) == tuple(size):
        return np.asarray(picture)
    return np.clip(tf.image.resize(picture, size, "bicubic").numpy(), 0, 255)


class _Run:
    """The steps of one run, at one size after another."""

    def __init__(self, steps, callback, should_stop, render):
        self._steps = steps
        self._callback = callback
        self._should_stop = should_stop
        self._render = render
        self._started = time.perf_counter()
        self._step = 0
        self.stopped = False

    def descend(self, objective, optimizer, start, steps):
        """The picture with the lowest loss, float `[1, H, W, 3]`, of `steps` steps from `start`."""
        best, lowest = start, math.inf

        def report(picture, losses):
            nonlocal best, lowest
            self._step += 1
            if losses["total"] < lowest:
                best, lowest = picture, losses["total"]
            if self._callback is not None:
                _, height, width, _ = objective.shape
                self._callback(
                    Progress(
                        self._step,
                        self._steps,
                        height,
                        width,
                        losses,
                        objective.evaluations,
                        time.perf_counter() - self._started,
                        lambda: self._render(picture[0]),
                    )
                )
            self.stopped = self._should_stop is not None and bool(self._should_stop())
            return self.stopped

        try:
            optimizer.minimize(objective, start, steps, report)
        except Diverged as error:
            diverged = Diverged(
                f"{error}, at step {self._step + 1} of {self._steps}; try smaller weights of the "
                "losses or a smaller --learning_rate"
            )
            diverged.image = self._render(best[0])
            raise diverged from error
        return best


def _optimizer(settings):
    if settings.optimizer == "adam":
        return Adam(settings.learning_rate, settings.clip)
    return Lbfgs(settings.clip)


def _start(settings, content, paintings):
    """The picture to begin with, float32 `[1, H, W, 3]` of the size of `content`."""
    init = settings.init
    if isinstance(init, str) and init == "noise":
        noise = np.random.default_rng(settings.seed).normal(127.5, NOISE, (1, *content.shape))
        return noise.clip(0, 255).astype(np.float32)
    if isinstance(init, str):
        init = content if init == "content" or not paintings else paintings[0]
    return np.float32(images.resize(images.check_rgb(init, "init"), *content.shape[:2])[None])


def _sizes(content, settings):
    """(height, width) of each size, from small to large, sqrt(2) apart; the last is exact."""
    longest = settings.image_size or max(content.shape[:2])
    sides = [longest]
    while settings.min_size and (side := round(longest / 2 ** (len(sides) / 2))) >= max(
        settings.min_size, 1
    ):
        sides.insert(0, side)
    if len(sides) > settings.steps:
        raise InvalidValue(
            f"`steps` must be at least {len(sides)}, one for each size from {sides[0]} to "
            f"{longest} pixels; received {settings.steps}"
        )
    return [_fitted(content, side) for side in sides]


def _fitted(content, side):
    height, width = content.shape[:2]
    factor = side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))


def _split_steps(steps, sizes):
    """Steps for each size, equally many; the remainder goes to the largest."""
    return [steps // sizes] * (sizes - 1) + [steps - steps // sizes * (sizes - 1)]


def _check_sides(content, sizes, settings):
    """Raises `ValueError` if the smallest picture has no features left at some layer."""
    least = smallest_side((*settings.content_layers, *settings.style_layers))
    if min(sizes[0]) < least:
        name = "image_size" if len(sizes) == 1 else "min_size"
        side = least
        while min(_fitted(content, side)) < least:
            side += 1
        raise InvalidValue(
            f"`{name}` must be at least {side} for the features of "
            f"block{least.bit_length()}, which need {least} pixels of the shorter side; "
            f"received {max(sizes[0])}"
        )


def _check_memory(styles, settings, final):
    """Raises `OutOfMemory` if the picture or a painting could never fit at the size `final`."""
    height, width = final
    check_fits(f"a picture of {width} x {height} pixels", height * width, _LOWER, gradient=True)
    for style in styles:
        height, width = _fitted(style, _style_side(style, settings, final))
        check_fits(f"a painting of {width} x {height} pixels", height * width, _LOWER)


def _style_side(style, settings, final):
    """Long side of a painting for a picture of (height, width) `final`, pixels."""
    wanted = max(final) if settings.style_size is None else settings.style_size
    return wanted or max(style.shape[:2])


def _fitted_style(style, settings, size, final):
    """The painting resized for a picture of (height, width) `size` on the way to size `final`."""
    wanted = _style_side(style, settings, final) * max(size) / max(final)
    resized = images.fit(style, max(1, round(wanted)))
    least = smallest_side(settings.style_layers)
    if min(resized.shape[:2]) < least:
        raise InvalidValue(
            f"`style_size` must leave the painting's shorter side {least} pixels for the features "
            f"of block{least.bit_length()}; received a painting of {style.shape[1]} x "
            f"{style.shape[0]} that becomes {resized.shape[1]} x {resized.shape[0]}"
        )
    return resized


def _recolor(content):
    """A function that gives float pictures, of any size, the colours of `content`."""
    return lambda picture: with_colors_of(images.resize(content, *picture.shape[:2]), picture)
