"""OpenVINO's memory and threads; its pictures are compared in test_runtimes and test_bands."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fast_style import Stylizer
from fast_style.checkpoints import store
from fast_style.networks.architecture import Architecture
from fast_style.painting import bands, openvino_devices, openvino_graph, runtimes
from fast_style.painting.segments import segments
from tests.checks import make_painter
from tests.conftest import ROOT

# Paints an image at once, then as --tile=auto, where an allocation of 768 MB fails.
CHILD = """
import resource, sys
import numpy as np
from fast_style import Stylizer
from fast_style.errors import OutOfMemory
from fast_style.machine import resources

image = np.random.default_rng(0).integers(0, 256, (3000, 2000, 3), np.uint8)
stylizer = Stylizer.load(sys.argv[1], runtime="openvino", tile=0)
stylizer(image[:64])
stylizer.tile = 64
stylizer(image[:200])  # with the threads that bands need
stylizer.tile = 0
held = sum(int(line.split()[1]) for line in open("/proc/self/status") if "VmSize" in line)
resource.setrlimit(resource.RLIMIT_AS, (1024 * held + 600 * 2**20,) * 2)
resources.available_memory = lambda: 2**40  # the estimate knows nothing of this limit
try:
    stylizer(image)
except OutOfMemory as error:
    print("refused", error)
stylizer.tile = None
print("painted", stylizer(image).shape)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_an_allocation_that_fails_is_one_error_and_bands_are_tried():
    command = [sys.executable, "-c", CHILD, str(ROOT / "checkpoints" / "ckpt-done")]
    # Each arena of glibc takes 64 MiB of addresses, which the limit counts.
    environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("refused") and "2000 x 3000" in first
    assert second == "painted (3000, 2000, 3)"


def test_any_other_error_stays_what_it_is(prefix, monkeypatch):
    def fail(*_):
        raise RuntimeError("Exception from src/somewhere.cpp:1:\na bug")

    monkeypatch.setattr(openvino_graph, "whole", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        runtimes.load(prefix, "openvino")[0].prepare()


def test_threads_that_paint_in_bands_compile_each_segment_once(prefix, photo, monkeypatch):
    made, compile_model = [], openvino_devices.compile_model
    monkeypatch.setattr(
        openvino_devices, "compile_model", lambda *a: made.append(a) or compile_model(*a)
    )
    stylizer = Stylizer.load(prefix, runtime="openvino", tile=16)
    barrier = threading.Barrier(3)
    whole = bands._Pass.run

    def together(*arguments):  # so that the threads take turns
        barrier.wait(60)
        whole(*arguments)

    monkeypatch.setattr(bands._Pass, "run", together)
    found = {}

    def paint(seed):
        found[seed] = stylizer(photo(64, 20, seed=seed))

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3 * len(segments(Architecture(width=4, residual_blocks=1)))
    monkeypatch.undo()
    for seed, painted in found.items():
        np.testing.assert_array_equal(painted, stylizer(photo(64, 20, seed=seed)))
    assert not np.array_equal(found[0], found[1])


def test_residual_blocks_share_two_models(tmp_path, photo, monkeypatch):
    store.save_network(make_painter(residual_blocks=4), tmp_path / "ckpt", {})
    made, compile_model = [], openvino_devices.compile_model
    monkeypatch.setattr(
        openvino_devices, "compile_model", lambda *a: made.append(a) or compile_model(*a)
    )
    stylizer = Stylizer.load(tmp_path / "ckpt", runtime="openvino", tile=16)
    stylizer(photo(64, 20))
    # The first block has no running sum.
    assert len(made) == len(Architecture(residual_blocks=0).convolutions) + 3
