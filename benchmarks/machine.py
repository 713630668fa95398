"""The machine that figures are measured on, and how they are printed."""

import importlib.util
import os
import platform
import resource
import statistics
import sys


def processor():
    """One line: processor and cores."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.partition(":")[2].strip() for line in file if "model name" in line]
        model = models[0] if models else model
    return f"{model}, {os.cpu_count()} cores"


def describe():
    """One line: processor, cores, TensorFlow."""
    import tensorflow as tf

    devices = [device.name for device in tf.config.list_physical_devices("GPU")]
    return f"{processor()}, TensorFlow {tf.__version__}, GPUs: {devices or 'none'}"


def peak_memory(who=resource.RUSAGE_SELF):
    """Highest resident memory so far of this process, or of its children, MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def check_installed(*packages):
    """Ends the program with one line unless it finds all packages: before it works, not after."""
    for name in packages:
        if importlib.util.find_spec(name) is None:
            sys.exit(f"error: needs the package {name}: pip install {name.replace('_', '-')}")


def pyplot():
    """matplotlib's pyplot for files; ends the program with one line where it is missing."""
    check_installed("matplotlib")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def spread(values):
    """Median (minimum) of seconds."""
    return f"{statistics.median(values):.3f} ({min(values):.3f})"


def table(header, rows):
    """Prints a table as Markdown, so that it can stand in a README as it is."""
    lines = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("|", " | ".join(cells), "|")
