"""Fast style transfer with perceptual losses (Johnson, Alahi, Fei-Fei, ECCV 2016)."""

import importlib

_EXPORTS = {
    "LossNetwork": "fast_style.loss_net",
    "LossSettings": "fast_style.losses",
    "Stylizer": "fast_style.inference",
    "Trainer": "fast_style.training",
    "TrainingSettings": "fast_style.settings",
    "TransformNet": "fast_style.transform_net",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name):
    # TensorFlow takes seconds to import: each name loads its module when it is first asked for.
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__():
    return sorted({*globals(), *__all__})
