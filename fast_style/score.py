"""Scores a super-resolution network on a folder of images.

    python -m fast_style.score CHECKPOINT FOLDER [flags]

CHECKPOINT is the prefix of a network trained with --task=super_resolution, FOLDER holds images such
as Set5's at their full size. Prints PSNR and SSIM of each image and their means, for bicubic
enlargement and for the network. The conventions are the literature's:

- each image is cut to a multiple of the factor and made small by antialiased bicubic (as MATLAB's
  imresize), rounded to 8 bits;
- compared is Y of BT.601 (16..235), `factor` pixels cut off at each border;
- PSNR has the peak 255; SSIM (Wang et al. 2004) is tf.image.ssim, an 11 x 11 Gaussian window of
  sigma 1.5;
- the mean is that of the images' figures.
"""

# ruff: noqa: E402 - TensorFlow's chatter is silenced before anything imports it.

import dataclasses
import inspect

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

import numpy as np
import tensorflow as tf

from data import images
from data.degradation import DEGRADATIONS, degrade
from fast_style.inference import Stylizer

_WINDOW = 11  # pixels, of SSIM


@dataclasses.dataclass(frozen=True)
class Score:
    """How near an enlarged image is to its original.

    Attributes:
        psnr: dB.
        ssim: 1 at best.
    """

    psnr: float
    ssim: float


def luma(rgb):
    """Y of BT.601 as MATLAB's rgb2ycbcr computes it, not rounded.

    Args:
        rgb: uint8 `[..., 3]`.

    Returns:
        float64 `[...]`, 16..235.
    """
    return 16 + np.asarray(rgb, np.float64) @ (65.481, 128.553, 24.966) / 255


def compare(enlarged, original, border):
    """The `Score` of an enlarged image.

    Args:
        enlarged, original: uint8 RGB `[H, W, 3]`.
        border: int, pixels that are left out on each side.

    Raises:
        ValueError: images of different shape, or too small for SSIM's window.
    """
    if enlarged.shape != original.shape:
        raise ValueError(
            f"`enlarged` must have the shape of `original`, {list(original.shape)}; "
            f"received {list(enlarged.shape)}"
        )
    height, width = original.shape[:2]
    if min(height, width) - 2 * border < _WINDOW:
        raise ValueError(
            f"`original` must have at least {_WINDOW + 2 * border} pixels on each side; "
            f"received {width} x {height}"
        )
    inside = (slice(border, height - border), slice(border, width - border))
    ours, theirs = (luma(image)[inside] for image in (enlarged, original))
    error = np.mean(np.square(ours - theirs))
    psnr = 10 * np.log10(255**2 / error) if error else np.inf
    ssim = tf.image.ssim(
        *(tf.constant(y[..., None], tf.float32) for y in (ours, theirs)),
        max_val=255,
        filter_size=_WINDOW,
        filter_sigma=1.5,
    )
    return Score(float(psnr), float(ssim))


def reduce(original, factor, degradation="bicubic"):
    """An image cut to a multiple of the factor, and the same 1/factor as large.

    Args:
        original: uint8 RGB `[H, W, 3]`, sides of at least `factor`.
        factor: int.
        degradation: see `data.degradation.degrade`.

    Returns:
        Two uint8 RGB arrays, the large one and the small one.
    """
    height, width = (side // factor * factor for side in original.shape[:2])
    if not height or not width:
        raise ValueError(
            f"`original` must have sides of at least `factor`, {factor}; "
            f"received {original.shape[1]} x {original.shape[0]}"
        )
    large = original[:height, :width]
    return large, degrade(large[None], factor, degradation)[0].numpy()


def bicubic(small, factor):
    """A uint8 RGB image enlarged by bicubic interpolation, uint8."""
    return images.resize(small, small.shape[0] * factor, small.shape[1] * factor)


def score(enlarge, factor, original, degradation="bicubic"):
    """Scores bicubic enlargement and a network on one image.

    Args:
        enlarge: function from uint8 RGB `[h, w, 3]` to `[factor h, factor w, 3]`.
        factor: int.
        original: uint8 RGB `[H, W, 3]`.
        degradation: see `data.degradation.degrade`.

    Returns:
        Two `Score`s: bicubic's and the network's.

    Raises:
        ValueError: an image that is too small.
    """
    large, small = reduce(original, factor, degradation)
    return tuple(compare(way, large, factor) for way in (bicubic(small, factor), enlarge(small)))


def mean(scores):
    """The `Score` whose figures are the means of `scores`'s."""
    scores = list(scores)
    return Score(
        float(np.mean([one.psnr for one in scores])), float(np.mean([one.ssim for one in scores]))
    )


def _define_flags():
    flags.DEFINE_enum(
        "degradation",
        inspect.signature(score).parameters["degradation"].default,
        DEGRADATIONS,
        "How the images are made small: bicubic as the literature, or blur as the paper trains.",
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Images with more pixels than this are refused."
    )


def main(argv):
    if len(argv) != 3:
        command_line.usage_error("two arguments are wanted: CHECKPOINT and FOLDER")
    values = flags.FLAGS
    _, prefix, folder = argv
    paths = images.find(folder)
    if not paths:
        raise ValueError(f"{folder}: no image file in this folder or below it")
    enlarger = Stylizer.load(prefix, task="super_resolution")
    factor = enlarger.factor
    width = max(len("image"), *(len(path.name) for path in paths))
    made = f"x{factor}, made small by {values.degradation}"
    print(f"{made}; Y of BT.601, border of {factor} pixels cut")
    print(f"{'':{width}}  {'bicubic':>14}  {'network':>14}")
    print(f"{'image':{width}}  {'PSNR':>7}{'SSIM':>7}  {'PSNR':>7}{'SSIM':>7}")
    found = []
    for path in paths:
        original = images.read(path, values.max_pixels)
        try:
            found.append(score(enlarger, factor, original, values.degradation))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        print(_row(path.name, found[-1], width), flush=True)
    print(_row("mean", [mean(column) for column in zip(*found, strict=True)], width))
    return 0


def _row(name, pair, width):
    cells = "  ".join(f"{one.psnr:7.2f}{one.ssim:7.4f}" for one in pair)
    return f"{name:{width}}  {cells}"


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
