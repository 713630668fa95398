"""Photographs per second of bulk painting beside eval.py, and its memory over many photographs.

    python -m benchmarks.bulk CHECKPOINT [PHOTOS] [--threads=1,2] [--memory_count=2000]

Both paint the same folder on this machine, in turns. "steady" is between the first result and the
last, without starting; without PHOTOS, a folder, photographs are made of noise. Memory is what the
driver and the painting processes hold together (proportional set size), at a tenth of the
photographs and later.
"""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import psutil
from absl import app, flags

from benchmarks import machine
from fast_style import images

flags.DEFINE_integer("count", 100, "Photographs; 0: speed is not measured.")
flags.DEFINE_string("size", "592x424", "WIDTHxHEIGHT of those that are made, pixels.")
flags.DEFINE_integer("rounds", 3, "Rounds of both.")
flags.DEFINE_list("threads", ["1"], "Values of --threads.")
flags.DEFINE_integer("memory_count", 0, "Photographs over which memory is watched; 0: none.")
flags.DEFINE_string("memory_size", "96x72", "WIDTHxHEIGHT of these, pixels.")

_SHARES = (0.1, 0.25, 0.5, 0.75, 0.98)  # of the photographs, at which memory is read


def _make(folder, count, size, given=None):
    width, height = map(int, size.split("x"))
    rng = np.random.default_rng(0)
    found = images.find(given) if given else []
    for number in range(count):
        path = os.path.join(folder, f"{number:06}.jpg")
        if found:
            shutil.copy(found[number % len(found)], path)
        else:
            coarse = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
            images.save(path, images.resize(coarse, height, width))


def _steady(folder):
    """Results per second between the first and the last."""
    times = sorted(path.stat().st_mtime for path in pathlib.Path(folder).glob("*.jpg"))
    return (len(times) - 1) / (times[-1] - times[0])


def _speed(command, folder, count):
    """Images per second of the whole program, and between the first and the last result."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    steady = _steady(folder)
    shutil.rmtree(folder)
    return count / seconds, steady


def _commands(photos, checkpoint, out):
    threads = flags.FLAGS.threads
    yield "eval.py", [sys.executable, "eval.py", photos, checkpoint, f"--output={out}"]
    for count in threads:
        bulk = [sys.executable, "-m", "fast_style.bulk", photos, out, checkpoint]
        yield f"bulk, --threads={count}", [*bulk, f"--threads={count}"]


def _compare(photos, checkpoint, out):
    found = {}
    for _ in range(flags.FLAGS.rounds):
        for name, command in _commands(photos, checkpoint, out):
            found.setdefault(name, []).append(_speed(command, out, flags.FLAGS.count))
    rows, base = [], None
    for name, speeds in found.items():
        whole, steady = (statistics.median(values) for values in zip(*speeds, strict=True))
        base = base or (whole, steady)
        ratios = (f"{whole / base[0]:.2f}", f"{steady / base[1]:.2f}")
        rows.append((name, f"{whole:.2f}", ratios[0], f"{steady:.2f}", ratios[1]))
    header = ("program", "images/s", "of eval.py's", "images/s, steady", "of eval.py's")
    machine.table(header, rows)


def _memory(processes):
    """MiB that processes hold, the parts they share counted once."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def _paints(process):
    """Whether it is one of Ray's processes that paint."""
    try:
        return "_Process" in "".join(process.cmdline())
    except psutil.Error:
        return False


def _watch(photos, checkpoint, out, count):
    command = [sys.executable, "-m", "fast_style.bulk", photos, out, checkpoint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        driver, rows = psutil.Process(process.pid), []
        for share in _SHARES:
            there = 0
            while process.poll() is None and there < share * count:
                time.sleep(0.2)
                there = len(os.listdir(out)) if os.path.isdir(out) else 0
            painting = [child for child in driver.children(recursive=True) if _paints(child)]
            rows.append((there, f"{_memory([driver]):,.0f}", f"{_memory(painting):,.0f}"))
        text, _ = process.communicate()
    machine.table(("results", "driver, MiB", "painting processes, MiB"), rows)
    print(re.sub(r"; manifest: .*", "", text.strip()))


def main(argv):
    if len(argv) not in (2, 3):
        raise app.UsageError("CHECKPOINT is expected, and at most one folder")
    machine.check_installed("ray")
    values = flags.FLAGS
    print(machine.processor())
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        if values.count:
            photos = os.path.join(folder, "photos")
            os.mkdir(photos)
            _make(photos, values.count, values.size, argv[2] if len(argv) == 3 else None)
            _compare(photos, argv[1], out)
        if values.memory_count:
            small = os.path.join(folder, "small")
            os.mkdir(small)
            _make(small, values.memory_count, values.memory_size)
            _watch(small, argv[1], out, values.memory_count)


if __name__ == "__main__":
    app.run(main)
