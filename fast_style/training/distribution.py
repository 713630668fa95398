"""A run's steps on one device, on several, or on several machines (`tf.distribute`)."""

import contextlib
import json
import os
import zlib

import numpy as np
import tensorflow as tf

from fast_style.errors import InvalidValue, check_choice, first_line
from fast_style.training.errors import reporting_lost_workers

STRATEGIES = ("auto", "one", "mirrored", "multiworker")
_TRAINING_JOBS = ("chief", "worker")  # in the order in which TensorFlow numbers them


class Distribution:
    """The devices and machines that compute a run's steps, and this process's part of them.

    Args:
        strategy: `tf.distribute.MirroredStrategy`, `MultiWorkerMirroredStrategy`, or None for one
            device without any.

    Attributes:
        worker, workers: this process's number, from 0, and the number of processes.
        replicas: number of devices of all workers, each of which computes a part of every batch.
    """

    def __init__(self, strategy=None):
        self.strategy = strategy
        self.worker, self.workers = 0, 1
        self.replicas = self._local = 1
        if strategy is not None:
            if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
                self.worker, self.workers = _place_in_cluster()
            self.replicas = strategy.num_replicas_in_sync
            self._local = self.replicas // self.workers

    @classmethod
    def make(cls, kind="auto"):
        """The distribution that a name of `STRATEGIES` stands for.

        For several machines it must be made before TensorFlow computes anything, and waits until
        all workers have been started.

        Args:
            kind: "one" for one device; "mirrored" for all GPUs of this machine; "multiworker" for
                the processes that the environment variable TF_CONFIG names; "auto" for whatever
                is available: several workers, else several GPUs, else one device.

        Raises:
            ValueError: an unsupported name, or a TF_CONFIG that is missing or invalid.
            ConnectionError: this worker can't listen at its address, or can't reach the others.
        """
        check_choice("strategy", kind, STRATEGIES)
        if kind == "auto":
            if _place_in_cluster()[1] > 1:
                kind = "multiworker"
            elif len(tf.config.list_physical_devices("GPU")) > 1:
                kind = "mirrored"
            else:
                kind = "one"
        if kind == "one":
            return cls()
        if kind == "mirrored":
            return cls(tf.distribute.MirroredStrategy())
        if not _cluster_config():
            raise InvalidValue(
                "`strategy` multiworker needs the environment variable TF_CONFIG, which names all "
                "workers and this one"
            )
        _place_in_cluster()
        try:
            return cls(tf.distribute.MultiWorkerMirroredStrategy())
        except tf.errors.OpError as error:
            raise ConnectionError(
                f"the workers that TF_CONFIG names can't meet: {first_line(error)}"
            ) from error

    @property
    def chief(self):
        """Whether this process keeps the checkpoints and the log."""
        return self.worker == 0

    def scope(self):
        """Context in which variables are made, so that every device has them."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()

    def check(self, batch_size, network, jit_compile):
        """Raises `ValueError` for a run that these devices can't train."""
        if self.strategy is None:
            return
        if batch_size % self.replicas:
            raise InvalidValue(
                f"`batch_size` must be a multiple of {self.replicas}, the number of devices; "
                f"received {batch_size}"
            )
        if jit_compile:
            raise InvalidValue(
                "`jit_compile` is for one device only: give --strategy=one or leave it out"
            )
        if network.non_trainable_variables:
            raise InvalidValue(
                "`normalization` must not be batch on several devices: each would see the "
                "statistics of its own part; give --strategy=one or instance"
            )

    def compile(self, function, jit_compile=False):
        """Makes the function of a training step run on all devices.

        Args:
            function: takes a batch (nested tensors), returns a float32 vector that is a mean over
                the batch.
            jit_compile: bool, whether XLA compiles it; on one device alone.

        Returns:
            A function of this worker's part of a batch, and of a number that belongs to this
            worker. It returns the vector, a mean over the batches of all devices, and the sum of
            the numbers of all workers (a tensor; on one device 0). It raises `WorkerLost` where
            another worker has ended.
        """
        if self.strategy is None:
            compiled = tf.function(function, jit_compile=jit_compile)
            return lambda batch, number: (compiled(batch), 0)

        def on_device(batch, number):
            return tf.concat([function(batch) / self.replicas, [number / self._local]], axis=0)

        everywhere = self._summed(on_device)

        def step(batch, number):
            with self._reporting_lost_workers():
                vector = everywhere(self._split(batch), tf.constant(number, tf.float32))
            return vector[:-1], vector[-1]

        return step

    def check_same(self, metadata):
        """Raises `ValueError` in every worker unless all have equal metadata (dict)."""
        if self.workers == 1:
            return
        own = zlib.crc32(json.dumps(metadata, sort_keys=True).encode())
        different = self._sum([own != self._of_chief([own])[0]])[0]
        if different:
            raise InvalidValue(
                f"{int(different)} of {self.workers} workers have other flags, another style or "
                "other photographs than the chief: all must be given the same"
            )

    def copy_from_chief(self, variables):
        """Gives `variables` (`tf.Variable` or Keras's) in every worker the chief's values."""
        if self.workers == 1:
            return
        # float64 holds them all exactly: float32, and counters below 2**53.
        values = [np.asarray(variable, np.float64) for variable in variables]
        flat = self._of_chief(np.concatenate([value.ravel() for value in values]))
        ends = np.cumsum([value.size for value in values])
        for variable, part in zip(variables, np.split(flat, ends[:-1]), strict=True):
            with self.scope():
                variable.assign(tf.cast(part.reshape(variable.shape), variable.dtype))

    def _of_chief(self, vector):
        vector = np.asarray(vector, np.float64)
        return self._sum(vector if self.chief else np.zeros_like(vector))

    def _sum(self, vector):
        """Sum of the workers' vectors, float64."""
        mine = tf.constant(np.asarray(vector, np.float64))
        parts = [mine] + [tf.zeros_like(mine)] * (self._local - 1)
        with self._reporting_lost_workers():
            return self._summed(tf.identity)(self._values(parts)).numpy()

    def _reporting_lost_workers(self):
        return reporting_lost_workers() if self.workers > 1 else contextlib.nullcontext()

    def _summed(self, function):
        """A function that runs `function` on every device and returns the sum of the results."""

        def on_device(*args):
            result = function(*args)
            return tf.distribute.get_replica_context().all_reduce("SUM", result)

        @tf.function
        def everywhere(*args):
            results = self.strategy.run(on_device, args=args)
            return self.strategy.experimental_local_results(results)[0]

        return everywhere

    def _values(self, parts):
        """One value for each device of this worker."""
        parts = iter(parts)
        return self.strategy.experimental_distribute_values_from_function(lambda _: next(parts))

    def _split(self, batch):
        """This worker's part of a batch, split among its devices."""
        size = len(tf.nest.flatten(batch)[0]) // self._local
        return self._values(
            [
                tf.nest.map_structure(lambda x, i=i: x[i * size : (i + 1) * size], batch)
                for i in range(self._local)
            ]
        )


def _cluster_config():
    """What TF_CONFIG says (dict), empty where it is missing or names no workers.

    Raises:
        ValueError: it is invalid.
    """
    text = os.environ.get("TF_CONFIG", "").strip()
    try:
        config = json.loads(text or "{}")
        return config if config.get("cluster") or config.get("task") else {}
    except (AttributeError, ValueError) as error:
        raise _invalid(error) from error


def _place_in_cluster():
    """This process's number and the number of workers (ints), from TF_CONFIG; else 0 and 1.

    Raises:
        ValueError: it is invalid.
    """
    config = _cluster_config()
    if not config:
        return 0, 1
    try:
        cluster, task = config["cluster"], config["task"]
        counts = {job: len(cluster.get(job, ())) for job in _TRAINING_JOBS}
        job, index = task["type"], int(task["index"])
        if not 0 <= index < counts[job]:
            raise InvalidValue(f"there is no {job} {index}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _invalid(f"{error} is missing" if isinstance(error, KeyError) else error) from error
    return index + (counts["chief"] if job == "worker" else 0), sum(counts.values())


def _invalid(reason):
    return InvalidValue(
        f"TF_CONFIG is invalid ({reason}); it must be JSON such as "
        '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
