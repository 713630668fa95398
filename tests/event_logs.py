"""Reads a run's log as TensorBoard does."""

import pathlib

import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator


def scalars(path, tag="loss/total"):
    """Pairs of step and value of one scalar in an event file or a folder of them."""
    events = event_accumulator.EventAccumulator(str(path), size_guidance={"tensors": 0})
    events.Reload()
    if tag not in events.Tags()["tensors"]:
        return []
    found = events.Tensors(tag)
    return [(event.step, float(tf.make_ndarray(event.tensor_proto))) for event in found]


def logs(folder):
    """The event files below a run's folder, in the order in which they were begun."""
    return sorted(pathlib.Path(folder).glob("log/events.*"), key=lambda path: path.name)
