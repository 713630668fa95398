"""Errors that end a training run early."""

import contextlib

import tensorflow as tf

from fast_style.errors import UserError, first_line
from fast_style.machine import tensorflow_memory


class TrainingDiverged(UserError, ArithmeticError):
    """The loss, a gradient or a weight became NaN or infinite."""


class WorkerLost(UserError, ConnectionError):
    """Another worker of a run on several machines has ended or can't be reached."""


@contextlib.contextmanager
def reporting_out_of_memory(settings, latest):
    """Context that turns errors of a training step without memory into one that says what to do.

    Args:
        settings: the run's `RunSettings`.
        latest: prefix of the newest checkpoint, or None.

    Raises:
        OutOfMemory: in place of TensorFlow's error or Python's.
    """
    size = settings.image_size
    with tensorflow_memory.reporting_out_of_memory(
        f"out of memory in a step of {settings.batch_size} crops of {size} x {size}: lower "
        f"--batch_size or --image_size; the last checkpoint is {latest or 'none'}"
    ):
        yield


@contextlib.contextmanager
def reporting_lost_workers():
    """Context that turns TensorFlow's errors about unreachable workers into `WorkerLost`."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise
    except (tf.errors.OpError, RuntimeError) as error:
        reason = first_line(error)[:200]  # gRPC appends the whole message of its peer
        raise WorkerLost(
            f"another worker has ended or can't be reached ({reason}); start all workers "
            "again: they go on from the chief's last checkpoint"
        ) from error
