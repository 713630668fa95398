"""Seconds per training step beside the same work in PyTorch, and the time spent waiting.

    python -m benchmarks.training_speed STYLE PHOTOS --vgg_weights=PATH [--python_with_torch=PATH]

Each size and batch is trained in turns: by this project with and without XLA and in bfloat16, and
by PyTorch (channels_last; bfloat16 by autocast) in a process of its own, from the interpreter
--python_with_torch. The photographs are first written as JPEG of 640 x 480, COCO's size; PyTorch's
are in memory from the start, which is in its favour.
"""

import os
import statistics
import sys
import tempfile

from absl import app, flags

from benchmarks import interpreters, machine, runs
from fast_style import images
from fast_style.losses.loss_settings import LossSettings
from fast_style.training.settings import TrainingSettings

flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_list("sizes", ["128", "256"], "Sides of the crops, pixels.")
flags.DEFINE_list("batch_sizes", ["4", "8"], "Crops in a step.")
flags.DEFINE_integer("steps", 10, "Measured steps of each round.")
flags.DEFINE_integer("rounds", 2, "Rounds of each variant.")
flags.DEFINE_integer("photographs", 64, "Number of photographs.")
flags.DEFINE_integer("threads", os.cpu_count(), "Threads of PyTorch; TensorFlow takes all cores.")
interpreters.define_python_with_torch(sys.executable)

WARM_UP = 3  # steps that trace, compile and fill caches
OURS = {
    "tf.function": {},
    "XLA": {"jit_compile": True},
    "tf.function, bfloat16": {"mixed_precision": True},
}
PYTORCH = ("PyTorch", "PyTorch, bfloat16")


def _measure(style, folder, size, batch, jit_compile=False, mixed_precision=False):
    """Seconds, and seconds spent waiting, of each step but the first few."""
    values = flags.FLAGS
    settings = TrainingSettings(
        steps=WARM_UP + values.steps,
        image_size=size,
        batch_size=batch,
        vgg_weights=values.vgg_weights,
        mixed_precision=mixed_precision,
        # The work that PyTorch's step does.
        losses=LossSettings(checkerboard_weight=0, loss_border=0),
    )
    seen, _ = runs.train(settings, style, folder, log_every=settings.steps, jit_compile=jit_compile)
    return [(progress.seconds, progress.waiting) for progress in seen[WARM_UP:]]


def _measure_torch(program, size, batch):
    """The same of PyTorch, which never waits; None where it can't be imported."""
    values = flags.FLAGS
    steps = WARM_UP + values.steps
    seconds = interpreters.run_child(
        values.python_with_torch,
        "benchmarks.training_speed_child",
        *(program, size, batch, steps, values.threads),
    )
    return seconds and [(value, 0.0) for value in seconds[WARM_UP:]]


def _measure_all(style, folder, size, batch):
    """Steps by program, in turns; programs that can't run are left out."""
    measured = {program: [] for program in (*OURS, *PYTORCH)}
    for _ in range(flags.FLAGS.rounds):
        for program, steps in measured.items():
            if program in OURS:
                steps += _measure(style, folder, size, batch, **OURS[program])
            else:
                steps += _measure_torch(program, size, batch) or []
    return {program: steps for program, steps in measured.items() if steps}


def main(argv):
    values = flags.FLAGS
    if len(argv) != 3:
        raise app.UsageError("STYLE and PHOTOS are expected")
    style = images.read(argv[1])
    print(machine.describe())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(images.find(argv[2])[: values.photographs]):
            photo = images.resize(images.read(path), 480, 640)
            images.save(os.path.join(folder, f"{number}.jpg"), photo)
        cases = [(s, b) for s in map(int, values.sizes) for b in map(int, values.batch_sizes)]
        for size, batch in cases:
            measured = _measure_all(style, folder, size, batch)
            medians = {
                program: statistics.median(seconds for seconds, _ in steps)
                for program, steps in measured.items()
            }
            for program, steps in measured.items():
                seconds = [seconds for seconds, _ in steps]
                # bfloat16 beside bfloat16.
                other = PYTORCH["bfloat16" in program]
                ratio = f"{medians[program] / medians[other]:.2f}" if other in medians else ""
                rows.append(
                    (
                        size,
                        batch,
                        program,
                        machine.spread(seconds),
                        f"{batch / medians[program]:.1f}",
                        ratio,
                        f"{sum(waiting for _, waiting in steps) / sum(seconds):.2%}",
                    )
                )
    header = ("crop", "batch", "step", "s/step, median (min)", "images/s", "of PyTorch's")
    machine.table((*header, "waiting"), rows)
    if not any(row[2] in PYTORCH for row in rows):
        print(interpreters.NO_TORCH)


if __name__ == "__main__":
    app.run(main)
