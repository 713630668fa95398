"""The optimizers of training: Adam, and Muon for networks of convolutions."""

import keras
from keras import ops

# The quintic of K. Jordan et al., the steepest at 0 of those that bring singular values near 1, and
# their number of iterations.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_ROOT_MEAN_SQUARE = 0.2  # of an update, over the learning rate: J. Liu et al.


@keras.saving.register_keras_serializable("fast_style")
class Muon(keras.optimizers.Adam):
    """Muon for the kernels of convolutions, Adam for all other weights.

    The momentum of a kernel is reshaped to a matrix, `[height * width * channels in, channels
    out]`, and made orthogonal, its singular values all about 1: K. Jordan et al., "Muon: An
    optimizer for hidden layers in neural networks" (2024). The root mean square of an update is a
    fifth of the learning rate, about that of Adam, so that all weights can share one learning rate:
    J. Liu et al., "Muon is Scalable for LLM Training" (2025). Keras's own Muon supports matrices
    only.

    Args:
        learning_rate: float or a schedule.
        momentum: of the kernels' gradients, in [0, 1).
        **kwargs: of `keras.optimizers.Adam`.
    """

    def __init__(self, learning_rate=1e-3, momentum=0.95, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum

    def update_step(self, gradient, variable, learning_rate):
        if len(variable.shape) != 4:
            super().update_step(gradient, variable, learning_rate)
            return
        average = self._momentums[self._get_variable_index(variable)]
        self.assign(average, self.momentum * average + gradient)
        # Nesterov's momentum: the next average, should the next gradient be the same.
        direction = self.momentum * average + gradient
        matrix = ops.reshape(direction, (-1, direction.shape[-1]))
        update = orthogonalize(matrix) * (_ROOT_MEAN_SQUARE * max(matrix.shape) ** 0.5)
        learning_rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, learning_rate * ops.reshape(update, variable.shape))

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum}


def orthogonalize(matrix):
    """The nearest orthogonal matrix, roughly: the same singular vectors, values of 0.7 to 1.2.

    Args:
        matrix: float `[rows, columns]`.

    Returns:
        float `[rows, columns]`, by the Newton-Schulz iteration, without a decomposition.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else ops.transpose(matrix)
    x = x / (ops.norm(x) + 1e-7)
    a, b, c = _QUINTIC
    for _ in range(_ITERATIONS):
        gram = x @ ops.transpose(x)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else ops.transpose(x)


_OPTIMIZERS = {"adam": keras.optimizers.Adam, "muon": Muon}


def make_optimizer(settings, variables):
    """The optimizer that `RunSettings` name, with their learning rate, built for `variables`."""
    learning_rate = settings.learning_rate
    if settings.learning_rate_schedule == "cosine":
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, settings.steps)
    optimizer = _OPTIMIZERS[settings.optimizer](learning_rate)
    optimizer.build(variables)
    return optimizer
