"""The checkpoints of a run: written every so often, and read to go on."""

import glob
import json
import os

import tensorflow as tf
from absl import logging

from fast_style import checkpoint

# What may differ between a run and the one that goes on with it.
_FREE = {("training", "steps"), ("training", "photos_found")}


class RunCheckpoints:
    """Keeps ckpt-STEP in a folder, each with its description, and restores the newest sound one.

    Args:
        folder: path of an existing folder.
        keep: int, number of checkpoints that are kept.
        **objects: what is saved: the network, the optimizer and `tf.Variable`s by name.
    """

    def __init__(self, folder, keep, **objects):
        self.folder = folder
        self._checkpoint = tf.train.Checkpoint(**objects)
        self._manager = tf.train.CheckpointManager(self._checkpoint, folder, max_to_keep=keep)

    @property
    def latest(self):
        """Prefix of the newest checkpoint, or None."""
        return self._manager.latest_checkpoint

    def save(self, step, description):
        """Writes ckpt-STEP and removes what is kept no longer.

        Raises:
            OSError: the disk is full or the folder can't be written; earlier ones stay.
        """
        prefix = os.path.join(self.folder, f"ckpt-{step}")
        # The description first: once the index is there, the checkpoint is whole.
        checkpoint.write_description(prefix, description)
        with checkpoint.writing_checkpoint(prefix):
            self._manager.save(checkpoint_number=step)
        for path in glob.glob(os.path.join(glob.escape(self.folder), "ckpt-*.json")):
            stem = path.removesuffix(".json")
            if stem.rpartition("-")[2].isdigit() and not os.path.exists(f"{stem}.index"):
                os.remove(path)

    def restore(self, description):
        """Loads the newest checkpoint that can be read; does nothing where there is none.

        Args:
            description: of this run, to be compared with that of the run to go on with.

        Raises:
            ValueError: that run had other settings.
            CheckpointError, FileNotFoundError: there are checkpoints, none of them readable.
        """
        failures = []
        for prefix in reversed(self._manager.checkpoints):
            try:
                self._check_same_run(prefix, description)
                with checkpoint.reading_checkpoint(prefix):
                    self._checkpoint.read(prefix).assert_existing_objects_matched()
            except (checkpoint.CheckpointError, FileNotFoundError) as error:
                logging.warning("%s", error)
                failures.append(error)
                continue
            return
        if failures:
            raise failures[0]

    def _check_same_run(self, prefix, description):
        different = differences(checkpoint.read_description(prefix), description)
        if different:
            what, before, now = different[0]
            raise ValueError(
                f"{prefix} was trained with {what} {before!r}, this run has {now!r}: give the "
                "same settings, another --checkpoint_dir, or --noresume to start afresh"
            )


def differences(stored, description):
    """The settings in which two runs differ.

    Args:
        stored: description of one run, as read from JSON.
        description: description of the other.

    Returns:
        list of (name, stored value, other value).
    """
    described = json.loads(json.dumps(description))
    tasks = [checkpoint.task_of(one) for one in (stored, described)]
    if tasks[0] != tasks[1]:
        return [("task", *tasks)]
    # A schedule that ends with the last step makes the number of steps part of the result.
    scheduled = "learning_rate_schedule" in described["training"]
    free = _FREE - {("training", "steps")} if scheduled else _FREE
    found = []
    for group in ("network", "style", "losses", "training"):
        before, now = stored.get(group, {}), described.get(group, {})
        for name in dict.fromkeys((*now, *before)):
            if (group, name) not in free and before.get(name) != now.get(name):
                found.append((f"{group} {name}", before.get(name), now.get(name)))
    return found
