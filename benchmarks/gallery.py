"""How well a network of several styles paints each of them.

    python -m benchmarks.gallery CHECKPOINT PAINTINGS PHOTO [PHOTO ...] [--vgg_weights=PATH]

PAINTINGS is the folder of the paintings, each named as its style. For each style, by the losses
that the network was trained with, over the photographs: the share of the style loss that is left at
--share_size, the weave there (what repeats with the network's grid, of 255), and how many steps of
L-BFGS from white noise one pass is worth at --steps_size (Johnson et al. 2016, figure 5).
"""

import statistics

import numpy as np
import tqdm
from absl import app, flags

from benchmarks import machine, trained_losses
from fast_style import images
from fast_style.checkpoints import store
from fast_style.checkpoints.styles import style_names
from fast_style.painting.sheet import find_paintings
from fast_style.painting.stylizer import Stylizer
from gatys.objective import Objective, batch
from gatys.optimizers import WHITE, Lbfgs

flags.DEFINE_list("styles", None, "Styles that are measured; all by default.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer("share_size", 512, "Long side of the photographs for the share, pixels.")
flags.DEFINE_integer("steps_size", 256, "Long side of the photographs for the steps, pixels.")
flags.DEFINE_integer("most_steps", 100, "Steps after which optimization ends; 0: not measured.")
flags.DEFINE_integer("seed", 0, "Seed of the noise.")


def _share(stylizer, loss, photo):
    """Of a painted photograph: style loss over the photograph's, content loss, and weave."""
    painted = stylizer(photo)
    (_, before), (_, after) = trained_losses.compare(loss, photo, painted)
    share = float(after["style"]) / float(before["style"])
    return share, float(after["content"]), trained_losses.weave(painted)


def _steps(stylizer, loss, photo):
    """Steps of L-BFGS from white noise until the loss is that of the network's picture."""
    content = batch(photo)
    objective = Objective(loss, content)
    network = objective(batch(stylizer(photo)))[1]["total"]
    noise = np.random.default_rng(flags.FLAGS.seed).uniform(0, WHITE, content.shape)
    done = 0

    def report(_, losses):
        nonlocal done
        done += 1
        return losses["total"] <= network

    Lbfgs().minimize(objective, noise.astype(np.float32), flags.FLAGS.most_steps, report)
    return done


def main(argv):
    if len(argv) < 4:
        raise app.UsageError("CHECKPOINT, PAINTINGS and at least one PHOTO are expected")
    values = flags.FLAGS
    _, prefix, folder, *photos = argv
    known = style_names(store.read_metadata(prefix))
    names = values.styles or known
    paintings = find_paintings(folder)
    if missing := [name for name in names if name not in paintings]:
        raise app.UsageError(f"{folder}: no painting is called {missing[0]}")
    print(machine.describe())
    rows = []
    for name in tqdm.tqdm(names, unit="style"):
        stylizer = Stylizer.load(prefix, style=name if len(known) > 1 else None)
        loss = trained_losses.load(stylizer.metadata, paintings[name], values.vgg_weights, name)
        read = [images.read(path) for path in photos]
        shares, contents, weaves = zip(
            *(_share(stylizer, loss, images.fit(photo, values.share_size)) for photo in read),
            strict=True,
        )
        row = [name, f"{statistics.mean(shares):.1%}", f"{max(shares):.1%}"]
        row += [f"{statistics.mean(contents):.3g}", f"{statistics.mean(weaves):.1f}"]
        if values.most_steps:
            steps = [_steps(stylizer, loss, images.fit(p, values.steps_size)) for p in read]
            row += [f"{statistics.mean(steps):.0f}", min(steps)]
        rows.append(row)
    header = ["style", "share of style, mean", "worst", "content", "weave"]
    machine.table(header + ["steps, mean", "least"] * bool(values.most_steps), rows)


if __name__ == "__main__":
    app.run(main)
