"""What a GPU does in under four minutes: painting, a training step, a step of gatys.

    python -m benchmarks.gpu CHECKPOINT [--seconds=230]

Everything that TensorFlow runs, plain and compiled by XLA, training also in bfloat16, on one
device. Needs no photographs and no weights of VGG: those are drawn, which changes no time. Cases
that would begin after --seconds are left out, and said so. Without a GPU it measures the processor,
and says that too.
"""

import tempfile
import time

import keras
import numpy as np
from absl import app, flags

from benchmarks import gatys_speed_child, machine, runs
from fast_style import images
from fast_style.painting.stylizer import Stylizer
from fast_style.training.settings import TrainingSettings

SIZES = {"512 x 512": (512, 512), "1920 x 1080": (1080, 1920)}

flags.DEFINE_float("seconds", 230, "After so many seconds no further case begins.")
flags.DEFINE_integer("passes", 10, "Measured passes of each case.", lower_bound=1)
flags.DEFINE_integer("image_size", 256, "Side of training crops, pixels.")
flags.DEFINE_integer("batch_size", 4, "Crops in a training step.")
flags.DEFINE_integer("gatys_size", 512, "Side of the picture that gatys optimizes, pixels.")

_WARM_UP = 3  # passes or steps that trace, compile and allocate


def _paint(prefix, size, jit_compile):
    stylizer = Stylizer.load(prefix, jit_compile, "tensorflow", tile=0)
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    times = []
    for _ in range(_WARM_UP + flags.FLAGS.passes):
        began = time.perf_counter()
        stylizer(image)
        times.append(time.perf_counter() - began)
    return times[_WARM_UP:]


def _train(folder, **options):
    values = flags.FLAGS
    jit_compile = options.pop("jit_compile", False)
    settings = TrainingSettings(
        steps=_WARM_UP + values.passes,
        image_size=values.image_size,
        batch_size=values.batch_size,
        vgg_weights=f"{folder}/vgg16.weights.h5",
        **options,
    )
    painting = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    steps, _ = runs.train(settings, painting, folder, jit_compile=jit_compile)
    return [step.seconds for step in steps[_WARM_UP:]]


def _gatys(jit_compile):
    values = flags.FLAGS
    steps = _WARM_UP + values.passes
    return [gatys_speed_child.run_gatys(values.gatys_size, steps, jit_compile)["step"]]


def _prepare(folder):
    """Photographs and weights for training, drawn by chance."""
    rng = np.random.default_rng(0)
    for number in range(8):
        photo = rng.integers(0, 256, (48, 64, 3), np.uint8)
        images.save(f"{folder}/{number}.jpg", images.resize(photo, 480, 640))
    vgg = keras.applications.VGG16(include_top=False, weights=None)
    vgg.save_weights(f"{folder}/vgg16.weights.h5")


def _cases(prefix, folder):
    """dict of functions that measure, by what they do."""
    values = flags.FLAGS
    found = {}
    for jit_compile, words in ((False, ""), (True, ", XLA")):
        for name, size in SIZES.items():
            found[f"paint {name}{words}"] = lambda s=size, j=jit_compile: _paint(prefix, s, j)
        crops = f"{values.batch_size} crops of {values.image_size}"
        for mixed, also in ((False, ""), (True, ", bfloat16")):
            found[f"training step, {crops}{also}{words}"] = lambda m=mixed, j=jit_compile: _train(
                folder, mixed_precision=m, jit_compile=j
            )
        found[f"gatys step, {values.gatys_size} x {values.gatys_size}{words}"] = (
            lambda j=jit_compile: _gatys(j)
        )
    return found


def main(argv):
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    started = time.perf_counter()
    print(machine.describe(), flush=True)
    rows, left_out = [], []
    with tempfile.TemporaryDirectory() as folder:
        _prepare(folder)
        for name, measure in _cases(argv[1], folder).items():
            began = time.perf_counter()
            if began - started > flags.FLAGS.seconds:
                left_out.append(name)
                continue
            times = measure()
            rows.append((name, machine.spread(times), f"{time.perf_counter() - began:.0f}"))
            print(*rows[-1], sep="; ", flush=True)
    machine.table(("case", "s, median (min)", "s in all"), rows)
    missing = f"; left out: {', '.join(left_out)}" if left_out else ""
    print(f"{time.perf_counter() - started:.0f} s in all{missing}")


if __name__ == "__main__":
    app.run(main)
