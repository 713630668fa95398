"""Whether a network is still made of numbers, before it is called good."""

import keras
import numpy as np

_SIDE = 32  # pixels of the image that is painted on trial; every network can paint it


def all_finite(variables):
    """Whether no number in variables is NaN or infinite (bool)."""
    return all(np.isfinite(np.asarray(variable, np.float32)).all() for variable in variables)


def is_good(network, optimizer):
    """Whether a network that is trained can be called good (bool).

    Its weights and the optimizer's moments are finite, and so is what it makes of noise, in each of
    its styles: weights that are finite, but far too large, make pictures that are not.
    """
    if not all_finite([*network.variables, *optimizer.variables]):
        return False
    styles = getattr(network, "styles", 1)
    noise = np.random.default_rng(0).uniform(0, 255, (styles, _SIDE, _SIDE, 3))
    options = {"styles": np.eye(styles, dtype=np.float32)} if styles > 1 else {}
    picture = network(noise.astype(np.float32), **options)
    return bool(np.isfinite(keras.ops.convert_to_numpy(picture)).all())
