"""Paints photographs with a trained network, or enlarges them with one for super-resolution.

    python eval.py IMAGE [IMAGE ...] CHECKPOINT [flags]

IMAGE is a photograph or a folder, searched recursively; CHECKPOINT the prefix of a trained
network, such as checkpoints/ckpt-done. One photograph goes to --output, generated/res.jpg by
default; several go into the folder --output under their own names.
"""

import inspect
import os
import sys
import time

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

import tqdm

from data import images
from fast_style import super_resolution
from fast_style.inference import Stylizer

ONE_OUTPUT = os.path.join("generated", "res.jpg")
SEVERAL_OUTPUT = "generated"


def _define_flags():
    flags.DEFINE_string(
        "output",
        None,
        f"File for one photograph (default {ONE_OUTPUT}), folder for several (default "
        f"{SEVERAL_OUTPUT}/). The suffix chooses the format.",
    )
    flags.DEFINE_bool(
        "jit_compile",
        inspect.signature(Stylizer).parameters["jit_compile"].default,
        "Compile the network with XLA, once for each image size (the first one's seconds include "
        "it): worth it for many images of one size.",
    )
    flags.DEFINE_integer(
        "max_pixels",
        images.MAX_PIXELS,
        "Images with more pixels than this are refused, enlarged ones with as many, too.",
    )
    flags.DEFINE_bool(
        "match_histogram",
        False,
        "Super-resolution: give the enlarged image's channels the photograph's histograms.",
    )


def _plan(inputs, output):
    """Pairs of input path and output path.

    Raises:
        ValueError: nothing to do, or two inputs that would write one file.
        OSError: an output that can't be written.
    """
    if len(inputs) == 1 and not os.path.isdir(inputs[0]):
        output = output or ONE_OUTPUT
        if os.path.isdir(output) or output.endswith(os.sep):
            output = os.path.join(output, _output_name(os.path.basename(inputs[0])))
        pairs = [(inputs[0], output)]
    else:
        folder = output or SEVERAL_OUTPUT
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise NotADirectoryError(f"{folder}: is a file, a folder is wanted for several images")
        pairs = []
        for given in inputs:
            if os.path.isdir(given):
                found = [os.fspath(path) for path in images.find(given)]
                if not found:
                    raise ValueError(f"{given}: no image file in this folder or below it")
                named = [(path, os.path.relpath(path, given)) for path in found]
            else:
                named = [(given, os.path.basename(given))]
            pairs += [(path, os.path.join(folder, _output_name(name))) for path, name in named]
    sources = {}
    for path, target in pairs:
        other = sources.setdefault(os.path.abspath(target), path)
        if other != path:
            raise ValueError(f"{other} and {path} would both be written to {target}")
        if os.path.exists(target) and os.path.exists(path) and os.path.samefile(path, target):
            raise ValueError(f"{target}: --output would replace the photograph itself")
    for folder in {os.path.dirname(target) for _, target in pairs}:
        images.check_writable(next(t for _, t in pairs if os.path.dirname(t) == folder))
    return pairs


def _output_name(name):
    """The same name, with .jpg where the input's format can't be written."""
    stem, suffix = os.path.splitext(name)
    return name if images.can_write(name) else f"{stem}{suffix.replace('.', '_')}.jpg"


def _paint(stylizer, path, target, max_pixels, match_histogram):
    """Stylizes or enlarges one file; returns the seconds of the forward pass."""
    picture = images.load(path, max_pixels)
    super_resolution.check_enlarged_size(path, *picture.rgb.shape[:2], stylizer.factor, max_pixels)
    started = time.perf_counter()
    painted = stylizer(picture.rgb)
    seconds = time.perf_counter() - started
    if match_histogram:
        painted = super_resolution.match_histogram(painted, picture.rgb)
    alpha = super_resolution.enlarge_alpha(picture.alpha, painted)
    images.save(target, painted, alpha, picture.exif, picture.icc_profile)
    return seconds


def main(argv):
    if len(argv) < 3:
        command_line.usage_error("at least two arguments are wanted: IMAGE and CHECKPOINT")
    values = flags.FLAGS
    *inputs, prefix = argv[1:]
    pairs = _plan(inputs, values.output)
    started = time.perf_counter()
    stylizer = Stylizer.load(
        prefix,
        jit_compile=values.jit_compile,
        task="super_resolution" if values.match_histogram else None,
    )
    stylizer.prepare()
    loading = time.perf_counter() - started
    failed = 0
    # A bar for many, a line for each.
    for path, target in tqdm.tqdm(pairs, unit="image", disable=len(pairs) < 2):
        try:
            seconds = _paint(stylizer, path, target, values.max_pixels, values.match_histogram)
        except command_line.MISTAKES as error:
            failed += 1
            tqdm.tqdm.write(f"error: {command_line.one_line(error)}", file=sys.stderr)
            continue
        tqdm.tqdm.write(f"{target}: {seconds:.2f} s")
    if len(pairs) > 1:
        print(f"{len(pairs) - failed} of {len(pairs)} images painted")
    if failed < len(pairs):
        print(f"(seconds of the forward pass; loading the network took {loading:.2f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
