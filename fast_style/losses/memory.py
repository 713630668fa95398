"""What the loss network needs of memory, and images that it could never hold."""

from fast_style.machine import tensorflow_memory

# Bytes for each pixel, at the least: a pass through VGG to block 4 takes 980, and with its gradient
# to block 5, 3,250, on two cores (shallower layers take less).
_FORWARD, _BACKWARD = 700, 2000
_CHANNELS = 64  # of the first layers, whose tensors are the largest


def check_fits(what, pixels, advice, gradient=False):
    """Checks that an image fits in memory before TensorFlow sees it.

    Args:
        what: the image, for the message.
        pixels: int, height * width.
        advice: what to lower, for the message.
        gradient: bool, whether the gradient with respect to the image is needed, too.

    Raises:
        OutOfMemory: it does not.
    """
    needed = pixels * (_BACKWARD if gradient else _FORWARD)
    tensorflow_memory.check_fits(what, needed, _CHANNELS * pixels, advice)
