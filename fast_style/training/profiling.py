"""A profile of some training steps for TensorBoard."""

import contextlib

import tensorflow as tf

from fast_style.errors import InvalidValue, first_line


class Profile:
    """Records what TensorFlow does from one step to another.

    Args:
        log_dir: folder of the run's log; None to record nothing.
        steps: pair of ints, the first and the last step to record; empty for none.

    Raises:
        ValueError: `steps` is not such a pair.
        OSError: from `step` and `close`: the profile can't be written.
    """

    def __init__(self, log_dir, steps=()):
        if steps and (len(steps) != 2 or not 1 <= steps[0] <= steps[1]):
            raise InvalidValue(
                "`profile_steps` must be the first and the last step to record, from 1; "
                f"received {', '.join(map(str, steps))}"
            )
        self._log_dir = log_dir
        self._first, self._last = steps or (0, -1)
        self._recording = False

    @contextlib.contextmanager
    def step(self, number):
        """Context of one training step; a run resumed between the two records from there on."""
        if self._log_dir is None or not self._first <= number <= self._last:
            yield
            return
        if not self._recording:
            tf.profiler.experimental.start(str(self._log_dir))
            self._recording = True
        with tf.profiler.experimental.Trace("train", step_num=number, _r=1):
            yield
        if number == self._last:
            self.close()

    def close(self):
        """Writes what was recorded, if the run ends before the last step to record."""
        if self._recording:
            self._recording = False
            try:
                tf.profiler.experimental.stop()
            except tf.errors.OpError as error:
                reason = first_line(error)
                raise OSError(
                    f"{self._log_dir}: the profile can't be written ({reason})"
                ) from error
