"""The checkpoints of a run: written regularly, and restored to resume it."""

import contextlib
import glob
import json
import math
import operator
import os
import re
import shutil

import tensorflow as tf
from absl import logging

from fast_style.atomic_files import PARTIAL
from fast_style.checkpoints import store
from fast_style.errors import InvalidValue

# Settings that may differ between a run and the one that resumes it.
_FREE = {("training", "steps"), ("training", "photos_found")}
_MEASURED = "distances"  # of a style: each process measures them anew
# Unfinished files of a run that was killed while saving: TensorFlow's, and those of this version
# and of version 0.1.
_LEFTOVERS = re.compile(
    r"ckpt-\d+_temp.*|checkpoint\.tmp.*|ckpt-.*\.json\.partial-\d+|\.ckpt-done-.*|" + PARTIAL
)


class RunCheckpoints:
    """Keeps ckpt-STEP in a folder, each with its metadata, and restores the newest intact one.

    Unfinished files of a run that was killed while saving are removed.

    Args:
        folder: path of an existing folder.
        keep: int, number of checkpoints that are kept.
        **objects: what is saved: the network, the optimizer and `tf.Variable`s by name.
    """

    def __init__(self, folder, keep, **objects):
        self.folder = folder
        self._checkpoint = tf.train.Checkpoint(**objects)
        self._manager = tf.train.CheckpointManager(self._checkpoint, folder, max_to_keep=keep)
        self._remove_leftovers()

    @property
    def latest(self):
        """Prefix of the newest checkpoint, or None."""
        return self._manager.latest_checkpoint

    def save(self, step, metadata):
        """Writes ckpt-STEP and removes the oldest beyond `keep`.

        Raises:
            OSError: the disk is full or the folder can't be written; earlier ones stay.
        """
        prefix = os.path.join(self.folder, f"ckpt-{step}")
        # The metadata first: once the index exists, the checkpoint is complete.
        store.write_metadata(prefix, metadata)
        with store.writing_checkpoint(prefix):
            self._manager.save(checkpoint_number=step)
        self._remove_without_index()

    def restore(self, metadata):
        """Loads the newest readable checkpoint; does nothing if there is no checkpoint.

        Args:
            metadata: of this run, compared with that of the run to resume.

        Returns:
            dict, the metadata of the run to go on with, or None.

        Raises:
            ValueError: that run had other settings.
            CheckpointError, FileNotFoundError: there are checkpoints, none of them readable.
        """
        failures = []
        for prefix in reversed(self._manager.checkpoints):
            try:
                stored = self._check_same_run(prefix, metadata)
                with store.reading_checkpoint(prefix):
                    self._checkpoint.read(prefix).assert_existing_objects_matched()
            except (store.CheckpointError, FileNotFoundError) as error:
                logging.warning("%s", error)
                failures.append(error)
                continue
            return stored
        if failures:
            raise failures[0]
        return None

    def _remove_leftovers(self):
        for name in filter(_LEFTOVERS.fullmatch, os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.remove(path)
        self._remove_without_index()

    def _remove_without_index(self):
        """Removes metadata and weights of checkpoints without an index: removed or unfinished."""
        for path in glob.glob(os.path.join(glob.escape(self.folder), "ckpt-*.*")):
            stem = re.fullmatch(r"(.*ckpt-\d+)\.(json|data-\d+-of-\d+)", path)
            if stem and not os.path.exists(f"{stem[1]}.index"):
                os.remove(path)

    def _check_same_run(self, prefix, metadata):
        stored = store.read_metadata(prefix)
        different = differences(stored, metadata)
        if different:
            what, before, now = different[0]
            raise InvalidValue(
                f"{prefix} was trained with {what} {before!r}, this run has {now!r}: give the "
                "same settings, another --checkpoint_dir, or --noresume to start afresh"
            )
        return stored


def differences(stored, metadata):
    """The settings in which two runs differ.

    Args:
        stored: metadata of one run, as read from JSON.
        metadata: metadata of the other.

    Returns:
        list of (name, stored value, other value).
    """
    metadata = json.loads(json.dumps(metadata))  # tuples become lists, as in `stored`
    tasks = [store.task_of(one) for one in (stored, metadata)]
    if tasks[0] != tasks[1]:
        return [("task", *tasks)]
    # A schedule that ends at the last step makes the result depend on the number of steps.
    scheduled = "learning_rate_schedule" in metadata["training"]
    free = _FREE - {("training", "steps")} if scheduled else _FREE
    found = []
    for group in ("network", "style", "styles", "losses", "training"):
        before, now = (_by_name(one.get(group, {})) for one in (stored, metadata))
        for name in dict.fromkeys((*now, *before)):
            same = _close if name.endswith(_MEASURED) else operator.eq
            if (group, name) not in free and not same(before.get(name), now.get(name)):
                found.append((f"{group} {name}", before.get(name), now.get(name)))
    # What was measured differs where something else does: that is to be named first.
    return sorted(found, key=lambda difference: difference[0].endswith(_MEASURED))


def _by_name(group):
    """A list of styles as a dict."""
    if isinstance(group, list):
        styles = {f"{s['name']} {key}": s[key] for s in group for key in s if key != "name"}
        return {"names": [style["name"] for style in group]} | styles
    return group


def _close(before, now):
    """Whether what was measured is the same up to rounding."""
    if isinstance(before, dict) and isinstance(now, dict):
        return before.keys() == now.keys() and all(_close(before[n], now[n]) for n in before)
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=1e-3)
    return before == now


def unmeasured(metadata):
    """Metadata without what each worker measures for itself, up to rounding."""
    if isinstance(metadata, dict):
        return {n: unmeasured(value) for n, value in metadata.items() if n != _MEASURED}
    return [unmeasured(each) for each in metadata] if isinstance(metadata, list) else metadata
