"""The versions of the program's parts that a trained network depends on."""

import platform

import keras
import numpy as np
import tensorflow as tf


def versions():
    """dict from name to version (str), as a network's metadata holds it."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
