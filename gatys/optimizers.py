"""Minimizing an `Objective` over the pixels: L-BFGS and Adam behind one method.

Both have `minimize(objective, image, steps, report)`. `report(image, losses)` is called after each
step with the picture, float `[1, H, W, 3]`, which is the receiver's to keep, and its losses; once
it returns True the optimizer stops.
"""

import keras
import numpy as np
import tensorflow as tf

from fast_style.errors import InvalidValue

WHITE = 255.0


class Lbfgs:
    """SciPy's L-BFGS-B, the optimizer of the paper's authors.

    Measured against TensorFlow Probability's `lbfgs_minimize`: after 100 steps the same loss to
    half a percent, from 106 evaluations against 281 (its line search takes two more for each
    step), and it can't be told to report or stop from Python. Clipping is left to the method's own
    bounds, which also spares evaluations in the first steps. Nothing is carried over to another
    image size: SciPy does not give its state away.

    Args:
        clip: bool, whether pixels stay within 0..255.
        history: number of corrections that approximate the Hessian; 20 gain 3 % in the loss after
            100 steps over 10 and cost twice the memory (16 bytes a colour value each).
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
        # The method's first step is the gradient itself: to a scale that suits pixels.
        scale = 10 / (np.sqrt(np.mean(np.square(gradient, dtype=np.float64))) or 1.0)
        known = (gradient, losses)  # it asks for the start again
        done, stopped = 0, False

        def evaluate(x):
            nonlocal known, losses
            gradient, losses = known or objective(x.reshape(objective.shape))
            known = None
            return scale * losses["total"], scale * gradient.ravel().astype(np.float64)

        def step(intermediate_result):
            nonlocal done, stopped
            done += 1
            # SciPy goes on to write into its x. The line search took what it evaluated last.
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
                        "maxfun": 100 * steps,
                        "maxcor": self.history,
                        "ftol": 0,
                        "gtol": 0,
                    },
                )
                .x
            )
            # In float32 a line search may find no lower value; without its memory it may go on.
            if done == before:
                break


class Adam:
    """Keras's Adam, clipped to 0..255 after each step.

    At another image size the moments are resized with the picture, and it goes on.

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
