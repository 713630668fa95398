"""The losses of distillation: a network's pictures against those of its teacher."""

import dataclasses

from fast_style.losses.super_resolution import SuperResolutionLossSettings


@dataclasses.dataclass(frozen=True)
class DistillationLossSettings(SuperResolutionLossSettings):
    """The layers and weights of the losses, which are those of super-resolution.

    Here the teacher's picture is the wanted one. By default pixels alone are compared, which needs
    no loss network and takes a small part of the time; `content_weight` adds one.
    """

    content_weight: float = 0.0
    pixel_weight: float = 1.0
