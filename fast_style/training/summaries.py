"""The summaries of a run for TensorBoard."""

import contextlib
import errno
import os

import tensorflow as tf

from fast_style.errors import check_utf8, printable, system_reason


class Summaries:
    """Writes a run's scalars, pictures and settings as TensorBoard events.

    Args:
        log_dir: folder of the events, made if missing; None to write none.
        images: list of uint8 RGB `[H, W, 3]`, the photographs that `pictures` shows.
        title: name of the pictures.

    Raises:
        ValueError: the folder's name is no UTF-8.
        OSError: the disk is full or the folder can't be written; so do the methods.
    """

    def __init__(self, log_dir, images=(), title="pictures"):
        self._folder = log_dir
        if log_dir is None:
            self._writer = tf.summary.create_noop_writer()
        else:
            check_utf8(log_dir)
            with self._reporting_write_errors():
                self._writer = tf.summary.create_file_writer(os.fspath(log_dir))
        self._images = list(images)
        self._title = title

    def settings(self, metadata, step=0):
        """Writes a nested dict as a table (TensorBoard's text tab)."""
        rows = "".join(f"| {name} | {value} |\n" for name, value in _flat(metadata))
        with self._writing(step):
            tf.summary.text("settings", f"| setting | value |\n|---|---|\n{rows}")

    def scalars(self, step, values):
        """Writes named numbers; `values` is a dict such as `Progress.losses`."""
        with self._writing(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def progress(self, progress, skipped):
        """Writes the losses and the speed of a `Progress`, and how many photos were skipped."""
        losses = {f"loss/{name}": value for name, value in progress.losses.items()}
        speed = {"speed/images per second": progress.images_per_second}
        self.scalars(progress.step, {**losses, **speed, "photographs skipped": skipped})

    def pictures(self, step, preview):
        """Writes what `preview` (uint8 RGB to uint8 RGB) makes of each photograph."""
        pictures = [preview(image)[None] for image in self._images]
        with self._writing(step):
            for number, picture in enumerate(pictures, 1):
                tf.summary.image(f"{self._title}/{number}", picture)

    def close(self):
        """Ends the file."""
        with self._reporting_write_errors():
            self._writer.close()

    @contextlib.contextmanager
    def _writing(self, step):
        with self._reporting_write_errors(), self._writer.as_default(step=step):
            yield
            self._writer.flush()

    @contextlib.contextmanager
    def _reporting_write_errors(self):
        """Turns TensorFlow's errors into `OSError`."""
        try:
            yield
        except tf.errors.OpError as error:
            raise OSError(
                errno.EIO, f"could not be written ({system_reason(error)})", os.fspath(self._folder)
            ) from error


def _flat(value, prefix=""):
    """Pairs of dotted name and value of a nested dict."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", printable(str(item))
