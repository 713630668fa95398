"""What painting so many photographs costs, from seconds measured on this machine.

    python -m benchmarks.bulk_cost CHECKPOINT PHOTOS [--core_hour=0.04] [--gpu_hour=1.2]

Reads, paints and writes some photographs of a folder with one thread, or with the GPU where there
is one; and lets a driver hand out photographs to processes that do nothing. From these come the
hours and the money for more of the same. Prices are flags, in dollars: look up your own.
"""

import os
import pathlib
import statistics
import time

import numpy as np
from absl import app, flags

from benchmarks import machine
from fast_style import Stylizer, images
from fast_style.bulk.dispatch import Dispatch, Done
from fast_style.bulk.manifest import PAINTED, Row
from fast_style.bulk.sources import Photo
from fast_style.machine import resources

_BATCH = 8  # photographs of one size that are painted at once

flags.DEFINE_integer("count", 20, "Photographs that are measured.")
flags.DEFINE_integer("image_size", None, "Long side in pixels at which they are painted.")
flags.DEFINE_float("core_hour", 0.04, "Dollars for a core for an hour.")
flags.DEFINE_float("gpu_hour", 1.2, "Dollars for a GPU with its share of cores for an hour.")
flags.DEFINE_float("put", 5e-6, "Dollars for writing an object.")
flags.DEFINE_float("get", 4e-7, "Dollars for reading an object, or for looking whether it exists.")
flags.DEFINE_float("page", 5e-6, "Dollars for listing a page of 1,000 objects.")
flags.DEFINE_list("photographs", ["10000", "1000000", "1000000000"], "How many are priced.")
flags.DEFINE_integer("processors", 1000, "Cores or GPUs that work at a time.")


def _measure(prefix, folder):
    """What a photograph takes.

    Returns:
        Median seconds of reading, painting and writing; mean bytes of photograph and result, and
        pixels; seconds of painting in a batch; name of the runtime; whether it has a GPU (bool).
    """
    stylizer = Stylizer.load(prefix)
    stylizer.prepare()
    gpu = stylizer.runtime.device_memory() is not None
    # On processors, the seconds that they worked: other programs may share the machine.
    clock = time.perf_counter if gpu else time.process_time
    seconds, sizes, shapes = [], [], {}
    for path in images.find(folder)[: flags.FLAGS.count]:
        started = clock()
        picture = images.load(path)
        if flags.FLAGS.image_size:
            rgb = images.fit(picture.rgb, flags.FLAGS.image_size)
        else:
            rgb = picture.rgb
        read = clock()
        painted = stylizer(rgb)
        done = clock()
        written = images.encoded("result.jpg", painted)
        seconds.append((read - started, done - read, clock() - done))
        sizes.append((os.path.getsize(path), len(written), rgb.shape[0] * rgb.shape[1]))
        shapes.setdefault(rgb.shape, []).append(rgb)
    batch = np.stack(max(shapes.values(), key=len)[:_BATCH])
    stylizer(batch)
    started = clock()
    stylizer(batch)
    together = (clock() - started) / len(batch)
    middle = [statistics.median(values) for values in zip(*seconds, strict=True)]
    mean = [statistics.mean(values) for values in zip(*sizes, strict=True)]
    return middle, mean, together, stylizer.runtime.name, gpu


class _Idle:
    """Processes that do nothing."""

    class _Worker:
        node = "node"

    def __init__(self):
        self._workers, self._done = [self._Worker() for _ in range(64)], []

    def workers(self):
        return self._workers

    def submit(self, worker, chunk):
        rows = [Row(task.photo.source, task.photo.target, PAINTED, 1, 1, 0.1) for task in chunk]
        self._done.append(Done(worker, chunk, rows))

    def wait(self, _):
        done, self._done = self._done, []
        return done


def _driver_rate(count=100_000):
    """Photographs per second that a driver can hand out and record."""
    photos = (Photo(f"s3://bucket/in/{n}.jpg", f"s3://bucket/out/{n}.jpg") for n in range(count))
    started = time.perf_counter()
    for _ in Dispatch(photos, _Idle(), 0).rows():
        pass
    return count / (time.perf_counter() - started)


def main(argv):
    if len(argv) != 3 or not pathlib.Path(argv[2]).is_dir():
        raise app.UsageError("CHECKPOINT and a folder of photographs are expected")
    values = flags.FLAGS
    resources.limit_threads(1)
    (read, paint, write), (before, after, pixels), together, runtime, gpu = _measure(
        argv[1], argv[2]
    )
    print(machine.processor())
    print(
        f"a photograph of {pixels / 1e6:.2f} megapixels on {'a GPU' if gpu else 'one core'} "
        f"({runtime}): {read:.3f} s to read, {paint:.3f} s to paint, {write:.3f} s to write; "
        f"{before / 1e3:.0f} kB in, {after / 1e3:.0f} kB out"
    )
    print(f"the same in a batch of one size, up to {_BATCH}: {together:.3f} s to paint")
    print(f"a driver hands out and records {_driver_rate():,.0f} photographs/s")
    # Beside a GPU, cores read and write meanwhile.
    each = paint if gpu else read + paint + write
    price = values.gpu_hour if gpu else values.core_hour
    request = values.put + 2 * values.get + values.page / 1000
    rows = []
    for count in map(int, values.photographs):
        hours = count * each / 3600
        rows.append(
            (
                f"{count:,}",
                f"{hours:,.1f}",
                f"{hours / values.processors:,.2f}",
                f"{count * (before + after) / 1e9:,.1f}",
                f"{hours * price:,.2f}",
                f"{count * request:,.2f}",
            )
        )
    kind = "GPU" if gpu else "core"
    machine.table(
        (
            *("photographs", f"{kind} hours", f"hours on {values.processors:,}"),
            *("GB moved", "$ machines", "$ requests"),
        ),
        rows,
    )


if __name__ == "__main__":
    app.run(main)
