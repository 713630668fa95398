"""fast_style.video as a user runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from fast_style import images
from fast_style.painting.stylizer import Stylizer
from tests import films
from tests.scripts import ROOT, assert_one_line_error, command, run_script


def paint(*arguments, cwd):
    return run_script("fast_style.video", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A film of uneven times, with sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    pts = [0, 1, 2, 5, 6, 10, 11, 12, 17, 20, 21, 22]
    return films.write(path, films.moving(12), pts=pts, sound="aac", options={"bf": "2"})


def test_a_painted_film_has_the_times_and_the_sound_of_its_source(clip, prefix, tmp_path):
    process = paint(clip, prefix, "--output=painted.mp4", "--codec=ffv1", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert re.search(r"painted\.mp4: 12 frames in [\d.]+ s, [\d.]+ frames/s", process.stdout)
    assert "warning" not in process.stderr
    painted = tmp_path / "painted.mp4"
    assert [t for t, _ in films.frame_times(painted)] == [t for t, _ in films.frame_times(clip)]
    assert films.sound_packets(painted) == films.sound_packets(clip)
    stylizer = Stylizer.load(prefix)
    for one, other in zip(films.pictures(clip), films.pictures(painted), strict=True):
        # The network's picture, but for halved chroma, and what FFmpeg reads a little otherwise.
        assert np.abs(stylizer(one).astype(int).mean((0, 1)) - other.mean((0, 1))).max() < 4


def test_at_strength_0_it_is_the_film(clip, tmp_path):
    arguments = ("--strength=0", "--codec=ffv1", "--output=same.mkv", "--nosound")
    process = paint(clip, *arguments, cwd=tmp_path)  # with the network that comes along
    assert process.returncode == 0, process.stderr
    for one, other in zip(films.planes(clip), films.planes(tmp_path / "same.mkv"), strict=True):
        assert np.abs(one - other).max() <= 2
    assert films.sound_packets(tmp_path / "same.mkv") == []


def test_sizes_ranges_and_animations(clip, prefix, tmp_path):
    arguments = ("--image_size=33", "--start=0.2", "--end=0.5")
    assert paint(clip, prefix, *arguments, cwd=tmp_path).returncode == 0
    painted = tmp_path / "generated" / "res.mp4"
    assert films.pictures(painted)[0].shape == (24, 32, 3)  # even sides
    assert [time for time, _ in films.frame_times(painted)] == [
        Fraction(n, 25) for n in (0, 1, 5, 6, 7)
    ]
    process = paint(painted, prefix, "--output=a.gif", "--image_size=21", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    process = paint("a.gif", prefix, "--output=frames/", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    names = sorted(os.listdir(tmp_path / "frames"))
    assert names == [f"00000{n}.png" for n in range(1, 6)]
    assert images.read(tmp_path / "frames" / names[0]).shape == (16, 21, 3)
    process = paint("frames", prefix, "--output=b.mp4", "--fps=10", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    times = [time for time, _ in films.frame_times(tmp_path / "b.mp4")]
    assert times == [Fraction(n, 10) for n in range(5)]


def test_smoothing_holds_pictures_still(tmp_path):
    noise = np.random.default_rng(0)
    scene = films.moving(1)[0].astype(int)
    noisy = [
        np.clip(scene + noise.integers(-30, 31, scene.shape), 0, 255).astype(np.uint8)
        for _ in range(6)
    ]
    path = films.write(tmp_path / "a.mkv", noisy, codec="ffv1")
    unrest = []
    for smooth in (0, 0.9):
        arguments = ("--codec=ffv1", "--output=b.mkv", f"--smooth={smooth}")
        process = paint(path, *arguments, cwd=tmp_path)
        assert process.returncode == 0, process.stderr
        found = np.stack(films.pictures(tmp_path / "b.mkv")).astype(float)
        unrest.append(np.abs(np.diff(found[2:], axis=0)).mean())
    assert unrest[1] < 0.5 * unrest[0]


def test_what_cannot_be_read_is_counted(tmp_path, prefix):
    path = films.write(tmp_path / "a.mp4", films.moving(8), options={"bf": "0"})
    place, size = films.video_packets(path)[4]
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    process = paint(path, prefix, "--output=b.mp4", cwd=tmp_path)
    assert process.returncode == 0
    assert process.stderr.strip().splitlines()[-1] == f"warning: {path}: 1 frames can't be read"
    assert len(films.frame_times(tmp_path / "b.mp4")) == 7


def start(*arguments, cwd):
    return subprocess.Popen(
        command("fast_style.video", *arguments),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A film that takes far longer to paint than a test may."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return films.write(path, films.moving(2) * 750, sound="aac", options={"preset": "ultrafast"})


def wait_for_frames(process, cwd):
    """Waits until frames have been painted: the file that is written has grown."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        partial = [name for name in os.listdir(cwd) if name.endswith(".tmp")]
        if partial and os.path.getsize(cwd / partial[0]) > 5000:
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def test_ctrl_c_leaves_a_film_that_plays(long, tmp_path):
    process = start(long, "--output=b.mp4", "--crf=0", cwd=tmp_path)
    wait_for_frames(process, tmp_path)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    last = errors.strip().splitlines()[-1]
    count = int(re.fullmatch(r"interrupted: b\.mp4 ends after (\d+) frames", last)[1])
    assert "Traceback" not in errors
    times = films.frame_times(tmp_path / "b.mp4")
    assert len(times) == count and times == films.frame_times(long)[:count]
    sound = films.sound_packets(tmp_path / "b.mp4")
    assert sound and sound == films.sound_packets(long)[: len(sound)]
    assert os.listdir(tmp_path) == ["b.mp4"]


def test_kill_9_leaves_the_film_that_was_there(long, tmp_path):
    (tmp_path / "b.mp4").write_bytes(b"before")
    process = start(long, "--output=b.mp4", "--crf=0", cwd=tmp_path)
    wait_for_frames(process, tmp_path)
    process.kill()
    process.communicate()
    assert (tmp_path / "b.mp4").read_bytes() == b"before"


def test_mistakes_are_one_line_and_leave_nothing(clip, prefix, tmp_path):
    images.save(tmp_path / "still.jpg", films.moving(1)[0])
    (tmp_path / "text.mp4").write_text("no film")
    films.encrypt(tmp_path / "secret.mp4", films.moving(3))
    before = sorted(os.listdir(tmp_path))
    for arguments, words in (
        (("none.mp4",), ("none.mp4", "no such file")),
        (("still.jpg",), ("still.jpg", "still image")),
        (("text.mp4",), ("text.mp4", "not a readable film")),
        (("secret.mp4",), ("secret.mp4", "encrypted")),
        ((clip, "--output=b.webm"), ("b.webm", "aac", "--nosound")),
        ((clip, "--output=b.mp4", "--codec=h265"), ("codec", "h265")),
        ((clip, "--start=2", "--end=2"), ("end", "2")),
        ((clip, "--smooth=2"), ("smooth", "2")),
        ((clip, "--start=100", "--output=b.mp4"), ("no frame in this range",)),
        ((clip, "--max_pixels=100"), ("64 x 48", "--max_pixels")),
        ((clip, f"--output={clip}"), ("would replace",)),
        ((clip, "nothing/there"), ("nothing/there",)),
        ((clip, ROOT / "checkpoints" / "sr-x4"), ("sr-x4", "super_resolution")),
        ((clip, prefix, "--style=wave"), ("style", "ckpt-done")),
    ):
        process = paint(*arguments, cwd=tmp_path)
        lines = process.stderr.replace("\r", "\n").strip().splitlines()
        process.stderr = lines[-1]  # a progress bar may stand before it
        assert_one_line_error(process, *words)
        assert not [line for line in lines if "Traceback" in line]
        assert sorted(os.listdir(tmp_path)) == before


def test_without_the_extra_animations_are_painted_and_films_are_one_line(clip, prefix, tmp_path):
    films.write_animation(tmp_path / "a.gif")
    code = (
        "import sys; sys.modules['av'] = sys.modules['cv2'] = None\n"
        "from fast_style import command_line\n"
        "command_line.run('fast_style.commands.video')"
    )
    for arguments, status, words in (
        (["a.gif", prefix, "--output=b.png"], 0, "4 frames"),
        ([clip, prefix], 1, "[video]"),
        (["a.gif", prefix, "--output=b.mp4"], 1, "[video]"),
        (["a.gif", prefix, "--output=c.png", "--smooth=0.5"], 1, "[video]"),
    ):
        process = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == status, process.stderr
        assert words in process.stdout + process.stderr
        assert "Traceback" not in process.stderr


def test_wrong_usage(tmp_path):
    for arguments in ((), ("a", "b", "c")):
        process = paint(*arguments, cwd=tmp_path)
        assert process.returncode == 2 and "--help" in process.stderr


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film(long, prefix, tmp_path):
    resident = []
    process = start(long, prefix, "--output=b.mp4", cwd=tmp_path)
    while process.poll() is None:
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            resident.append(int((file.read().split() or [0, 0])[1]) * 4096)
        time.sleep(0.2)
    process.communicate()
    assert process.returncode == 0
    with av.open(str(tmp_path / "b.mp4")) as film:
        assert film.streams.video[0].frames == 1500
    middle = len(resident) // 2
    later = [size for size in resident[middle:] if size]
    assert max(later) < 1.1 * max(resident[: middle + 1])
