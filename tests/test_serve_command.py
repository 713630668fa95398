"""fast-style serve, as a user starts it."""

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request

import pytest

from fast_style import images
from tests.scripts import ROOT, assert_one_line_error, command, run_script

pytest.importorskip("uvicorn", reason="needs the extra web")


@contextlib.contextmanager
def serving(*arguments, program=("fast_style", "serve")):
    """Context of a running server: its lines up to its address, the address, the process."""
    process = subprocess.Popen(
        command(*program, *arguments, "--port=0"),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, SIGINT is ignored, and children inherit that.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        lines = []
        while not lines or "http://" not in lines[-1]:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            lines.append(line)
        yield lines, re.search(r"http://\S+", lines[-1])[0], process
    finally:
        process.send_signal(signal.SIGINT)
        _, process.errors = process.communicate(timeout=60)


def test_it_serves_all_networks_that_are_there(prefix, tmp_path):
    """As the shell spells checkpoints/*: files of checkpoints, and a folder beside them."""
    (tmp_path / "broken.index").write_bytes(b"no index")
    (tmp_path / "log").mkdir()
    files = [*prefix.parent.iterdir(), tmp_path / "broken.index", tmp_path / "log"]
    with serving(*sorted(files)) as (lines, address, process):
        name = prefix.parent.name  # of the folder, where the file is called as all are
        assert [line for line in lines if line.startswith(f"{name}: ")]
        described = json.load(urllib.request.urlopen(f"{address}/api/styles", timeout=60))
        assert [network["name"] for network in described["networks"]] == [name]
        request = urllib.request.Request(
            f"{address}/api/paint",
            data=(ROOT / "img" / "paintings" / "wave.jpg").read_bytes(),
            headers={"Content-Type": "image/jpeg"},
        )
        painted = images.decode(urllib.request.urlopen(request, timeout=60).read()).rgb
        assert painted.shape == images.read(ROOT / "img" / "paintings" / "wave.jpg").shape
        assert b"<html" in urllib.request.urlopen(address, timeout=60).read()
    assert process.returncode == 130
    errors = process.errors.splitlines()
    assert errors[-1] == "interrupted"
    assert len(errors) == 2 and errors[0].startswith("error: ") and "broken" in errors[0]


def test_of_a_run_in_a_folder_the_last_checkpoint_is_served(prefix, tmp_path):
    for name in ("ckpt-9", "ckpt-10", "other"):
        for file in prefix.parent.iterdir():
            shutil.copy(file, tmp_path / file.name.replace("ckpt-done", name))
    with serving(tmp_path) as (lines, _, _):
        assert len(lines) == 3
        assert lines[0].startswith(tmp_path.name) and lines[1].startswith("other: ")


def test_a_taken_port_is_one_line(prefix, tmp_path):
    with serving(prefix, program=("fast_style.web",)) as (_, address, _):
        port = address.rpartition(":")[2]
        process = run_script("fast_style.web", prefix, f"--port={port}", cwd=tmp_path)
    assert_one_line_error(process, port, "taken")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), ("nothing", "no such checkpoint")),
        (("empty",), ("empty", "no checkpoint")),
        (("--host=nowhere.invalid",), ("nowhere.invalid",)),
    ],
)
def test_what_can_not_be_served_is_one_line(tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    process = run_script("fast_style", "serve", *arguments, "--port=0", cwd=tmp_path)
    assert_one_line_error(process, *words)
