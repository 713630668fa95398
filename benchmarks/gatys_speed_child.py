"""One process of `benchmarks.gatys_speed`: PROGRAM SIZE STEPS; prints its figures as JSON."""

import json
import sys
import time

import numpy as np

from benchmarks import machine

CONTENT = (4, 2)
STYLE = ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1))
WARM_UP = 3  # evaluations that are not measured: they trace and allocate


class Clock:
    """Seconds of each evaluation of loss and gradient, and of the whole run but its start."""

    def __init__(self):
        self.evaluations = []
        self._began = None

    def timed(self, function, *arguments):
        began = time.perf_counter()
        result = function(*arguments)
        self.evaluations.append(time.perf_counter() - began)
        if len(self.evaluations) == WARM_UP:
            self._began = time.perf_counter()
        return result

    def figures(self, steps):
        """What is reported of a run of so many steps."""
        seconds = time.perf_counter() - self._began
        measured = self.evaluations[WARM_UP:]
        per_step = len(self.evaluations) / steps
        return {
            "evaluations": measured,
            "per step": per_step,
            "step": per_step * seconds / len(measured),
            "share": sum(measured) / seconds,
            "peak": machine.peak_memory(),
        }


def _images(size):
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 255, (1, size, size, 3)).astype(np.float32) for _ in range(3))


def run_gatys(size, steps, jit_compile):
    import tempfile

    import keras

    from fast_style.losses.loss_network import LossNetwork
    from fast_style.losses.perceptual import PerceptualLoss
    from gatys.objective import Objective
    from gatys.optimizers import Lbfgs
    from gatys.settings import Settings

    content, style, start = _images(size)
    settings = Settings(style_reduction="sum")  # as in run_torch
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vgg19.weights.h5"
        keras.applications.VGG19(include_top=False, weights=None).save_weights(path)
        network = LossNetwork(
            (*settings.content_layers, *settings.style_layers), "vgg19", path, settings.pooling
        )
    losses = settings.losses({settings.content_layers[0]: (size // 8) ** 2 * 512 / 2}, size * size)
    objective = Objective(PerceptualLoss(network, style, losses), content, jit_compile)
    clock, done = Clock(), []

    class Timed:
        shape = objective.shape

        def __call__(self, image):
            return clock.timed(objective, image)

    Lbfgs().minimize(Timed(), start, steps, lambda *_: done.append(True))
    return clock.figures(len(done))


def run_torch(size, steps):
    import torch
    from torch.nn import functional

    from benchmarks.torch_networks import VGG19, Vgg, gram

    features = Vgg(VGG19, (CONTENT, *STYLE), functional.avg_pool2d)
    content, style, start = (torch.tensor(image).permute(0, 3, 1, 2) for image in _images(size))
    with torch.no_grad():
        target = features(content)[CONTENT]
        grams = {name: gram(x) for name, x in features(style).items() if name in STYLE}
    picture = start.contiguous().requires_grad_(True)
    # As the module's own: ten corrections, a line search that keeps the Wolfe conditions.
    optimizer = torch.optim.LBFGS(
        [picture],
        max_iter=steps,
        max_eval=100 * steps,
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )
    clock = Clock()

    def evaluate():
        optimizer.zero_grad()
        found = features(picture)
        loss = 2e-4 * 0.5 * (found[CONTENT] - target).square().sum()
        for name in STYLE:
            loss = loss + 0.25 / len(STYLE) * (gram(found[name]) - grams[name]).square().sum()
        loss.backward()
        return loss

    optimizer.step(lambda: clock.timed(evaluate))
    return clock.figures(optimizer.state[picture]["n_iter"])


def main():
    program, size, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if program == "PyTorch":
        figures = run_torch(size, steps)
    else:
        figures = run_gatys(size, steps, program.endswith("XLA"))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
