"""What a training run's result depends on, beside its images."""

import dataclasses
import re

from fast_style.losses import LossSettings

SCHEDULES = ("constant", "cosine")


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; what its result depends on, but for the images.

    Attributes:
        steps: parameter updates.
        image_size: side of the training crops, pixels.
        batch_size: crops in a step.
        learning_rate: of Adam.
        learning_rate_schedule: "constant", or "cosine", which falls to 0 at the last step.
        seed: of the initial weights, the order of the photographs, crops and flips.
        zoom: see `data.photos.Photos`.
        style_size: long side to which the painting is resized, pixels: larger gives larger
            strokes; 0 keeps its own size.
        losses: a `LossSettings`.
        network: options of `TransformNet` that differ from its defaults.
        loss_network: "vgg16" or "vgg19".
        vgg_weights: "imagenet" or the path of a Keras weights file.
        init_from: prefix of a trained network to start from, or "".
        mixed_precision: whether convolutions compute in bfloat16. Variables, the picture, its Gram
            matrices and losses stay float32.
    """

    steps: int = 40_000
    image_size: int = 256
    batch_size: int = 4
    learning_rate: float = 1e-3
    learning_rate_schedule: str = "constant"
    seed: int = 0
    zoom: float = 2.0
    style_size: int = 640
    losses: LossSettings = LossSettings()
    network: dict = dataclasses.field(default_factory=dict)
    loss_network: str = "vgg16"
    vgg_weights: str = "imagenet"
    init_from: str = ""
    mixed_precision: bool = False

    def __post_init__(self):
        for name, least in (("steps", 1), ("batch_size", 1), ("seed", 0), ("style_size", 0)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"`{name}` must be at least {least}; received {getattr(self, name)}"
                )
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"`learning_rate` must be positive; received {self.learning_rate}")
        if self.learning_rate_schedule not in SCHEDULES:
            raise ValueError(
                f"`learning_rate_schedule` must be one of {', '.join(SCHEDULES)}; "
                f"received {self.learning_rate_schedule!r}"
            )
        check_size("image_size", self.image_size, self.losses.layers)


def smallest_side(layers):
    """Pixels that the shorter side of an image must have for features at all of `layers`."""
    # Each block but the first follows a pooling; unknown names are the loss network's to refuse.
    block = max(
        [1, *(int(match[1]) for match in map(re.compile(r"block([1-5])_").match, layers) if match)]
    )
    return 2 ** (block - 1)


def check_size(name, size, layers):
    """Raises `ValueError` where an image of `size` pixels has no features left at some layer."""
    smallest = smallest_side(layers)
    if size < smallest:
        raise ValueError(
            f"`{name}` must be at least {smallest} for the features of "
            f"block{smallest.bit_length()}; received {size}"
        )
