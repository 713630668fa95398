"""Fast style transfer with perceptual losses (Johnson, Alahi, Fei-Fei, ECCV 2016)."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "LossNetwork": "fast_style.losses.loss_network",
        "LossSettings": "fast_style.losses.loss_settings",
        "Stylizer": "fast_style.painting.stylizer",
        "SuperResolutionLossSettings": "fast_style.losses.super_resolution",
        "SuperResolutionNet": "fast_style.networks.super_resolution_net",
        "SuperResolutionSettings": "fast_style.training.settings",
        "SuperResolutionTask": "fast_style.training.super_resolution_task",
        "TaskTrainer": "fast_style.training.trainer",
        "Trainer": "fast_style.training.trainer",
        "TrainingSettings": "fast_style.training.settings",
        "TransformNet": "fast_style.networks.transform_net",
    },
)
