"""The checkpoints of a run: written regularly, and restored to resume it."""

import contextlib
import os
import re
import shutil

import tensorflow as tf
from absl import logging

from fast_style.atomic_files import PARTIAL, replacing
from fast_style.checkpoints import replacement, store
from fast_style.errors import InvalidValue
from fast_style.training.finite import all_finite
from fast_style.training.same_run import differences

DONE = "ckpt-done"
_STATE = "checkpoint"  # TensorFlow's list of checkpoints, for its own tools: it is not read here
# Unfinished files of a run that was killed while saving: TensorFlow's, and those of this version
# and of version 0.1.
_LEFTOVERS = re.compile(
    r"ckpt-\d+_temp.*|checkpoint\.tmp.*|ckpt-.*\.json\.partial-\d+|\.ckpt-done-.*|" + PARTIAL
)


class RunCheckpoints:
    """Keeps ckpt-STEP in a folder, each with its metadata, and restores the newest intact one.

    What a run that was killed while saving left is finished, or removed.

    Args:
        folder: path of an existing folder that no other run writes.
        keep: int, number of checkpoints that are kept.
        network, optimizer, **objects: what is saved; the rest are `tf.Variable`s by name.

    Attributes:
        latest: prefix of the newest checkpoint that is known to be good, or None.
    """

    def __init__(self, folder, keep, network, optimizer, **objects):
        self.folder = folder
        self.latest = None
        self._keep = keep
        self._variables = [*network.variables, *optimizer.variables]
        self._checkpoint = tf.train.Checkpoint(network=network, optimizer=optimizer, **objects)
        replacement.finish_all(folder)
        self._unfinished = self._remove_leftovers()

    def save(self, step, metadata):
        """Writes ckpt-STEP and removes the oldest beyond `keep`.

        Raises:
            OSError: the disk is full or the folder can't be written; earlier ones stay.
        """
        prefix = self._prefix(step)
        store.save(self._checkpoint, prefix, metadata)
        self.latest = prefix
        # Later ones are of no use: a run goes on from the newest that can be read.
        steps = [each for each in self._steps() if each <= step]
        self._list(steps[-self._keep :])
        for each in steps[: -self._keep]:
            try:
                replacement.remove(self._prefix(each))
            except OSError as error:  # Windows keeps what someone reads
                logging.warning("an old checkpoint stays: %s", error)

    def restore(self, metadata):
        """Loads the newest readable checkpoint; if there is none, it only warns of an earlier run.

        Args:
            metadata: of this run, compared with that of the run to resume.

        Returns:
            dict, the metadata of the run to go on with, or None.

        Raises:
            ValueError: that run had other settings.
            CheckpointError, FileNotFoundError: there are checkpoints, none of them readable.
        """
        failures = []
        for step in reversed(self._steps()):
            prefix = self._prefix(step)
            try:
                stored = self._check_same_run(prefix, metadata)
                self._read(prefix)
            except (store.CheckpointError, FileNotFoundError) as error:
                logging.warning("%s", error)
                failures.append(error)
                continue
            self.latest = prefix
            # A kill or someone else may have left another list, or none.
            self._list([each for each in self._steps() if each <= step])
            return stored
        if failures:
            raise failures[0]
        names = set(os.listdir(self.folder))
        if left := [
            *self._unfinished,
            *(n for n in (f"{DONE}.index", _STATE, "log") if n in names),
        ]:
            logging.warning(
                "%s: starts at step 0: of an earlier run there is %s, but no whole checkpoint",
                self.folder,
                ", ".join(left),
            )
        return None

    def finish(self, network, metadata):
        """Writes `ckpt-done`; one of another run, or of more steps, is kept aside.

        Returns:
            str, the folder where that one is, or None.
        """
        prefix, aside = os.path.join(self.folder, DONE), None
        try:
            present = store.read_metadata(prefix)
        except (FileNotFoundError, store.CheckpointError):
            present = None
        if present is not None and (
            differences(present, metadata) or present.get("step", 0) > metadata["step"]
        ):
            aside = store.set_aside(self.folder, DONE)
        store.save_network(network, prefix, metadata)
        return aside

    def _list(self, steps):
        """Writes TensorFlow's list of checkpoints: those of `steps`, ascending."""
        with replacing(os.path.join(self.folder, _STATE), "w", encoding="utf-8") as file:
            file.write(f'model_checkpoint_path: "ckpt-{steps[-1]}"\n')
            file.writelines(f'all_model_checkpoint_paths: "ckpt-{each}"\n' for each in steps)

    def _prefix(self, step):
        return os.path.join(self.folder, f"ckpt-{step}")

    def _steps(self):
        """The steps of all checkpoints in the folder, ascending."""
        found = map(re.compile(r"ckpt-(\d+)\.index").fullmatch, os.listdir(self.folder))
        return sorted(int(match[1]) for match in found if match)

    def _read(self, prefix):
        with store.reading_checkpoint(prefix) as readable:
            self._checkpoint.read(readable).assert_existing_objects_matched()
        if not all_finite(self._variables):
            raise store.CheckpointError(f"{prefix}: not all of its weights are finite numbers")

    def _remove_leftovers(self):
        """Removes unfinished files; returns the names of those of checkpoints without an index."""
        for name in filter(_LEFTOVERS.fullmatch, os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.remove(path)
        removed = []
        for name in sorted(os.listdir(self.folder)):
            found = re.fullmatch(r"(ckpt-\d+)\.(json|data-\d+-of-\d+)", name)
            if found and not os.path.exists(os.path.join(self.folder, f"{found[1]}.index")):
                os.remove(os.path.join(self.folder, name))
                removed.append(name)
        return removed

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
