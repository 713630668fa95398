"""train.py, eval.py and fast_style.score for super-resolution, as a user runs them."""

import re
import shutil

import numpy as np
import pytest

from fast_style import images
from fast_style.checkpoints import store
from fast_style.networks.super_resolution_net import SuperResolutionNet
from tests.scripts import assert_one_line_error, run_script


@pytest.fixture(scope="module")
def enlarger(tmp_path_factory):
    """Checkpoint prefix of a fresh network, which enlarges bicubically."""
    network = SuperResolutionNet(width=4, residual_blocks=0)
    network.build()
    prefix = tmp_path_factory.mktemp("checkpoints") / "sr-x4"
    store.save_network(network, prefix, {})
    return prefix


FLAGS = (
    "--task=super_resolution",
    "--content_weight=0",
    "--pixel_weight=1",
    "--steps=2",
    "--image_size=16",
    "--batch_size=2",
    "--width=4",
    "--residual_blocks=1",
    "--validation_images=",
    "--checkpoint_dir=run",
)


def test_a_network_is_trained_applied_and_scored(photos, tmp_path):
    small = images.resize(images.read(photos / "0.png"), 8, 10)
    folder = tmp_path / "photos"
    for name in ("0", "1"):
        images.save(folder / f"{name}.png", images.read(photos / f"{name}.png"))
    images.save(folder / "small.png", small)
    process = run_script("train.py", folder, *FLAGS, "--factor=2", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "trained 2 steps (1 photographs smaller than 16 x 16 skipped): run/ckpt-done" in (
        process.stdout
    )
    assert re.search(r"2/2.*total \S+ pixel \S+ tv \S+ \S+ images/s", process.stderr)
    process = run_script("eval.py", folder / "small.png", "run/ckpt-done", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert images.read(tmp_path / "generated" / "res.jpg").shape == (16, 20, 3)
    process = run_script("fast_style.score", "run/ckpt-done", photos, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0].startswith(
        "x2, downscaled by bicubic; Y of BT.601, border of 2 pixels left out"
    )
    rows = {line.split()[0]: [float(n) for n in line.split()[1:]] for line in lines[3:]}
    assert list(rows) == ["0.png", "1.png", "2.png", "3.png", "mean"]
    values = np.array([rows[f"{n}.png"] for n in range(4)])
    np.testing.assert_allclose(rows["mean"], values.mean(axis=0), atol=0.01)


def test_alpha_and_exif_come_along(enlarger, tmp_path, photo):
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    alpha = np.full((12, 16), 255, np.uint8)
    alpha[:, :8] = 0
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
    images.save(tmp_path / "small.png", photo(12, 16), alpha, images.Metadata(exif))
    process = run_script(
        "eval.py", "small.png", enlarger, "--output=large.png", "--match_histogram", cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    picture = images.load(tmp_path / "large.png")
    assert picture.rgb.shape == (48, 64, 3)
    assert picture.alpha.shape == (48, 64)
    assert (picture.alpha[:, :24] == 0).all()
    assert (picture.alpha[:, -24:] == 255).all()
    assert b"abc" in picture.metadata.exif


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--factor=6", "`factor` must be a power of two from 2 to 16; received 6"),
        ("--image_size=64", "holds a crop of 64 x 64 pixels (4 are smaller, 0 can't be read)"),
        ("--init_from=STYLE", "is a network for style, one for super_resolution is expected"),
    ],
)
def test_a_mistake_in_training_is_one_line(photos, prefix, tmp_path, flag, words):
    flag = flag.replace("STYLE", str(prefix))
    process = run_script("train.py", photos, *FLAGS, flag, cwd=tmp_path)
    assert process.returncode == 1
    lines = process.stderr.strip().splitlines()
    # A photograph that is passed over is named first.
    assert all(line.startswith("skipped: ") for line in lines[:-1]), process.stderr
    assert lines[-1].startswith("error: ")
    assert words in lines[-1]


def test_a_flag_or_an_argument_of_the_other_task_is_wrong_usage(photos, tmp_path):
    for arguments, words in (
        ((photos, *FLAGS, "--style_weight=3"), "--style_weight is for --task=style alone"),
        (("a.jpg", photos, *FLAGS), "one argument is expected"),
        (("a.jpg", photos, "--factor=4"), "--factor is for --task=super_resolution alone"),
    ):
        process = run_script("train.py", *arguments, cwd=tmp_path)
        assert process.returncode == 2
        assert words in process.stderr
        assert "Traceback" not in process.stderr


def test_the_wrong_kind_of_network_is_one_line(photos, prefix, enlarger, tmp_path):
    words = "is a network for style, one for super_resolution is expected"
    process = run_script("fast_style.score", prefix, photos, cwd=tmp_path)
    assert_one_line_error(process, prefix, words)
    photo = photos / "0.png"
    process = run_script("eval.py", photo, prefix, "--match_histogram", cwd=tmp_path)
    assert_one_line_error(process, prefix, words)
    process = run_script("fast_style.export", enlarger, "exported", cwd=tmp_path)
    assert_one_line_error(process, "is a network for super_resolution, one for style is expected")


@pytest.mark.slow
def test_a_mistake_in_scoring_is_one_line(photos, enlarger, tmp_path, photo):
    (tmp_path / "empty").mkdir()
    images.save(tmp_path / "tiny" / "a.png", photo(16, 16))
    for folder, words in (
        ("empty", "no image file in this folder"),
        ("nowhere", "no such folder"),
        ("tiny", "a.png: `original` must have at least 19 pixels on each side"),
    ):
        process = run_script("fast_style.score", enlarger, folder, cwd=tmp_path)
        assert_one_line_error(process, words)


def test_scoring_goes_on_after_a_bad_image(shared, enlarger, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("sr_ok.png", "sr_tiny16.png"):
        shutil.copy(shared / "cases" / name, folder)
    (folder / "broken.png").write_text("no image")
    process = run_script("fast_style.score", enlarger, folder, cwd=tmp_path)
    assert process.returncode == 1
    lines = process.stderr.splitlines()
    assert len(lines) == 2, process.stderr
    assert re.match(r"error: .*broken\.png: not a readable image", lines[0])
    assert re.match(r"error: .*sr_tiny16\.png: .* at least 19 pixels on each side", lines[1])
    scored, mean = process.stdout.splitlines()[3:]
    assert scored.startswith("sr_ok.png ")
    assert mean.startswith("mean of 1 of 3 ")
    assert scored.split()[1:] == mean.split()[5:]


def test_an_enlarged_image_over_the_limit_is_one_line(photos, enlarger, tmp_path):
    limit = f"--max_pixels={32 * 40 * 16 - 1}"
    process = run_script("eval.py", photos / "0.png", enlarger, limit, cwd=tmp_path)
    assert_one_line_error(process, "0.png: 4 times as large as 40 x 32 is 20,480 pixels")


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        *((f, f"{f.partition('=')[0]} is for networks for style") for f in (
            "--keep_colors", "--strength=0.5", "--image_size=64", "--style_scale=2", "--tile=64",
        )),
        ("--runtime=openvino", "`runtime` openvino"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_enlarging_is_one_line(photos, enlarger, tmp_path, flag, words):
    process = run_script("eval.py", photos / "0.png", enlarger, flag, cwd=tmp_path)
    assert_one_line_error(process, words, "super_resolution")


def test_a_folder_is_enlarged(photos, enlarger, tmp_path):
    process = run_script("eval.py", photos, enlarger, "--output=large", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "4 of 4 images painted" in process.stdout
    assert "runtime tensorflow" in process.stdout
    assert images.read(tmp_path / "large" / "3.png").shape == (128, 160, 3)
