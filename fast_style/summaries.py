"""What a training run shows in TensorBoard."""

import tensorflow as tf


class Summaries:
    """Writes a run's scalars, pictures and settings as TensorBoard events.

    Args:
        log_dir: folder of the events; made if missing.
        images: list of uint8 RGB `[H, W, 3]`, the photographs that `pictures` shows.
        title: what their pictures are called.
    """

    def __init__(self, log_dir, images=(), title="pictures"):
        self._writer = tf.summary.create_file_writer(str(log_dir))
        self._images = list(images)
        self._title = title

    def settings(self, description, step=0):
        """Writes a nested dict as a table (TensorBoard's text tab)."""
        rows = "".join(f"| {name} | {value} |\n" for name, value in _flat(description))
        with self._writer.as_default(step=step):
            tf.summary.text("settings", f"| setting | value |\n|---|---|\n{rows}")
        self._writer.flush()

    def scalars(self, step, values):
        """Writes named numbers; `values` is a dict such as `Progress.losses`."""
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
        self._writer.flush()

    def pictures(self, step, preview):
        """Writes what `preview` (uint8 RGB to uint8 RGB) makes of each photograph."""
        with self._writer.as_default(step=step):
            for number, image in enumerate(self._images, 1):
                tf.summary.image(f"{self._title}/{number}", preview(image)[None])
        self._writer.flush()

    def close(self):
        """Ends the file."""
        self._writer.close()


def _flat(value, prefix=""):
    """Pairs of dotted name and value of a nested dict."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item
