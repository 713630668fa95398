"""Fast style transfer with perceptual losses (Johnson, Alahi, Fei-Fei, ECCV 2016)."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "LossNetwork": "fast_style.loss_net",
        "LossSettings": "fast_style.losses",
        "Stylizer": "fast_style.inference",
        "SuperResolutionLossSettings": "fast_style.super_resolution_loss",
        "SuperResolutionNet": "fast_style.super_resolution_net",
        "SuperResolutionSettings": "fast_style.settings",
        "SuperResolutionTask": "fast_style.tasks",
        "TaskTrainer": "fast_style.training",
        "Trainer": "fast_style.training",
        "TrainingSettings": "fast_style.settings",
        "TransformNet": "fast_style.transform_net",
    },
)
