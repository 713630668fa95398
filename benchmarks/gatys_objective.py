"""How far the network's pictures are from what optimization reaches: Johnson et al. 2016, figure 5.

    python -m benchmarks.gatys_objective CHECKPOINT STYLE PHOTO [PHOTO ...] [--vgg_weights=PATH]

For each photograph: the total loss of the photograph, of the network's picture, and of L-BFGS from
white noise and from the photograph after so many steps, all with the loss settings that the
network was trained with. Then the steps and the time to the network's loss, and the time of
all steps over that of one forward pass (the paper: 1060x, 1026x, 1042x for 500 steps at 256, 512,
1024 pixels). The chart needs matplotlib.
"""

import os
import statistics
import time

import numpy as np
import tqdm
from absl import app, flags

from benchmarks import machine, trained_losses
from fast_style import images
from fast_style.painting.stylizer import Stylizer
from gatys.objective import Objective, batch
from gatys.optimizers import WHITE, Lbfgs
from gatys.painting import NOISE

flags.DEFINE_string("style", None, "Which style of a network of several.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_list("sizes", ["256"], "Long sides of the photographs, pixels.")
flags.DEFINE_list("steps", ["10", "25", "50", "100", "200", "500"], "Steps that are shown.")
flags.DEFINE_integer("passes", 5, "Measured forward passes of the network.")
flags.DEFINE_integer("seed", 0, "Seed of the noise.")
flags.DEFINE_enum(
    "noise",
    "uniform",
    ("uniform", "weak"),
    f"White noise over 0..255, or about mid-grey with the standard deviation {NOISE:g} of gatys.",
)
flags.DEFINE_string("chart", "generated/objective.png", "Where the chart goes; empty for none.")

STARTS = ("noise", "content")


class Curve:
    """Total loss after each step of L-BFGS, and the seconds up to it.

    The first entry is the start.
    """

    def __init__(self, objective, start, steps):
        objective(start)  # traces
        self.totals, self.seconds = [objective(start)[1]["total"]], [0.0]
        began = time.perf_counter()

        def report(_, losses):
            self.totals.append(losses["total"])
            self.seconds.append(time.perf_counter() - began)
            return False

        Lbfgs().minimize(objective, start, steps, report)

    def at(self, step):
        """The loss after `step` steps, or where it ended before."""
        return self.totals[min(step, len(self.totals) - 1)]

    def steps_to(self, total):
        """Number of steps until the loss is no higher, or None."""
        reached = [step for step, value in enumerate(self.totals) if value <= total]
        return reached[0] if reached else None

    @property
    def per_step(self):
        return self.seconds[-1] / max(1, len(self.seconds) - 1)


def _seconds_of(stylizer, photo):
    stylizer(photo)
    times = []
    for _ in range(flags.FLAGS.passes):
        began = time.perf_counter()
        stylizer(photo)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _measure(stylizer, loss, photo, steps):
    """Losses and seconds of one photograph: dict."""
    content = batch(photo)
    objective = Objective(loss, content)
    rng = np.random.default_rng(flags.FLAGS.seed)
    if flags.FLAGS.noise == "uniform":
        noise = rng.uniform(0, WHITE, content.shape)
    else:
        noise = rng.normal(WHITE / 2, NOISE, content.shape).clip(0, WHITE)
    starts = {"noise": noise.astype(np.float32), "content": content.numpy()}
    return {
        "photograph": objective(content)[1]["total"],
        "network": objective(batch(stylizer(photo)))[1]["total"],
        "network seconds": _seconds_of(stylizer, photo),
        **{name: Curve(objective, start, steps) for name, start in starts.items()},
    }


def _row(name, size, result, shown):
    network = result["network"]
    cells = [name, size, f"{result['photograph']:.3g}", f"{network:.3g}"]
    for start in STARTS:
        curve = result[start]
        cells += [f"{curve.at(step):.3g}" for step in shown]
        reached = curve.steps_to(network)
        if reached is None:
            cells += [f"> {len(curve.totals) - 1}", "", ""]
        else:
            seconds = curve.seconds[reached]
            cells += [
                reached,
                f"{seconds:.1f}",
                f"{seconds / result['network seconds']:.0f}x",
            ]
    return cells


def _speed_row(size, results, steps):
    network = statistics.median(result["network seconds"] for result in results)
    step = statistics.median(result["noise"].per_step for result in results)
    return [
        size,
        f"{network:.3f}",
        f"{step:.3f}",
        f"{steps * step:.1f}",
        f"{steps * step / network:.0f}x",
    ]


def _draw(pyplot, path, results):
    """The chart: mean over the photographs of one size, relative to the photographs' own loss."""
    figure, panels = pyplot.subplots(
        1, len(results), figsize=(5.5 * len(results), 4), squeeze=False, layout="constrained"
    )
    for panel, (size, measured) in zip(panels[0], results.items(), strict=True):
        base = [result["photograph"] for result in measured]
        for start, label in (("noise", "from white noise"), ("content", "from the photograph")):
            steps = range(max(len(result[start].totals) for result in measured))
            shares = [
                np.mean([r[start].at(step) / b for r, b in zip(measured, base, strict=True)])
                for step in steps
            ]
            panel.plot(steps, shares, label=f"L-BFGS {label}")
        network = np.mean([r["network"] / b for r, b in zip(measured, base, strict=True)])
        panel.axhline(network, color="black", linestyle="--", label="network, one pass")
        panel.axhline(1, color="grey", linestyle=":", label="photograph")
        panel.set(title=f"{size} pixels", xlabel="steps", yscale="log")
        panel.set_ylabel("total loss / the photograph's")
    panels[0][0].legend()
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"chart: {path}")


def main(argv):
    if len(argv) < 4:
        raise app.UsageError("CHECKPOINT, STYLE and at least one PHOTO are expected")
    values = flags.FLAGS
    pyplot = machine.pyplot() if values.chart else None
    _, prefix, style, *photos = argv
    shown = sorted(map(int, values.steps))
    stylizer = Stylizer.load(prefix, style=flags.FLAGS.style)
    loss = trained_losses.load(stylizer.metadata, style, values.vgg_weights, values.style)
    print(machine.describe())
    results = {}
    with tqdm.tqdm(total=len(values.sizes) * len(photos), unit="photograph") as bar:
        for size in map(int, values.sizes):
            results[size] = []
            for path in photos:
                photo = images.fit(images.read(path), size)
                results[size].append(_measure(stylizer, loss, photo, shown[-1]))
                bar.update()
    rows = [
        _row(os.path.basename(path), size, result, shown)
        for size, measured in results.items()
        for path, result in zip(photos, measured, strict=True)
    ]
    reached = ("steps to network's", "s", "of a pass")
    machine.table(
        (
            *("photograph", "size", "its loss", "network"),
            *(f"noise, {step}" for step in shown),
            *reached,
            *(f"content, {step}" for step in shown),
            *reached,
        ),
        rows,
    )
    print()
    machine.table(
        ("size", "network, s", "L-BFGS, s/step", f"{shown[-1]} steps, s", "speed-up"),
        [_speed_row(size, measured, shown[-1]) for size, measured in results.items()],
    )
    if values.chart:
        _draw(pyplot, values.chart, results)


if __name__ == "__main__":
    app.run(main)
