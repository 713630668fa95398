"""Minimizing an `Objective` over the pixels, by L-BFGS or Adam.

Both have `minimize(objective, image, steps, report)`. `report(image, losses)` is called after each
step with the picture, float `[1, H, W, 3]`, which the optimizer does not change later, and its
losses; once it returns True the optimizer stops.
"""

import keras
import numpy as np
import tensorflow as tf

from fast_style.errors import InvalidValue

WHITE = 255.0


class Lbfgs:
    """SciPy's L-BFGS-B, the optimizer of the paper's authors.

    TensorFlow Probability's `lbfgs_minimize` was measured as well: after 100 steps the same loss to
    half a percent, from 281 evaluations against 106 (its line search takes two more for each step),
    and it can't report or stop in between. Clipping is left to the method's own bounds, which also
    saves evaluations in the first steps. Nothing is carried over to another image size: SciPy does
    not expose its state.

    Args:
        clip: bool, whether pixels stay within 0..255.
        history: number of corrections that approximate the Hessian, 16 bytes each for every colour
            value; 20 lower the loss after 100 steps by 3 % against 10, for twice the memory.
    """

    def __init__(self, clip=True, history=10):
        _import_scipy()
        self.clip = clip
        self.history = history

    def minimize(self, objective, image, steps, report):
        """See the module.

        Raises:
            gatys.objective.Diverged: from `objective`.
        """
        gradient, losses = objective(image)
        # The method's first step is the gradient itself: scaled to 10 pixel values on average.
        scale = 10 / (np.sqrt(np.mean(np.square(gradient, dtype=np.float64))) or 1.0)
        known = (gradient, losses)  # SciPy evaluates the start again
        done, stopped = 0, False

        def evaluate(x):
            nonlocal known, losses
            gradient, losses = known or objective(x.reshape(objective.shape))
            known = None
            return scale * losses["total"], scale * gradient.ravel().astype(np.float64)

        def step(intermediate_result):
            nonlocal done, stopped
            done += 1
            # A copy, since SciPy writes into its x. Its line search accepted the last evaluation.
            picture = intermediate_result.x.astype(np.float32).reshape(objective.shape)
            stopped = report(picture, losses)
            if stopped:
                raise StopIteration

        x = np.asarray(image, np.float64).ravel()
        while done < steps and not stopped:
            before = done
            x = (
                _import_scipy()
                .minimize(
                    evaluate,
                    x,
                    jac=True,
                    method="L-BFGS-B",
                    bounds=[(0, WHITE)] * x.size if self.clip else None,
                    callback=step,
                    options={
                        "maxiter": steps - done,
                        "maxfun": 100 * steps,  # far above the one or two that a step takes
                        "maxcor": self.history,
                        "ftol": 0,
                        "gtol": 0,
                    },
                )
                .x
            )
            # In float32 a line search may fail to find a lower value; restarted, it may succeed.
            if done == before:
                break


class Adam:
    """Keras's Adam, clipped to 0..255 after each step.

    At another image size it continues with its moments, resized as the picture is.

    Args:
        learning_rate: float, in pixel values.
        clip: bool, whether pixels stay within 0..255.
    """

    def __init__(self, learning_rate, clip=True):
        self.clip = clip
        self._learning_rate = float(learning_rate)
        self._optimizer = None

    def minimize(self, objective, image, steps, report):
        """See the module.

        Raises:
            gatys.objective.Diverged: from `objective`.
        """
        picture = keras.Variable(tf.cast(image, tf.float32), name="picture")
        optimizer = self._optimizer = self._resumed(picture)
        gradient, _ = objective(picture.value)
        for _ in range(steps):
            optimizer.apply([tf.constant(gradient)], [picture])
            if self.clip:
                picture.assign(tf.clip_by_value(picture.value, 0, WHITE))
            gradient, losses = objective(picture.value)
            if report(np.array(picture.value), losses):
                return

    def _resumed(self, picture):
        """An optimizer of `picture` with the moments of the last one, if there was one."""
        optimizer = keras.optimizers.Adam(self._learning_rate)
        optimizer.build([picture])
        if self._optimizer is not None:
            for new, old in zip(optimizer.variables, self._optimizer.variables, strict=True):
                # Bilinear: the second moments stay positive.
                same = new.shape == old.shape
                new.assign(old if same else tf.image.resize(old.value, new.shape[1:3]))
        return optimizer


def _import_scipy():
    try:
        from scipy import optimize
    except ImportError as error:
        raise InvalidValue(
            "`optimizer` lbfgs: its package, a part of every installation, is missing: "
            "pip install scipy, or choose adam"
        ) from error
    return optimize
