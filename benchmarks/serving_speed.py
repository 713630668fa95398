"""A SavedModel from disk beside eval.py's runtime: one image, a batch of one, in turns.

    python -m benchmarks.serving_speed SAVEDMODEL CHECKPOINT

SAVEDMODEL is a version that `fast_style.export` wrote, CHECKPOINT the network it was made of.
"""

import statistics
import time

import numpy as np
from absl import app, flags

flags.DEFINE_integer("size", 512, "Side of the image, pixels.")
flags.DEFINE_integer("passes", 7, "Measured passes of each.")


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("SAVEDMODEL and CHECKPOINT are expected")
    import tensorflow as tf

    from benchmarks import machine
    from fast_style.painting.stylizer import Stylizer

    size = flags.FLAGS.size
    coarse = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    image = tf.cast(tf.image.resize(coarse, (size, size)), tf.uint8).numpy()
    jpeg = tf.io.encode_jpeg(image, quality=95)
    stylizer = Stylizer.load(argv[2], runtime="tensorflow")
    signatures = tf.saved_model.load(argv[1]).signatures
    pixels, files = signatures["pixels"], signatures["serving_default"]
    variants = {
        "eval.py (Stylizer)": lambda: stylizer(image),
        "SavedModel, pixels": lambda: pixels(pixels=tf.constant(image[None]))["stylized"].numpy(),
        "SavedModel, JPEG to JPEG": lambda: files(image_bytes=jpeg[None])["stylized_bytes"].numpy(),
    }
    seconds = {name: [] for name in variants}
    for turn in range(1 + flags.FLAGS.passes):
        for name, run in variants.items():
            started = time.perf_counter()
            run()
            if turn:  # the first pass sets up
                seconds[name].append(time.perf_counter() - started)
    print(machine.describe())
    base = statistics.median(seconds["eval.py (Stylizer)"])
    machine.table(
        (f"{size} x {size}", "s, median (min)", "of eval.py"),
        [
            (name, machine.spread(values), f"{statistics.median(values) / base:.2f}")
            for name, values in seconds.items()
        ],
    )


if __name__ == "__main__":
    app.run(main)
