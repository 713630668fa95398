"""What Ray Data makes of a photograph that ends its process, beside this project's own dispatch.

    python -m benchmarks.bulk_ray_data [--seconds=60]

Forty rows go through a pool of two actors of Ray Data (a package of Ray's own extra:
pip install "ray[data]"); one of them kills the process that has it, as a decoder that crashes or
the kernel that is out of memory would. What has arrived after so many seconds is printed.
"""

import os
import signal
import threading
import time

from absl import app, flags

from benchmarks import machine

flags.DEFINE_integer("seconds", 60, "How long rows are waited for.")
flags.DEFINE_integer("rows", 40, "Rows.")
flags.DEFINE_integer("deadly", 13, "Which of them ends its process.")


def main(argv):
    if len(argv) != 1:
        raise app.UsageError("no arguments are expected")
    machine.check_installed("ray", "pandas")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    values, deadly = flags.FLAGS, flags.FLAGS.deadly
    # Twice as many cores as actors: reading takes cores, and with all taken nothing moves.
    options = {"num_cpus": 4, "include_dashboard": False, "log_to_driver": False}
    ray.init(address="local", logging_level="FATAL", **options)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # any number of errors is allowed

    class Paint:
        def __call__(self, batch):
            if deadly in batch["id"]:
                os.kill(os.getpid(), signal.SIGKILL)
            return batch

    rows = ray.data.range(values.rows, override_num_blocks=values.rows // 4)
    painted, arrived = rows.map_batches(Paint, concurrency=2, batch_size=4), []

    def collect():
        for row in painted.iter_rows():
            arrived.append(row["id"])
        arrived.append("the end")

    threading.Thread(target=collect, daemon=True).start()
    end = time.monotonic() + values.seconds
    while time.monotonic() < end and "the end" not in arrived:
        time.sleep(0.5)
    count = len([row for row in arrived if row != "the end"])
    ended = "ended" if "the end" in arrived else "has not ended"
    print(f"Ray Data: {count} of {values.rows} rows after {values.seconds} s; it {ended}")
    os._exit(0)  # or Ray Data would go on


if __name__ == "__main__":
    app.run(main)
