"""Stylizing or enlarging images with a trained network: one forward pass."""

import numpy as np
import tensorflow as tf

from fast_style import checkpoint


class Stylizer:
    """Paints, or enlarges, uint8 images of any size with one network.

    The network is traced once, for images of every size; with `jit_compile` XLA compiles it for
    each size anew.

    Args:
        network: a `TransformNet` or `SuperResolutionNet`.
        jit_compile: bool, whether XLA compiles the network.
        description: dict from the network's JSON, kept as `description`.
    """

    def __init__(self, network, jit_compile=False, description=None):
        self.network = network
        self.description = description or {}
        self._function = tf.function(
            self._forward,
            input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)],
            jit_compile=jit_compile,
        )

    @classmethod
    def load(cls, prefix, jit_compile=False, task=None):
        """A `Stylizer` for the checkpoint at `prefix`, such as "checkpoints/ckpt-done".

        `task` is what the network must have been trained for, or None for any.

        Raises:
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoint.CheckpointError: it is damaged, or of another task.
        """
        network, description = checkpoint.load_network(prefix, task)
        return cls(network, jit_compile, description)

    @property
    def factor(self):
        """How many times as large the output is: 1 unless the network is for super-resolution."""
        return getattr(self.network, "factor", 1)

    def prepare(self):
        """Traces the network, which the first call does otherwise (about a second).

        With `jit_compile` the first image of each size is still compiled when it comes.
        """
        self._function(np.zeros((1, 8, 8, 3), np.uint8))

    def __call__(self, images):
        """Stylizes one image or a batch.

        Args:
            images: uint8 RGB `[H, W, 3]` or `[N, H, W, 3]`.

        Returns:
            uint8 RGB of the same shape, but `factor` times as high and wide.

        Raises:
            ValueError: another dtype or shape.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[-1] != 3:
            raise ValueError(
                "`images` must be uint8 [H, W, 3] or [N, H, W, 3]; received "
                f"{images.dtype} {list(images.shape)}"
            )
        if 0 in images.shape:
            raise ValueError(f"`images` must not be empty; received shape {list(images.shape)}")
        batch = images if images.ndim == 4 else images[None]
        stylized = self._function(batch).numpy()
        return stylized if images.ndim == 4 else stylized[0]

    def _forward(self, images):
        return to_uint8(self.network(tf.cast(images, tf.float32), training=False))


def to_uint8(images):
    """Rounds and clips float images of 0..255 to uint8."""
    return tf.cast(tf.clip_by_value(tf.round(images), 0, 255), tf.uint8)
