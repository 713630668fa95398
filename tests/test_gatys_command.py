"""python -m gatys and python -m gatys.figures as a user runs them."""

import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest

from fast_style import images
from tests.scripts import ROOT, assert_one_line_error, command, run_script


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for name, shape in (("photo", (32, 48)), ("style", (30, 20)), ("other", (24, 24))):
        images.save(folder / f"{name}.png", rng.integers(0, 256, (*shape, 3), np.uint8))
    return folder


@pytest.fixture
def flags(random_vgg):
    return [
        "--loss_network=vgg16",
        f"--vgg_weights={random_vgg}",
        "--content_layers=block2_conv1",
        "--style_layers=block1_conv1,block2_conv1",
        "--image_size=24",
        "--steps=4",
    ]


def run(*arguments, cwd, module="gatys"):
    return run_script(module, *arguments, cwd=cwd)


def test_a_photograph_is_painted(files, flags, tmp_path):
    process = run(files / "photo.png", files / "style.png", *flags, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert images.read(tmp_path / "generated" / "gatys.jpg").shape == (16, 24, 3)
    assert "generated/gatys.jpg: 24 x 16, 4 steps of 4, " in process.stdout
    # Step, losses and time left.
    assert re.search(r"4/4 \[\d\d:\d\d<.*total \S+ content \S+ style \S+", process.stderr)
    assert os.listdir(tmp_path / "generated" / "log")


def test_flags_reach_the_picture(files, flags, tmp_path, random_vgg):
    import gatys

    alpha = np.tile(np.arange(48, dtype=np.uint8) * 5, (32, 1))
    images.save(tmp_path / "photo.png", images.read(files / "photo.png"), alpha)
    paintings = [files / "style.png", files / "other.png"]
    process = run(
        *(tmp_path / "photo.png", *paintings, *flags, "--output=new/painted.png", "--log_dir="),
        *("--style_image_weights=3,1", "--style_layer_weights=1,0.5", "--ratio=0.01"),
        *("--optimizer=adam", "--learning_rate=5", "--init=noise", "--seed=3", "--pooling=max"),
        *("--min_size=12", "--keep_colors", "--color_method=palette", "--style_size=20"),
        *("--style_reduction=sum", "--normalized_vgg", f"--normalization_photos={files}"),
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    assert not (tmp_path / "generated").exists()
    expected = gatys.stylize(
        images.read(files / "photo.png"),
        [images.read(path) for path in paintings],
        loss_network="vgg16",
        vgg_weights=str(random_vgg),
        content_layers=("block2_conv1",),
        style_layers=("block1_conv1", "block2_conv1"),
        image_size=24,
        steps=4,
        style_image_weights=(3.0, 1.0),
        style_layer_weights=(1.0, 0.5),
        ratio=0.01,
        style_reduction="sum",
        normalized_vgg=True,
        normalization_photos=str(files),
        optimizer="adam",
        learning_rate=5.0,
        init="noise",
        seed=3,
        pooling="max",
        min_size=12,
        keep_colors=True,
        color_method="palette",
        style_size=20,
    )
    painted = images.load(tmp_path / "new" / "painted.png")
    np.testing.assert_allclose(painted.rgb.astype(int), expected, atol=1)
    assert painted.alpha.shape == (16, 24)
    assert (np.diff(painted.alpha[0].astype(int)) > 0).all()


def test_ctrl_c_keeps_the_picture_so_far(files, flags, tmp_path):
    process = subprocess.Popen(
        command(
            "gatys",
            *(files / "photo.png", files / "style.png", *flags),
            *("--steps=1000000", "--optimizer=adam", "--show_every=1", "--output=out.png"),
        ),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 200
        # The picture so far is there while the run goes on.
        while not (tmp_path / "out.png").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert images.read(tmp_path / "out.png").shape == (16, 24, 3)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert re.search(r"out\.png: 24 x 16, stopped at step \d+ of 1000000", output)
    assert "Traceback" not in errors
    assert images.read(tmp_path / "out.png").shape == (16, 24, 3)


def test_a_loss_that_overflows_is_one_line_and_keeps_the_picture(files, flags, tmp_path):
    process = run(
        *(files / "photo.png", files / "style.png", *flags),
        *("--style_weight=1e38", "--style_reduction=sum", "--output=out.png", "--log_dir="),
        cwd=tmp_path,
    )
    assert_one_line_error(process, "the loss is inf", "step 1 of 4", "out.png holds the best")
    np.testing.assert_array_equal(
        images.read(tmp_path / "out.png"), images.resize(images.read(files / "photo.png"), 16, 24)
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--style_layers=block1_conv9"], ["block1_conv1, ", "received block1_conv9"]),
        (["--style_layer_weights=1,2,3"], ["`style_layer_weights`", "2 layers; received 3"]),
        (["--image_size=2"], ["`image_size` must be at least 3", "block2"]),
        (["--init=nowhere.jpg"], ["nowhere.jpg: no such file"]),
        (["--output=painted.docx"], ["painted.docx"]),
    ],
)
def test_mistakes_are_one_line(files, flags, tmp_path, arguments, words):
    process = run(files / "photo.png", files / "style.png", *flags, *arguments, cwd=tmp_path)
    assert_one_line_error(process, *words)


def test_an_image_that_cannot_be_read_is_one_line(files, flags, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    assert_one_line_error(run(files / "photo.png", "cut.jpg", *flags, cwd=tmp_path), "cut.jpg")


def test_the_photograph_is_never_replaced(files, flags, tmp_path):
    photo = files / "photo.png"
    before = photo.read_bytes()
    process = run(photo, files / "style.png", *flags, "--output", photo, cwd=tmp_path)
    assert_one_line_error(process, photo)
    assert photo.read_bytes() == before


def test_wrong_usage_ends_with_2(files, tmp_path):
    pair = [files / "photo.png", files / "style.png"]
    for arguments in (pair[:1], [*pair, "--style_layer_weights=a"]):
        process = run(*arguments, cwd=tmp_path)
        assert process.returncode == 2
        assert "--help" in process.stderr and "Traceback" not in process.stderr


@pytest.mark.slow
def test_figures_are_drawn(files, flags, tmp_path):
    kept = [flag for flag in flags if "layers" not in flag]
    process = run(
        *(files / "photo.png", files / "style.png", *kept, "--image_size=40", "--steps=1"),
        *("--figures=content_reconstructions", "--output=drawn", "--format=png"),
        cwd=tmp_path,
        module="gatys.figures",
    )
    assert process.returncode == 0, process.stderr
    assert "drawn/content_reconstructions.png" in process.stdout + process.stderr
    figure = images.read(tmp_path / "drawn" / "content_reconstructions.png")
    assert figure.shape[0] > 27 and figure.shape[1] > 6 * 40
    process = run(
        *(files / "photo.png", files / "style.png", "--figures=nothing"),
        cwd=tmp_path,
        module="gatys.figures",
    )
    assert process.returncode == 2
    assert "content_reconstructions" in process.stderr
