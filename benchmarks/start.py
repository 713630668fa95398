"""Seconds from the start of eval.py to its first picture, and where they go.

python -m benchmarks.start CHECKPOINT PHOTO
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app, flags

from benchmarks import machine

flags.DEFINE_integer("rounds", 3, "Starts of each runtime.")

_STEPS = """
import time
times = [time.perf_counter()]
def step():
    times.append(time.perf_counter())
if {runtime!r} == "tensorflow":
    from fast_style import command_line
    command_line.start_tensorflow()
    import fast_style.painting.tensorflow_runtime
else:
    import fast_style.painting.openvino_runtime
step()
from fast_style import Stylizer
stylizer = Stylizer.load({prefix!r}, runtime={runtime!r})
step()
stylizer.prepare()
step()
from fast_style import images
photo = images.read({photo!r})
step()
stylizer(photo)
step()
stylizer(photo)
step()
print("figures", *(later - earlier for earlier, later in zip(times, times[1:])))
"""


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("CHECKPOINT and PHOTO are expected")
    rows = []
    found = {"openvino": [], "tensorflow": []}
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "painted.jpg")
        for _ in range(flags.FLAGS.rounds):
            for runtime, runs in found.items():
                started = time.perf_counter()
                command = [sys.executable, "eval.py", argv[2], argv[1], f"--runtime={runtime}"]
                command += ["--output", output]
                subprocess.run(command, check=True, capture_output=True)
                whole = time.perf_counter() - started
                code = _STEPS.format(runtime=runtime, prefix=argv[1], photo=argv[2])
                command = [sys.executable, "-c", code]
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                line = next(x for x in text.splitlines() if x.startswith("figures"))
                runs.append([whole, *map(float, line.split()[1:])])
    for runtime, runs in found.items():
        rows.append([runtime, *(f"{statistics.median(x):.2f}" for x in zip(*runs, strict=True))])
    print(machine.processor())
    parts = ("import", "load", "trace or compile", "decode", "first pass", "second pass")
    machine.table(("runtime", "eval.py, s", *parts), rows)


if __name__ == "__main__":
    app.run(main)
