"""The loss of a picture and its gradient with respect to the pixels (Gatys et al. 2015, eq. 7)."""

import numpy as np
import tensorflow as tf

from fast_style.errors import UserError

LOSSES = ("total", "content", "style", "tv")


def batch(image):
    """uint8 `[H, W, 3]` as float32 `[1, H, W, 3]`."""
    return tf.cast(image[None], tf.float32)


class Diverged(UserError, ArithmeticError):
    """The loss or its gradient became NaN or infinite.

    Attributes:
        image: uint8 RGB `[H, W, 3]`, the best picture before that, or None if there is none.
    """

    image = None


class Objective:
    """Value and gradient of a loss, for pictures of one size.

    The features of the content image are computed once, here; each call is one pass through the
    loss network and back, in a function that is traced once.

    Args:
        loss: a `fast_style.losses.perceptual.PerceptualLoss`.
        content: float32 RGB `[1, H, W, 3]`, 0..255, the content image at that size.
        jit_compile: bool, whether XLA compiles the function.

    Attributes:
        shape: (1, H, W, 3), the shape of the pictures.
        evaluations: int, number of calls.
    """

    def __init__(self, loss, content, jit_compile=False):
        self.shape = tuple(content.shape)
        self.evaluations = 0
        targets = loss.content_targets(content)

        def evaluate(image):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(image)
                total, parts = loss(image, targets)
            losses = tf.stack([total, *(parts[name] for name in LOSSES[1:])])
            return tape.gradient(total, image), losses

        self._function = tf.function(
            evaluate,
            input_signature=[tf.TensorSpec(self.shape, tf.float32)],
            jit_compile=jit_compile,
        )

    def __call__(self, image):
        """Evaluates one picture.

        Args:
            image: float `[1, H, W, 3]`, RGB, about 0..255.

        Returns:
            The gradient of the total, a float32 array of the same shape, and a dict of floats:
            "total", and the unweighted "content", "style" and "tv".

        Raises:
            Diverged: the total or its gradient is NaN or infinite.
        """
        self.evaluations += 1
        gradient, losses = self._function(tf.cast(image, tf.float32))
        gradient, losses = gradient.numpy(), losses.numpy().tolist()
        if not (np.isfinite(losses[0]) and np.isfinite(gradient).all()):
            raise Diverged(f"the loss is {losses[0]} after {self.evaluations} evaluations")
        return gradient, dict(zip(LOSSES, losses, strict=True))
