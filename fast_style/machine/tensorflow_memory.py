"""Memory for TensorFlow: of its GPU, or of the machine."""

import contextlib
import ctypes

from fast_style.errors import OutOfMemory, first_line
from fast_style.machine import resources

# What a GPU has that TensorFlow does not take: for the driver, and for code and libraries.
_GPU_SHARE = 0.9
# TensorFlow's kernels count the numbers of a tensor in 32 bits here and there: beyond, it crashes.
MOST_NUMBERS = 2**31 - 1


def gpu_left():
    """Bytes of the first GPU that TensorFlow has not given away yet; None without a GPU."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus or (total := _limit(gpus[0]) or gpu_total()) is None:
        return None
    return max(total - tf.config.experimental.get_memory_info("GPU:0")["current"], 0)


def left():
    """Bytes that TensorFlow may still take, of its first GPU or else of the machine."""
    gpu = gpu_left()
    return resources.available_memory() if gpu is None else gpu


def gpu_total():
    """Bytes of the first visible GPU that a process can use; None where the driver does not tell.

    The driver is asked: TensorFlow tells what it uses, not what there is.
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, total = ctypes.c_int(), ctypes.c_size_t()
    failed = (
        driver.cuInit(0)
        or driver.cuDeviceGet(ctypes.byref(device), 0)
        or driver.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    )
    return None if failed else int(_GPU_SHARE * total.value)


def check_fits(what, needed, numbers, advice):
    """Checks that work fits before TensorFlow sees it, which may crash the process otherwise.

    Args:
        what: what is worked on, for the message.
        needed: bytes, an estimate.
        numbers: of the largest tensor.
        advice: what to change, for the message.

    Raises:
        OutOfMemory: it needs more than is left, or more than TensorFlow can count.
    """
    available = left()
    if needed > available:
        raise OutOfMemory(
            f"out of memory: {what} would take at least {needed / 2**30:.1f} GiB, "
            f"{available / 2**30:.1f} GiB are available: {advice}"
        )
    if numbers > MOST_NUMBERS:
        raise OutOfMemory(f"{what} has more features than TensorFlow can count: {advice}")


@contextlib.contextmanager
def reporting_out_of_memory(message):
    """Context that turns errors of TensorFlow and Python without memory into `OutOfMemory`.

    Args:
        message: of the error; None for the first line of TensorFlow's own.
    """
    import tensorflow as tf

    try:
        yield
    except OutOfMemory:
        raise
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise OutOfMemory(message or first_line(error)[:200]) from error


def _limit(gpu):
    """The limit in bytes that this process has set for a GPU; None for none."""
    import tensorflow as tf

    found = tf.config.get_logical_device_configuration(gpu)
    return found[0].memory_limit * 2**20 if found and found[0].memory_limit else None
