"""Memory and processors that this process may use, on any system."""

import math
import os
import pathlib

import psutil

from fast_style.machine import control_groups

NVIDIA_DRIVER = "/proc/driver/nvidia/version"
"""What is there where a driver for Nvidia's GPUs is loaded."""

_THREADS = None


def available_memory():
    """Bytes that this process may still take: of the machine, or of its control groups."""
    machine, groups = psutil.virtual_memory().available, control_groups.memory_left()
    return machine if groups is None else min(machine, groups)


def resident_memory():
    """Resident memory of this process, bytes."""
    return psutil.Process().memory_info().rss


def processors():
    """How many threads can run at once (int): this process is bound so, or its groups limit it."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    share = control_groups.processors()
    return bound or 1 if share is None else max(min(bound or 1, math.ceil(share)), 1)


def thread_limit():
    """How many threads libraries are to use (int): `limit_threads`, or what control groups allow.

    None where neither says it: libraries see the rest.
    """
    if _THREADS is not None:
        return _THREADS
    return None if control_groups.processors() is None else processors()


def limit_threads(count):
    """Has networks that are loaded from now on use so many threads (int); None: as they find.

    TensorFlow keeps the number with which it was started.
    """
    global _THREADS
    _THREADS = count


def processor_flags():
    """Names of what the processor can do, such as "amx_bf16" (set); empty where none are told."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def has_nvidia_driver():
    """Whether a driver for Nvidia's GPUs is loaded (bool)."""
    return os.path.exists(NVIDIA_DRIVER)


def limit_tensorflow():
    """Has TensorFlow, not yet started, use as many threads as `thread_limit` says.

    It starts one for each processor otherwise, which then wait for each other. An environment that
    names a number keeps it.
    """
    if (count := thread_limit()) is not None:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(count))
