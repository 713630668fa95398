"""Fast style transfer with perceptual losses (Johnson, Alahi, Fei-Fei, ECCV 2016)."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "LossNetwork": "fast_style.loss_net",
        "LossSettings": "fast_style.losses",
        "Stylizer": "fast_style.inference",
        "Trainer": "fast_style.training",
        "TrainingSettings": "fast_style.settings",
        "TransformNet": "fast_style.transform_net",
    },
)
