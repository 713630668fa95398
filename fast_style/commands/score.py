"""Scores a super-resolution network on a folder of images.

    %s CHECKPOINT FOLDER [flags]

CHECKPOINT is the prefix of a network trained with --task=super_resolution, FOLDER holds images such
as Set5's at their full size. Prints PSNR and SSIM of each image and their means, for bicubic
enlargement and for the network. The conventions are the literature's:

- each image is cropped to a multiple of the factor and downscaled by antialiased bicubic
  interpolation (as MATLAB's imresize), rounded to 8 bits;
- Y of BT.601 (16..235) is compared, without `factor` pixels at each border;
- PSNR has the peak 255; SSIM (Wang et al. 2004) is tf.image.ssim, an 11 x 11 Gaussian window of
  sigma 1.5;
- the mean is that of the images' figures.

An image that can't be read or is too small gets a line and is left out: the last row then says of
how many images it is the mean, and the exit status is 1.
"""

import sys

from absl import flags

from data.degradation import DEGRADATIONS
from fast_style import command_line, images
from fast_style.errors import MENDABLE, InvalidValue, one_line
from fast_style.painting.stylizer import Stylizer
from fast_style.score.scoring import mean, score


def define_flags():
    """Defines the flags of the command."""
    flags.DEFINE_enum(
        "degradation",
        command_line.defaults(score)["degradation"],
        DEGRADATIONS,
        "How the images are downscaled: bicubic as the literature, or blur as the paper trains.",
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Images with more pixels than this are refused."
    )


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: CHECKPOINT and FOLDER")
    values = flags.FLAGS
    _, prefix, folder = argv
    paths = images.find(folder)
    if not paths:
        raise InvalidValue(f"{folder}: no image file in this folder or below it")
    enlarger = Stylizer.load(prefix, task="super_resolution")
    factor = enlarger.factor
    names = ("image", _mean_of(0, len(paths)), *(path.name for path in paths))
    width = max(map(len, names))
    task = f"x{factor}, downscaled by {values.degradation}"
    print(f"{task}; Y of BT.601, border of {factor} pixels left out")
    print(f"{'':{width}}  {'bicubic':>14}  {'network':>14}")
    print(f"{'image':{width}}  {'PSNR':>7}{'SSIM':>7}  {'PSNR':>7}{'SSIM':>7}")
    found = []
    for path in paths:
        try:
            original = images.read(path, values.max_pixels)
            found.append(score(enlarger, factor, original, values.degradation))
        except MENDABLE as error:
            line = one_line(error)
            known = str(path) in line
            print(f"error: {line if known else f'{path}: {line}'}", file=sys.stderr, flush=True)
            continue
        print(_row(path.name, found[-1], width), flush=True)
    if found:
        means = [mean(column) for column in zip(*found, strict=True)]
        print(_row(_mean_of(len(found), len(paths)), means, width))
    return 0 if len(found) == len(paths) else 1


def _mean_of(scored, of):
    return "mean" if scored == of else f"mean of {scored} of {of}"


def _row(name, pair, width):
    cells = "  ".join(f"{one.psnr:7.2f}{one.ssim:7.4f}" for one in pair)
    return f"{name:{width}}  {cells}"
