"""One step of a training run: losses, gradients, the optimizer's update."""

import contextlib
import math

import keras
import tensorflow as tf


class TrainingStep:
    """Updates the network's weights from a batch.

    Args:
        task: a `fast_style.training.task.Task`, set up.
        network: made in the scope of `distribution`.
        variables: those of the network's that are trained.
        optimizer: built for them.
        distribution: `fast_style.training.distribution.Distribution`.
        jit_compile: bool, whether XLA compiles the step.

    Attributes:
        finite: bool, whether all gradients of the last step were finite.
    """

    def __init__(self, task, network, variables, optimizer, distribution, jit_compile=False):
        self._task = task
        self._network = network
        self._variables = variables
        self._optimizer = optimizer
        self._distribution = distribution
        self._function = distribution.compile(self._step, jit_compile)
        self.finite = True
        self._names = []
        self._wants_stop = False
        self._stops = 0

    def __call__(self, batch):
        """The losses of this worker's part of a batch, as `Progress` has them (dict of floats)."""
        vector, stops = self._function(batch, float(self._wants_stop))
        size, *values = vector.numpy().tolist()
        self.finite = math.isfinite(size)
        self._stops = float(stops)
        return dict(zip(self._names, values, strict=True))

    def agree_to_stop(self, stop):
        """Whether to stop after this step (bool), the same answer in all workers.

        Args:
            stop: bool, whether this worker wants to stop. The others learn it in the next step.
        """
        if self._distribution.workers == 1:
            return stop
        self._wants_stop = stop
        return self._stops > 0

    def _step(self, batch):
        """A batch of uint8 images to a vector: the size of the gradients, then the losses."""
        inputs, targets = self._task.prepare(batch)
        with tf.GradientTape() as tape:
            outputs = self._task.paint(self._network, inputs)
            total, parts = self._task.loss(outputs, targets)
            # The optimizer sums the gradients of all devices: each must be its part of the mean.
            replicas = self._distribution.replicas
            part = total if replicas == 1 else total / replicas
        gradients = tape.gradient(part, self._variables)
        self._optimizer.apply(gradients, self._variables)
        self._names = ["total", *parts]
        # The sum of all absolute values is finite only if they are.
        size = tf.add_n([tf.reduce_sum(tf.abs(each)) for each in gradients if each is not None])
        return tf.stack([size, total, *parts.values()])


@contextlib.contextmanager
def layer_precision(mixed):
    """Layers made inside compute in bfloat16 with float32 variables, if `mixed`."""
    before = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
