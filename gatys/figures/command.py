"""The papers' figures as labelled grids, drawn with gatys.

    %s CONTENT STYLE [flags]

CONTENT is a photograph, STYLE a painting. The figures go into the folder --output:

    content_reconstructions   the photograph from one layer each (Gatys et al. 2015, figure 1)
    style_reconstructions     the painting's texture from layers 1..k (the same)
    style_grid                layers 1..k by alpha / beta (the same, figure 3)
    feature_reconstructions   the photograph from VGG-16 (Johnson et al. 2016, figure 3)
"""

import os

import tqdm
from absl import flags

from fast_style import command_line, images
from fast_style.images import identity
from gatys import options
from gatys.figures.drawing import FIGURES, Studio

OUTPUT = os.path.join("generated", "figures")


def define_flags():
    """Defines the flags of the command."""
    left_out = dict.fromkeys(
        (
            *("content_layers", "content_layer_weights", "style_layers", "style_layer_weights"),
            *("content_weight", "ratio", "tv_weight"),
            *("style_image_weights", "keep_colors", "color_method"),
        )
    )
    options.define_flags(image_size=256, steps=200, **left_out)
    flags.DEFINE_list("figures", list(FIGURES), "Which figures are drawn.")
    command_line.define_path("output", OUTPUT, "Folder of the figures.")
    flags.DEFINE_string("format", "jpg", "Suffix of the files.")
    command_line.define_path(
        "vgg16_weights",
        Studio.vgg16_weights,
        'Weights of VGG-16 for feature_reconstructions: "imagenet" or a path.',
    )


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: CONTENT and STYLE")
    values = flags.FLAGS
    unknown = [name for name in values.figures if name not in FIGURES]
    if unknown:
        command_line.usage_error(
            f"--figures must be among {', '.join(FIGURES)}; received {', '.join(unknown)}"
        )
    paths = {
        name: os.path.join(values.output, f"{name}.{values.format}") for name in values.figures
    }
    command_line.refuse_unused(
        values,
        ("vgg16_weights", "feature_reconstructions" in paths, "without feature_reconstructions"),
        *(
            (name, set(paths) != {"feature_reconstructions"}, "for feature_reconstructions alone")
            for name in ("loss_network", "vgg_weights", "pooling", "style_reduction")
        ),
    )
    identity.check_kept(paths.values(), argv[1:])
    for path in paths.values():
        images.check_writable(path)
    studio = Studio(
        images.read(argv[1]), images.read(argv[2]), options.settings(), values.vgg16_weights
    )
    with tqdm.tqdm(total=sum(map(FIGURES.get, paths)), unit="picture") as bar:
        studio.done = bar.update
        for name, path in paths.items():
            images.save(path, getattr(studio, name)())
            tqdm.tqdm.write(path)
    return 0
