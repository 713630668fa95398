"""What a training run leaves, for comparison."""

import os

import numpy as np


def weights(trainer):
    """All weights of the network, float32 `[count]`."""
    return np.concatenate([np.ravel(weight) for weight in trainer.network.weights])


def files(folder):
    """Sorted names of the files in a run's folder, but for those with the weights' data."""
    return sorted(name for name in os.listdir(folder) if not name.endswith("00001"))
