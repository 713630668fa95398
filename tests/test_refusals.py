"""Command lines that are refused before any work: flags without effect, inputs painted over."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from fast_style import images
from tests.scripts import ROOT

GATYS, TRAIN = "gatys.command", "fast_style.commands.train"
EXPORT, SHEET = "fast_style.commands.export", "fast_style.commands.sheet"
PAINT, FIGURES = "fast_style.commands.paint", "gatys.figures.command"
BULK = "fast_style.commands.bulk"
TWO = ["photo.png", "style.png"]
OVER = "would replace"
# Module, arguments, what the line says.
CASES = [
    (GATYS, [*TWO, "--learning_rate=10"], "--learning_rate changes nothing"),
    (GATYS, [*TWO, "--color_method=palette"], "--color_method changes nothing"),
    (GATYS, [*TWO, "--seed=3"], "--seed changes nothing"),
    (GATYS, [*TWO, "--normalization_photos=."], "--normalization_photos changes nothing"),
    (GATYS, [*TWO, "--style_image_weights=2"], "--style_image_weights changes nothing"),
    (GATYS, [*TWO, "--output=no/../photo.png"], OVER),
    (GATYS, [*TWO, "--output=link.png"], OVER),
    (GATYS, [*TWO, "--output=hard.png"], OVER),
    (GATYS, [*TWO, "--init=other.png", "--output=./other.png"], OVER),
    (FIGURES, [*TWO, "--vgg16_weights=x.h5", "--figures=style_grid"], "--vgg16_weights changes"),
    (FIGURES, [*TWO, "--pooling=max", "--figures=feature_reconstructions"], "--pooling changes"),
    (FIGURES, ["style_grid.png", "style.png", "--output=.", "--format=png"], OVER),
    (TRAIN, ["style.png", ".", "--cache_gigabytes=2"], "--cache_gigabytes changes nothing"),
    (TRAIN, ["style.png", ".", "--data_dir=."], "--data_dir changes nothing"),
    (
        TRAIN,
        ["--task=super_resolution", ".", "--content_weight=0", "--pixel_weight=1"]
        + ["--vgg_weights=x.h5"],
        "--vgg_weights changes nothing",
    ),
    (TRAIN, ["style.png", ".", "--checkpoint_dir=a\udcff"], "UTF-8"),
    (TRAIN, ["style.png", ".", "--checkpoint_dir=~/a\udcff"], "/nowhere/a"),
    (TRAIN, ["style.png", ".", "--validation_images=~/a.jpg"], "/nowhere/a.jpg: no such file"),
    (GATYS, [*TWO, "--init=~/a.jpg"], "/nowhere/a.jpg: no such file"),
    (
        EXPORT,
        ["PREFIX", "out", "--format=keras", "--sample=~/a.jpg"],
        "/nowhere/a.jpg: no such",
    ),
    (EXPORT, ["PREFIX", "out", "--format=tflite", "--max_pixels=9"], "`max_pixels`"),
    (EXPORT, ["PREFIX", "out\udcff"], "UTF-8"),
    (SHEET, ["photo.png", "PREFIX", "--steps=3"], "--steps changes nothing"),
    (SHEET, ["photo.png", "PREFIX", "--blend=a,b", "--columns=2"], "--columns changes nothing"),
    (SHEET, ["photo.png", "PREFIX", "--blend=a,b", "--paintings=."], "--paintings changes"),
    (SHEET, ["photo.png", "PREFIX", "--paintings=", "--output=no/../photo.png"], OVER),
    (SHEET, ["photo.png", "PREFIX", "--paintings=.", "--output=style.png"], OVER),
    (PAINT, ["photo.png", "PREFIX", "--jit_compile", "--tile=32"], "--jit_compile changes"),
    (PAINT, ["photo.png", "PREFIX", "--jit_compile", "--runtime=openvino"], "`jit_compile`"),
    (PAINT, ["photo.png", "PREFIX", "--max_memory=1GiB", "--tile=0"], "--max_memory changes"),
    (PAINT, ["photo.png", "PREFIX", "--format=png", "--output=x.png"], "--format"),
    (PAINT, ["photo.png", "PREFIX", "-o", "-", "--skip_existing"], "--skip_existing changes"),
    (PAINT, ["photo.png", "PREFIX", "-o", "-", "--json"], "--json changes nothing"),
    (PAINT, ["photo.png", "PREFIX", "-o", "link.png"], OVER),
    (BULK, [".", "out", "PREFIX"], "lies in the source"),
    (BULK, ["s3://bucket/in", "s3://bucket/in/out", "PREFIX"], "lies in the source"),
    (BULK, ["none", "out", "PREFIX"], "none: no such file or folder"),
    (BULK, ["*.webp", "out", "PREFIX"], "no image file"),
    (BULK, ["ftp://host/in", "out", "PREFIX"], "URLs begin with s3:// or gs://"),
    (BULK, ["s3://", "out", "PREFIX"], "names no bucket"),
    (BULK, [".", "../out", "none"], "none: no such checkpoint"),
    (BULK, [".", "../out", "s3://bucket/network"], "files on this machine"),
    (BULK, [".", "../out", "PREFIX", "--max_errors=-1"], "`max_errors`"),
    (BULK, [".", "../out", "PREFIX", "--threads=0"], "`threads`"),
    (BULK, [".", "../out", "PREFIX", "--strength=2"], "`strength`"),
    (BULK, [".", "../out", "PREFIX", "--jit_compile", "--tile=32"], "--jit_compile changes"),
    (BULK, [".", "../out", "PREFIX", "--address=ray://head:1"], "HOST:PORT"),
    (BULK, [".", "../out", "PREFIX", "--address=127.0.0.1:1"], "no Ray listens"),
    (BULK, [".", "photo.png", "PREFIX"], "lies in the source"),
    (BULK, ["photo.png", "style.png/out", "PREFIX"], "style.png/out: "),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, prefix):
    """Status and standard error of each case."""
    folder = tmp_path_factory.mktemp("refusals")
    rng = np.random.default_rng(0)
    for name in (*TWO, "other.png", "style_grid.png"):
        images.save(folder / name, rng.integers(0, 256, (16, 16, 3), "uint8"))
    os.symlink("photo.png", folder / "link.png")
    os.link(folder / "photo.png", folder / "hard.png")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    grouped = {}
    for number, (module, arguments, _) in enumerate(CASES):
        given = [str(prefix) if argument == "PREFIX" else argument for argument in arguments]
        grouped.setdefault(module, []).append((number, given))
    asked = [[module, [given for _, given in lines]] for module, lines in grouped.items()]
    process = subprocess.run(
        [sys.executable, "-m", "tests.refusals"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "HOME": "/nowhere"},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    numbers = [number for lines in grouped.values() for number, _ in lines]
    # Nothing was replaced, and nothing made.
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    return dict(zip(numbers, json.loads(process.stdout), strict=True))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: " ".join(CASES[n][1]))
def test_it_is_one_line_that_names_the_reason(answers, number):
    status, errors = answers[number]
    assert status == 1, errors
    assert errors.startswith("error: ") and errors.count("\n") == 1
    assert CASES[number][2] in errors
