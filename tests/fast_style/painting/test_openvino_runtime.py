"""OpenVINO's memory and threads; its pictures are compared in test_runtimes and test_bands."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fast_style import Stylizer
from fast_style.machine import resources
from fast_style.networks.architecture import Architecture
from fast_style.painting import bands, openvino_graph, openvino_runtime, runtimes
from fast_style.painting.segments import segments
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
    made, model = [], openvino_graph.segment_model
    monkeypatch.setattr(openvino_graph, "segment_model", lambda *a: made.append(a) or model(*a))
    stylizer = Stylizer.load(prefix, runtime="openvino", tile=16)
    barrier = threading.Barrier(3)
    whole = bands._Pass.run

    def together(*arguments):  # so that the threads take turns
        barrier.wait(60)
        whole(*arguments)

    monkeypatch.setattr(bands._Pass, "run", together)
    threads = [
        threading.Thread(target=stylizer, args=(photo(64, 20, seed=seed),)) for seed in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3 * len(segments(Architecture(width=4, residual_blocks=1)))


def test_threads_keep_to_the_control_group(prefix, monkeypatch):
    asked = []

    class Core:
        def compile_model(self, model, device, options):
            asked.append(options.get("INFERENCE_NUM_THREADS"))
            return np  # anything

    monkeypatch.setattr(openvino_runtime.ov, "Core", Core)
    monkeypatch.setattr(openvino_runtime, "_CORE", None)
    for limit in (3, None):
        monkeypatch.setattr(resources, "thread_limit", lambda limit=limit: limit)
        openvino_runtime._compile(None)
    assert asked == [3, None]
