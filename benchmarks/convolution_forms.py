"""Milliseconds of the two costliest convolutions in several forms that give the same sums.

    python -m benchmarks.convolution_forms [--size=128] [--batch_size=4]

Of the network at width 32: the 9x9 convolution to three channels, and nearest neighbour with a 3x3
convolution. Each form is run forward, and forward with the gradients for input and kernel, in
turns; the last form of each is what `fast_style` takes.
"""

import statistics
import time

import numpy as np
import tensorflow as tf
from absl import app, flags
from keras import ops

from benchmarks import machine
from fast_style.networks.convolutions import conv_to_few_channels
from fast_style.networks.kernels import nearest_kernel

flags.DEFINE_integer("size", 128, "Side of the images, pixels.")
flags.DEFINE_integer("batch_size", 4, "Images.")
flags.DEFINE_integer("rounds", 9, "Measured passes of each form.")

_BLOCK = 4  # side of a block of pixels: with 4, 48 channels fill the vector units


def _blocks(x, kernel):
    """4 x 4 pixels as 48 channels of a convolution of stride 4 with a kernel of 12x12."""
    places = [(row, column) for row in range(_BLOCK) for column in range(_BLOCK)]
    parts = [
        ops.pad(kernel, [(r, _BLOCK - 1 - r), (c, _BLOCK - 1 - c), (0, 0), (0, 0)])
        for r, c in places
    ]
    x = ops.conv(x, ops.concatenate(parts, -1), strides=_BLOCK, padding="valid")
    return tf.nn.depth_to_space(x, _BLOCK)


def _enlarged(x, kernel):
    x = ops.repeat(ops.repeat(x, 2, 1), 2, 2)
    x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], "reflect")
    return ops.conv(x, kernel, padding="valid")


def _phases(x, kernel):
    """Each of a pixel's four copies by a convolution of its own, of 2x2."""
    size = x.shape[1]
    x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], "symmetric")
    first = lambda k, axis: ops.stack([k[0], k[1] + k[2]], axis)  # noqa: E731
    second = lambda k, axis: ops.stack([k[0] + k[1], k[2]], axis)  # noqa: E731
    rows = []
    for row, pick_rows in enumerate((first, second)):
        lines = pick_rows(kernel, 0)
        columns = []
        for column, pick_columns in enumerate((first, second)):
            taps = pick_columns(ops.moveaxis(lines, 1, 0), 1)
            part = x[:, row : row + size + 1, column : column + size + 1]
            columns.append(ops.conv(part, taps, padding="valid"))
        rows.append(ops.stack(columns, 3))
    return ops.reshape(ops.stack(rows, 2), (x.shape[0], 2 * size, 2 * size, -1))


def _transposed(x, kernel):
    x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], "symmetric")
    x = ops.conv_transpose(x, nearest_kernel(kernel, ops), strides=2, padding="valid")
    return x[:, 3:-3, 3:-3]


def _direct(x, kernel):
    return ops.conv(x, kernel, padding="valid")


CASES = {  # kernel, the input's size by the picture's, border, forms
    "9x9, 32 to 3": (
        (9, 9, 32, 3),
        1,
        4,
        {"direct": _direct, "blocks of 4 x 4": _blocks, "rows, then shifted": conv_to_few_channels},
    ),
    "nearest, 3x3, 64 to 32": (
        (3, 3, 64, 32),
        0.5,
        0,
        {"direct": _enlarged, "four of 2x2": _phases, "stride 1/2": _transposed},
    ),
}


def _compiled(form):
    def train(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            loss = ops.sum(ops.square(ops.cast(form(x, kernel), "float32")))
        return tape.gradient(loss, [x, kernel])

    return tf.function(form, autograph=False), tf.function(train, autograph=False)


def _milliseconds(function, *arguments):
    started = time.perf_counter()
    tf.nest.map_structure(lambda tensor: tensor.numpy(), function(*arguments))
    return 1e3 * (time.perf_counter() - started)


def _measure(dtype, kernel_shape, scale, border, forms):
    """(name, median ms forward, with gradients, largest difference from the first) of each form."""
    values = flags.FLAGS
    rng = np.random.default_rng(0)
    side = round(scale * values.size) + 2 * border
    x = rng.normal(size=(values.batch_size, side, side, kernel_shape[2]))
    kernel = rng.normal(size=kernel_shape) / np.sqrt(np.prod(kernel_shape[:3]))
    arguments = [ops.convert_to_tensor(array, dtype) for array in (x, kernel)]
    compiled = {name: _compiled(form) for name, form in forms.items()}
    results = {
        name: ops.convert_to_numpy(ops.cast(forward(*arguments), "float32"))
        for name, (forward, _) in compiled.items()
    }
    times = {name: ([], []) for name in forms}
    for _ in range(1 + values.rounds):
        for name, functions in compiled.items():
            for function, found in zip(functions, times[name], strict=True):
                found.append(_milliseconds(function, *arguments))
    expected = next(iter(results.values()))
    for name, both in times.items():
        medians = [statistics.median(found[1:]) for found in both]
        yield name, *medians, np.abs(results[name] - expected).max()


def main(argv):
    if len(argv) != 1:
        raise app.UsageError("no arguments are expected")
    print(machine.describe())
    rows = []
    for dtype in ("float32", "bfloat16"):
        for case, options in CASES.items():
            for name, forward, train, difference in _measure(dtype, *options):
                figures = (f"{forward:.1f}", f"{train:.1f}", f"{difference:.1e}")
                rows.append((dtype, case, name, *figures))
    header = ("type", "convolution", "form", "forward, ms", "with gradients, ms", "difference")
    machine.table(header, rows)


if __name__ == "__main__":
    app.run(main)
