"""train.py on two workers that talk over loopback."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import numpy as np
import pytest

from fast_style import images
from fast_style.checkpoints import store
from tests import event_logs
from tests.scripts import ROOT, assert_one_line_error, command, run_script

pytestmark = pytest.mark.slow


@pytest.fixture
def arguments(tmp_path, random_vgg):
    """Of train.py: a tiny network, batch 4, 20 steps."""
    rng = np.random.default_rng(0)
    for number in range(10):
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        images.save(tmp_path / "photos" / f"{number}.png", images.resize(coarse, 48, 64))
    images.save(tmp_path / "style.png", rng.integers(0, 256, (32, 32, 3), np.uint8))
    return [
        tmp_path / "style.png",
        tmp_path / "photos",
        f"--vgg_weights={random_vgg}",
        "--steps=20",
        # At 1e-3 so small a network turns rounding errors into 4e-4 within 18 steps.
        "--learning_rate=1e-4",
        "--image_size=32",
        "--batch_size=4",
        "--width=4",
        "--residual_blocks=1",
        "--save_every=5",
        "--log_every=1",
        "--validation_images=",
        "--content_layers=block2_conv1",
        "--style_layers=block1_conv1,block2_conv1",
    ]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_workers(arguments, cwd, folders=("workers", "workers"), others=()):
    """Starts two processes; the second one gets the arguments `others` as well."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    processes = []
    for index, folder in enumerate(folders):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        log = open(cwd / f"worker{index}.txt", "w")  # noqa: SIM115 - the process keeps it
        more = others if index else ()
        processes.append(
            subprocess.Popen(
                command("train.py", *arguments, f"--checkpoint_dir={folder}", *more),
                cwd=cwd,
                env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(config)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        log.close()
    return processes


def output(cwd, index):
    return (cwd / f"worker{index}.txt").read_text()


def wait_for(pattern, cwd, index, limit=400):
    end = time.monotonic() + limit
    while not re.search(pattern, output(cwd, index)):
        assert time.monotonic() < end, output(cwd, index)
        time.sleep(0.05)


def assert_ended_well(processes, cwd):
    for index, process in enumerate(processes):
        assert process.wait(timeout=400) == 0, output(cwd, index)


def test_two_workers_take_the_steps_of_one_process(arguments, tmp_path):
    # The second worker has another folder: nothing but the chief's is written.
    processes = start_workers(arguments, tmp_path, folders=("workers", "second"))
    assert_ended_well(processes, tmp_path)
    one = run_script("train.py", *arguments, "--checkpoint_dir=one", cwd=tmp_path)
    assert one.returncode == 0, one.stderr
    both, alone = (event_logs.scalars(tmp_path / name / "log") for name in ("workers", "one"))
    assert [step for step, _ in both] == list(range(1, 21))
    np.testing.assert_allclose([v for _, v in both], [v for _, v in alone], rtol=1e-4)
    assert store.load_network(tmp_path / "workers" / "ckpt-done")[1]["step"] == 20
    assert not (tmp_path / "second").exists()
    assert "workers/ckpt-done" in output(tmp_path, 0)
    assert "the chief has the network" in output(tmp_path, 1)


@pytest.mark.parametrize("killed", [0, 1])
def test_when_a_worker_is_killed_the_job_ends_and_a_restart_goes_on(arguments, tmp_path, killed):
    arguments = [*arguments, "--steps=100000", "--save_every=5"]
    processes = start_workers(arguments, tmp_path)
    wait_for(r" ([6-9]|\d{2,})/100000", tmp_path, 0)  # the bar does not show every step
    processes[killed].kill()
    left = 1 - killed
    assert processes[left].wait(timeout=120) == 1, output(tmp_path, left)
    last = output(tmp_path, left).strip().splitlines()[-1]
    assert re.match("error: another worker has ended or can't be reached .*start all workers", last)
    assert "Traceback" not in output(tmp_path, left)
    processes = start_workers(arguments, tmp_path)
    wait_for(r"going on from step \d*[05] of", tmp_path, 0)
    wait_for(r"going on from step \d*[05] of", tmp_path, 1)
    wait_for(r" \d+/100000 .*total", tmp_path, 1)
    # A signal to one of them stops both, at the same step.
    processes[1].send_signal(signal.SIGTERM)
    assert [process.wait(timeout=120) for process in processes] == [128 + signal.SIGTERM] * 2
    stopped = [
        int(re.search(r"stopped at step (\d+)", output(tmp_path, index))[1]) for index in range(2)
    ]
    assert stopped[0] == stopped[1]
    metadata = store.read_metadata(tmp_path / "workers" / f"ckpt-{stopped[0]}")
    assert metadata["step"] == stopped[0]


def test_workers_with_other_settings_are_refused(arguments, tmp_path):
    processes = start_workers(arguments, tmp_path, others=["--seed=3"])
    for index, process in enumerate(processes):
        assert process.wait(timeout=400) == 1, output(tmp_path, index)
        last = output(tmp_path, index).strip().splitlines()[-1]
        assert last.startswith("error: 1 of 2 workers have other flags"), last


def test_without_tf_config_several_workers_are_refused(arguments, tmp_path):
    process = run_script("train.py", *arguments, "--strategy=multiworker", cwd=tmp_path)
    assert_one_line_error(process, "`strategy` multiworker needs", "TF_CONFIG")
