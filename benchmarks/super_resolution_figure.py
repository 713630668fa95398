"""Crops of enlarged images side by side, as in the paper's figures 8 and 9.

    python -m benchmarks.super_resolution_figure IMAGE [IMAGE ...] --networks=NAME=CHECKPOINT,...

A row for each image: the original, bicubic enlargement, and each network; under each crop the PSNR
and SSIM of the whole image, by the conventions of fast_style.score. The crop is where bicubic
enlargement loses most. A last row has the means.
"""

import numpy as np
from absl import app, flags
from PIL import Image, ImageDraw, ImageFont

from data.degradation import DEGRADATIONS
from fast_style import images
from fast_style.painting.stylizer import Stylizer
from fast_style.score import scoring

flags.DEFINE_list("networks", None, "NAME=CHECKPOINT of each column, all of one factor.")
flags.DEFINE_enum("degradation", "bicubic", DEGRADATIONS, "How the images are downscaled.")
flags.DEFINE_integer("crop", 72, "Side of the crops, pixels of the image.")
flags.DEFINE_integer("zoom", 3, "How many times as large they are shown.")
flags.DEFINE_string("output", "generated/super_resolution.png", "File of the picture.")
flags.mark_flag_as_required("networks")

_GAP, _LINE = 6, 18  # pixels


def main(argv):
    if len(argv) < 2:
        raise app.UsageError("at least one IMAGE is expected")
    values = flags.FLAGS
    images.check_writable(values.output)
    networks = _load(values.networks)
    factor = next(iter(networks.values())).factor
    names = ["original", "bicubic", *networks]
    rows, table = [], []
    for path in argv[1:]:
        original, small = scoring.reduce(images.read(path), factor, values.degradation)
        made = [scoring.bicubic(small, factor), *(network(small) for network in networks.values())]
        scores = [scoring.compare(one, original, factor) for one in made]
        table.append(scores)
        window = _worst(made[0], original, min(values.crop, *original.shape[:2]))
        labels = ["", *map(_label, scores)]
        rows.append(_row([original, *made], window, values.crop * values.zoom, labels))
    means = ["mean", *(_label(scoring.mean(column)) for column in zip(*table, strict=True))]
    width = rows[0].shape[1]
    side = values.crop * values.zoom
    picture = [_text(names, side, width), *rows, _text(means, side, width)]
    images.save(values.output, np.concatenate(picture))
    for name, label in zip(names[1:], means[1:], strict=True):
        print(f"{name}: {label}")
    print(f"{values.output}: x{factor}, {len(rows)} images")


def _load(arguments):
    """Stylizers by name, of one factor."""
    networks = {}
    for argument in arguments:
        name, found, prefix = argument.partition("=")
        if not found:
            raise app.UsageError(f"--networks must be NAME=CHECKPOINT, received {argument}")
        networks[name] = Stylizer.load(prefix, task="super_resolution")
    if len({network.factor for network in networks.values()}) != 1:
        raise app.UsageError("the networks must have one factor")
    return networks


def _worst(enlarged, original, side):
    """The window of `side` pixels with the largest squared error: a pair of slices."""
    error = np.square(scoring.luma(enlarged) - scoring.luma(original))
    total = np.pad(error, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    sums += total[:-side, :-side]
    top, left = np.unravel_index(np.argmax(sums), sums.shape)
    return slice(top, top + side), slice(left, left + side)


def _row(pictures, window, side, labels):
    """Crops beside each other, their labels below."""
    crops = [
        np.array(Image.fromarray(picture[window]).resize((side, side), Image.Resampling.NEAREST))
        for picture in pictures
    ]
    gap = np.full((side, _GAP, 3), 255, np.uint8)
    joined = np.concatenate([part for crop in crops for part in (crop, gap)][:-1], axis=1)
    return np.concatenate([joined, _text(labels, side, joined.shape[1])])


def _text(texts, side, width):
    """A line with a text centred under each column."""
    line = Image.new("RGB", (width, _LINE), "white")
    draw, font = ImageDraw.Draw(line), ImageFont.load_default(13)
    for number, text in enumerate(texts):
        centre = number * (side + _GAP) + side / 2
        draw.text((centre, _LINE / 2), text, fill="black", font=font, anchor="mm")
    return np.array(line)


def _label(one):
    return f"{one.psnr:.2f} dB / {one.ssim:.4f}"


if __name__ == "__main__":
    app.run(main)
