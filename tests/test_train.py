"""train.py as a user runs it."""

import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import termios

import numpy as np
import pytest

from fast_style import images
from fast_style.checkpoints import store
from tests.scripts import command, run_script


@pytest.fixture(scope="module")
def style(tmp_path_factory):
    path = tmp_path_factory.mktemp("styles") / "style.png"
    images.save(path, np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8))
    return path


@pytest.fixture
def flags(random_vgg):
    return [
        f"--vgg_weights={random_vgg}",
        "--steps=4",
        "--image_size=16",
        "--batch_size=2",
        "--width=4",
        "--residual_blocks=1",
        "--style_size=0",
        "--content_layers=block2_conv1",
        "--style_layers=block1_conv1,block2_conv1",
        "--save_every=2",
        "--validation_images=",
        "--checkpoint_dir=run",
    ]


def train(*arguments, cwd, **options):
    return run_script("train.py", *arguments, cwd=cwd, **options)


def test_a_style_is_trained_and_painted_with(style, photos, flags, tmp_path):
    process = train(style, photos, *flags, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "trained 4 steps: run/ckpt-done" in process.stdout
    losses = r"total \S+ content \S+ style \S+ tv \S+ checkerboard \S+"
    assert re.search(rf"4/4.*{losses} \S+ images/s", process.stderr)
    assert os.listdir(tmp_path / "run" / "log")
    photo = photos / "0.png"
    process = run_script("eval.py", photo, "run/ckpt-done", "--output=res.png", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert images.read(tmp_path / "res.png").shape == (32, 40, 3)


def test_damaged_photographs_are_skipped_and_counted(style, photos, flags, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    cut = folder / "cut.jpg"
    images.save(cut, images.read(folder / "0.png"))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no photograph")
    process = train(style, folder, *flags, "--steps=8", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "3 unreadable photographs skipped" in process.stdout
    for name in ("cut.jpg", "empty.jpg", "text.jpg"):
        assert process.stderr.count(name) == 1


def stop_training(arguments, pattern, number, cwd):
    """Sends a signal once the progress bar shows `pattern`.

    Returns the exit status, the progress bar up to there, and the step that was saved.
    """
    process = subprocess.Popen(
        command("train.py", *arguments),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seen = ""
    while not re.search(pattern, seen):
        seen += process.stderr.read(1)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    step = re.search(r"stopped at step (\d+) of \d+ and saved", output)[1]
    return process.returncode, seen, int(step)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_the_same_command_goes_on(style, photos, flags, tmp_path, number):
    arguments = (style, photos, *flags, "--steps=100000", "--save_every=100000")
    status, _, step = stop_training(arguments, r" [1-9]\d*/100000", number, tmp_path)
    assert status == 128 + number
    assert store.read_metadata(tmp_path / "run" / f"ckpt-{step}")["step"] == step
    process = train(style, photos, *flags, f"--steps={step + 2}", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert f"going on from step {step} of {step + 2}" in process.stdout
    assert store.read_metadata(tmp_path / "run" / "ckpt-done")["step"] == step + 2


@pytest.mark.slow
def test_a_terminal_that_is_closed_saves(style, photos, flags, tmp_path):
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))

    def attach():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    with subprocess.Popen(
        command("train.py", style, photos, *flags, "--steps=100000", "--save_every=100000"),
        cwd=tmp_path,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=attach,
    ) as process:
        os.close(slave)
        seen = ""
        while not re.search(r" [1-9]\d*/100000", seen):
            seen += os.read(master, 1000).decode()
        os.close(master)
        try:
            assert process.wait(120) == 128 + signal.SIGHUP
        finally:
            process.kill()
    (saved,) = [name for name in os.listdir(tmp_path / "run") if name.endswith(".index")]
    step = int(re.fullmatch(r"ckpt-(\d+)\.index", saved)[1])
    assert store.load_network(tmp_path / "run" / f"ckpt-{step}")[1]["step"] == step


def test_a_loss_of_nan_names_the_step_and_the_flags(style, photos, flags, tmp_path):
    flags = [*flags, "--steps=50", "--learning_rate=1e30", "--normalization=none"]
    process = train(style, photos, *flags, cwd=tmp_path)
    assert process.returncode == 1
    error = process.stderr.splitlines()[-1]
    assert re.match(r"error: the loss is \S+ at step \d+;.*--learning_rate", error)
    assert "Traceback" not in process.stderr


@pytest.mark.slow
def test_a_full_disk_keeps_the_earlier_checkpoint(style, photos, flags, tmp_path):
    assert train(style, photos, *flags, "--steps=2", cwd=tmp_path).returncode == 0
    process = train(
        style,
        photos,
        *flags,
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert process.returncode == 1
    error = process.stderr.splitlines()[-1]
    assert re.match(r"error: run/ckpt-4: could not be written \(.*\)", error)
    assert "Traceback" not in process.stderr
    store.load_network(tmp_path / "run" / "ckpt-2")
    left = {name for name in os.listdir(tmp_path / "run") if "4" in name or "temp" in name}
    assert left <= {"ckpt-4.json"}
    assert train(style, photos, *flags, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("style missing", "no.jpg: no such file"),
        ("style a directory", "no painting that can be read"),
        ("style cut", "not a readable image"),
        ("style text", "not a readable image"),
        ("style huge", "--max_pixels"),
        ("photos missing", "no such folder"),
        ("photos a file", "is a file"),
        ("photos empty", "no image file"),
        ("photos damaged", "none of its 1 image files can be read"),
        ("weights missing", "no such weights file"),
        ("weights damaged", "no weights of vgg16"),
        ("unknown layer", "block9_conv9"),
        ("checkpoint_dir a file", "file"),
        ("checkpoint_dir read-only", "/proc/run"),
    ],
)
def test_a_mistake_is_one_line(style, photos, flags, tmp_path, case, words):
    text = tmp_path / "text.jpg"
    text.write_text("no photograph")
    weights = tmp_path / "bad.weights.h5"
    weights.write_text("no weights")
    cut = tmp_path / "cut.png"
    cut.write_bytes((photos / "0.png").read_bytes()[:300])
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "1.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "empty").mkdir()
    flag = {
        "style huge": "--max_pixels=100",
        "weights missing": "--vgg_weights=no.weights.h5",
        "weights damaged": f"--vgg_weights={weights}",
        "unknown layer": "--style_layers=block9_conv9",
        "checkpoint_dir a file": f"--checkpoint_dir={text}",
        "checkpoint_dir read-only": "--checkpoint_dir=/proc/run",
    }
    style = {
        "style missing": "no.jpg",
        "style a directory": tmp_path,
        "style cut": cut,
        "style text": text,
    }.get(case, style)
    photos = {
        "photos missing": "nowhere",
        "photos a file": text,
        "photos empty": tmp_path / "empty",
        "photos damaged": tmp_path / "damaged",
    }.get(case, photos)
    process = train(style, photos, *flags, *([flag[case]] if case in flag else []), cwd=tmp_path)
    assert process.returncode == 1
    lines = process.stderr.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert words in lines[-1]
    assert len(lines) == (2 if case == "photos damaged" else 1), process.stderr


@pytest.mark.slow
def test_wrong_usage_ends_with_2(style, photos, tmp_path):
    for arguments in (
        [style],
        [style, ".", "--no_such_flag"],
        [style, ".", "--steps=many"],
        [style, ".", "--strategy=tpu"],
        [style, photos, "--profile_steps=1,b", "--vgg_weights=none.h5"],
    ):
        process = train(*arguments, cwd=tmp_path)
        assert process.returncode == 2
        assert "Traceback" not in process.stderr


@pytest.mark.slow
def test_100_steps_on_photographs_halve_the_loss_across_a_restart(shared, vgg_weights, tmp_path):
    arguments = [
        shared / "styles" / "starry_night.jpg",
        shared / "photos" / "train",
        f"--vgg_weights={vgg_weights}",
        "--image_size=96",
        "--steps=100",
        "--learning_rate=0.005",
        "--validation_images=",
        "--checkpoint_dir=run",
    ]
    _, seen, step = stop_training(arguments, " 50/100", signal.SIGTERM, tmp_path)
    first = float(re.search(r" 1/100.*?total (\S+)", seen)[1])
    process = train(*arguments, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert f"going on from step {step} of 100" in process.stdout
    totals = [float(total) for total in re.findall(r"total (\S+)", process.stderr)]
    assert np.mean(totals[-20:]) < first / 2
    assert store.load_network(tmp_path / "run" / "ckpt-done")[1]["step"] == 100
