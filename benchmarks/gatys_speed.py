"""Seconds per step and peak memory of image optimization, beside the same work in PyTorch.

    python -m benchmarks.gatys_speed [--python_with_torch=PATH]

One step of L-BFGS on VGG-19 (average pooling, the default layers of `gatys`), random weights of the
same shapes. Each size and program runs in a process of its own, in turns. PyTorch is taken from
the interpreter --python_with_torch, which needs torch and numpy alone; without it, and where
torch can't be imported, only this project is measured. A line search may evaluate more than
once in a step: both are given, the seconds of one evaluation of loss and gradient and those of a
step. Where the time goes: the share of it that evaluations take; the rest is the optimizer's.
"""

import statistics
import sys

from absl import app, flags

from benchmarks import interpreters

flags.DEFINE_list("sizes", ["256", "512", "1024"], "Sides of the picture, pixels.")
flags.DEFINE_integer("steps", 10, "Steps in each process.")
flags.DEFINE_integer("rounds", 2, "Processes for each size and program.")
interpreters.define_python_with_torch(sys.executable)
flags.DEFINE_bool("jit_compile", False, "Measure XLA, too.")

CHILD = "benchmarks.gatys_speed_child"


def _run_child(program, size):
    """Figures of one process (dict), or None where it has no torch."""
    interpreter = flags.FLAGS.python_with_torch if program == "PyTorch" else sys.executable
    return interpreters.run_child(interpreter, CHILD, program, size, flags.FLAGS.steps)


def _median(runs, figure):
    return statistics.median(run[figure] for run in runs)


def main(argv):
    if len(argv) != 1:
        raise app.UsageError("no arguments are expected")
    values = flags.FLAGS
    from benchmarks import machine

    print(machine.describe())
    programs = ["gatys", *(["gatys, XLA"] if values.jit_compile else []), "PyTorch"]
    rows = []
    for size in values.sizes:
        found = {program: [] for program in programs}
        for _ in range(values.rounds):
            for program, runs in found.items():
                figures = _run_child(program, size)
                if figures is not None:
                    runs.append(figures)
        found = {program: runs for program, runs in found.items() if runs}
        base = _median(found.get("PyTorch", [{"step": float("nan")}]), "step")
        for program, runs in found.items():
            evaluations = [seconds for run in runs for seconds in run["evaluations"]]
            rows.append(
                (
                    size,
                    program,
                    machine.spread(evaluations),
                    f"{_median(runs, 'per step'):.2f}",
                    f"{_median(runs, 'step'):.3f}",
                    f"{_median(runs, 'step') / base:.2f}",
                    f"{_median(runs, 'share'):.0%}",
                    f"{_median(runs, 'peak'):,.0f}",
                )
            )
    machine.table(
        (
            "size",
            "program",
            "s/evaluation, median (min)",
            "evaluations/step",
            "s/step",
            "of PyTorch's",
            "in evaluations",
            "peak MiB",
        ),
        rows,
    )
    if "PyTorch" not in {row[1] for row in rows}:
        print(interpreters.NO_TORCH)


if __name__ == "__main__":
    app.run(main)
