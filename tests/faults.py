"""Kills training runs with SIGKILL at random moments and compares what they end with.

    python -m tests.faults [--runs=20] [--steps=60]

One run of train.py is left alone. Each of the others is killed while it starts, between two steps
or while it saves, and started again with the same command until it is done: first for half of the
steps, then for all. Then it replaces its network ckpt-done, and is killed there, too. Meanwhile it
is stopped once, and a second run is started in its folder.

All must end with the same weights, optimizer moments, step and position, bit for bit. After each
kill, every checkpoint must load and TensorBoard's reader must read its log; ckpt-done must be the
whole network of half the steps or of all. The second run must be refused.

Exit status: 0, or 1 if a run ended with other weights, repeated more steps than --save_every, had
a network that was neither, or let in a second run.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import contextlib
import dataclasses
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

from fast_style import images
from fast_style.checkpoints import store, tensor_bundle
from fast_style.checkpoints.styles import arrays_hash
from tests import event_logs
from tests.scripts import ROOT, command

MOMENTS = ("step", "save", "start")
_SHARES = (0.6, 0.25, 0.15)  # of the kills
REPLACING = "replace"  # the moment at which ckpt-done is replaced


@dataclasses.dataclass
class Outcome:
    """How one run went.

    Attributes:
        kills: moments at which it was killed.
        starts: processes that it took.
        repeated: for each kill, steps that were done again.
        found: for each kill while it replaced ckpt-done, the step of the network there.
        whole: whether each of these was the whole network of that step.
        refused: whether a second run in its folder was refused.
        identical: whether it ended as the run that was left alone.
    """

    kills: list = dataclasses.field(default_factory=list)
    starts: int = 0
    repeated: list = dataclasses.field(default_factory=list)
    found: list = dataclasses.field(default_factory=list)
    whole: bool = True
    refused: bool = False
    identical: bool = False


class Run:
    """One training run in a folder of its own, killed and started again.

    Args:
        arguments: of train.py, all but --checkpoint_dir and --steps.
        folder: where its checkpoints go; made if missing.
        steps: that it takes; may be changed.
    """

    def __init__(self, arguments, folder, steps):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.steps = steps
        self._arguments = [*arguments, f"--checkpoint_dir={folder}"]
        self._step = 0
        self._process = None

    def start(self):
        """Starts a process of the run, and a thread that follows its progress bar."""
        self._step = 0
        self._text = []
        self._process = self._open(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    def _open(self, **options):
        return subprocess.Popen(
            command("train.py", *self._arguments, f"--steps={self.steps}"),
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            text=True,
            **options,
        )

    def second_is_refused(self):
        """Starts a second run while this one stands still in a step; whether it is refused."""
        self._first()
        self._process.send_signal(signal.SIGSTOP)
        try:
            second = self._open(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            _, text = second.communicate(timeout=600)
        finally:
            self._process.send_signal(signal.SIGCONT)
        last = text.strip().splitlines()[-1]
        return second.returncode == 1 and re.match("error: .*another run", last) is not None

    def done(self):
        """The step of the network ckpt-done, and the hash of its weights.

        Raises:
            FileNotFoundError, ValueError: it is missing or damaged.
        """
        _, arrays, metadata = tensor_bundle.load(self.folder / "ckpt-done")
        return metadata["step"], arrays_hash(arrays)

    def finish(self):
        """Waits for the end; raises `RuntimeError` unless the run ended well."""
        status = self._process.wait()
        self._reader.join()
        if status:
            raise RuntimeError(f"exit status {status}: {''.join(self._text)[-500:]}")

    def kill(self, moment, rng, seconds):
        """Kills the process at a moment of `MOMENTS`.

        Args:
            moment: "start", while it starts; "step", at some step; "save", while it saves;
                `REPLACING`, while it replaces ckpt-done.
            rng: `numpy.random.Generator`.
            seconds: that a start takes.

        Returns:
            bool: False where the run was done before.
        """
        if moment == "start":
            self._wait(lambda: False, rng.uniform(0, seconds))
        elif moment == REPLACING:
            before = set(self._names())
            self._wait(lambda: self._replaces(before), step=2e-4)
            time.sleep(rng.uniform(0, 0.04))
        else:
            first = self._first()
            target = rng.integers(first, max(self.steps - 2, first) + 1)
            self._wait(lambda: self._step >= target)
            before = set(os.listdir(self.folder))
            if moment == "save":
                self._wait(lambda: any("ckpt" in name for name in self._new(before)), step=0.0005)
                time.sleep(rng.uniform(0, 0.03))
            else:
                time.sleep(rng.uniform(0, 0.15))
        self._process.kill()
        done = self._process.wait() == 0
        self._reader.join()
        return not done

    def _first(self):
        """The step with which this process began, as soon as it shows one."""
        self._wait(lambda: self._step > 0)
        return self._step

    def _replaces(self, before):
        """Whether ckpt-done is being written, or takes its place, in a folder that is new."""
        for name in self._new(before):
            if name.startswith("."):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    if any(file.startswith("ckpt-done") for file in os.listdir(self.folder / name)):
                        return True
        return False

    def _names(self):
        return os.listdir(self.folder)

    def _new(self, before):
        return set(self._names()) - before

    def _wait(self, condition, limit=float("inf"), step=0.01):
        """Waits for a condition, the end of the process or so many seconds."""
        end = time.monotonic() + limit
        while not condition() and time.monotonic() < end and self._process.poll() is None:
            time.sleep(step)

    def _follow(self):
        while text := self._process.stderr.read(16):
            self._text.append(text)
            shown = re.findall(rf" (\d+)/{self.steps} ", "".join(self._text[-20:]))
            # The bar begins with the step from which the run goes on, before that is done.
            self._step = max([self._step, *map(int, shown)])

    def check_readable(self):
        """Loads each checkpoint and reads the log as TensorBoard does.

        Returns:
            int, the newest checkpoint's step, 0 where there is none.
        """
        # Those that are not in place yet count: a run goes on from them.
        found = map(re.compile(r"(ckpt-\d+)\.index|\.(ckpt-\d+)\.new").fullmatch, self._names())
        names = {match[1] or match[2] for match in found if match}
        steps = [store.load_network(self.folder / name)[1]["step"] for name in names]
        self.logged()
        return max([0, *steps])

    def logged(self):
        """Steps in each log, in the order in which they were begun: a list of lists."""
        return [
            [step for step, _ in event_logs.scalars(path)] for path in event_logs.logs(self.folder)
        ]

    def state(self):
        """All that its last checkpoint holds, as bytes by name."""
        reader = tf.train.load_checkpoint(str(self.folder / f"ckpt-{self.steps}"))
        names = reader.get_variable_to_shape_map()
        # How often it was saved is no part of the result; the graph of objects holds no values.
        names = [name for name in names if "save_counter" not in name and "CHECKPOINT" not in name]
        return {name: np.asarray(reader.get_tensor(name)).tobytes() for name in sorted(names)}


def kill_until_done(run, rng, seconds, kills, outcome):
    """Starts a run, kills it `kills` times and lets it end.

    Args:
        run: a `Run`.
        rng: `numpy.random.Generator`, of the moments.
        seconds: that a start takes.
        kills: int, how often; fewer where the run is done before.
        outcome: `Outcome`, to which is added.
    """
    for _ in range(kills):
        moment = str(rng.choice(MOMENTS, p=_SHARES))
        if not kill_once(run, rng, seconds, moment, outcome):
            return
    run.start()
    outcome.starts += 1
    run.finish()


def kill_once(run, rng, seconds, moment, outcome, second=False):
    """Starts a run and kills it at a moment; False if it was done before.

    Args:
        run, rng, seconds, outcome: as of `kill_until_done`.
        moment: as of `Run.kill`.
        second: bool, whether a second run is started in its folder before.
    """
    run.start()
    outcome.starts += 1
    if second:
        outcome.refused = run.second_is_refused()
    if not run.kill(moment, rng, seconds):
        return False
    outcome.kills.append(moment)
    saved = run.check_readable()
    reached = max([saved, *(step for log in run.logged()[-1:] for step in log)])
    outcome.repeated.append(reached - saved)
    return True


def kill_while_replacing(run, rng, kills, outcome, expected):
    """Kills a run while it replaces ckpt-done, and lets it end.

    Args:
        run, rng, kills, outcome: as of `kill_until_done`.
        expected: what `Run.done` may return.
    """
    for _ in range(kills):
        if kill_once(run, rng, 0, REPLACING, outcome):
            found = run.done()
            outcome.found.append(found[0])
            outcome.whole &= found in expected
    run.start()
    outcome.starts += 1
    run.finish()


def kill_runs(folder, vgg_weights, runs, steps, save_every, width, image_size=64, seed=0):
    """Leaves one run alone and kills the others.

    Args:
        folder: path, for photographs and checkpoints.
        vgg_weights: path of a weights file of VGG-16.
        runs: number of runs that are killed.
        steps, save_every, width, image_size: of each run, as train.py's flags.
        seed: of the moments.

    Yields:
        `Outcome` of each run.
    """
    folder = pathlib.Path(folder)
    rng = np.random.default_rng(seed)
    for number in range(6):
        coarse = rng.integers(0, 256, (9, 12, 3), np.uint8)
        images.save(folder / "photos" / f"{number}.jpg", images.resize(coarse, 90, 120))
    style = folder / "style.png"
    images.save(style, images.resize(rng.integers(0, 256, (8, 8, 3), np.uint8), 64, 64))
    arguments = [
        style,
        folder / "photos",
        f"--vgg_weights={vgg_weights}",
        f"--save_every={save_every}",
        f"--width={width}",
        f"--image_size={image_size}",
        "--residual_blocks=1",
        "--content_layers=block2_conv1",  # enough for a loss, and soon ready
        "--style_layers=block1_conv1,block2_conv1",
        "--batch_size=2",
        "--log_every=1",
        "--validation_images=",
    ]
    whole = Run(arguments, folder / "whole", steps // 2)
    began = time.monotonic()
    whole.start()
    whole._first()
    seconds = time.monotonic() - began
    whole.finish()
    networks = [whole.done()]
    whole.steps = steps
    whole.start()
    whole.finish()
    networks.append(whole.done())
    expected = whole.state()
    for number in range(runs):
        run = Run(arguments, folder / f"killed-{number}", steps // 2)
        outcome = Outcome()
        kill_until_done(run, rng, seconds, int(rng.integers(1, 3)), outcome)
        run.steps = steps
        kill_once(run, rng, seconds, "step", outcome, second=True)
        kill_while_replacing(run, rng, int(rng.integers(1, 3)), outcome, networks)
        outcome.whole &= run.done() == networks[-1]
        outcome.identical = run.state() == expected
        run.check_readable()
        yield outcome


def main(argv):
    values = flags.FLAGS
    if len(argv) != 1:
        raise app.UsageError("no arguments are expected")
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        options = (values.runs, values.steps, values.save_every, values.width)
        for outcome in kill_runs(
            folder, values.vgg_weights, *options, values.image_size, values.seed
        ):
            outcomes.append(outcome)
            print(
                f"run {len(outcomes)}: killed {len(outcome.kills)} times "
                f"({', '.join(outcome.kills)}), {outcome.starts} starts, steps repeated "
                f"{outcome.repeated}, {'identical' if outcome.identical else 'DIFFERENT'}; "
                f"ckpt-done after kills of step {outcome.found}, "
                f"{'whole' if outcome.whole else 'DAMAGED'}; "
                f"second run {'refused' if outcome.refused else 'LET IN'}",
                flush=True,
            )
    kills = sum(len(outcome.kills) for outcome in outcomes)
    repeated = [steps for outcome in outcomes for steps in outcome.repeated]
    identical = sum(outcome.identical for outcome in outcomes)
    print(
        f"{len(outcomes)} runs, {kills} kills, {sum(o.starts for o in outcomes)} starts, "
        f"{sum(repeated)} steps repeated (at most {max(repeated, default=0)} after a kill, "
        f"saved every {values.save_every}); {identical} identical to the uninterrupted run; "
        f"ckpt-done whole after {sum(len(o.found) for o in outcomes)} kills while it was replaced "
        f"in {sum(o.whole for o in outcomes)} runs; second run refused in "
        f"{sum(o.refused for o in outcomes)}"
    )
    good = all(o.identical and o.whole and o.refused for o in outcomes)
    return int(not good or max(repeated, default=0) > values.save_every)


if __name__ == "__main__":
    flags.DEFINE_string("vgg_weights", None, "Path of a Keras weights file of VGG-16.")
    flags.mark_flag_as_required("vgg_weights")
    flags.DEFINE_integer("runs", 20, "Runs that are killed.")
    flags.DEFINE_integer("steps", 60, "Steps of each run.")
    flags.DEFINE_integer("save_every", 10, "Steps between checkpoints.")
    flags.DEFINE_integer("image_size", 64, "Side of the crops, pixels.")
    flags.DEFINE_integer("width", 8, "Channels of the network's first convolution.")
    flags.DEFINE_integer("seed", 0, "Seed of the moments.")
    sys.exit(app.run(main))
