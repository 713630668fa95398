"""The settings of a training run: everything its result depends on but the images."""

import dataclasses

from data.degradation import DEGRADATIONS
from fast_style.errors import InvalidValue, check_at_least, check_choice, check_positive
from fast_style.losses.distillation import DistillationLossSettings
from fast_style.losses.loss_network import check_size
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.super_resolution import SuperResolutionLossSettings
from fast_style.networks.super_resolution_net import check_factor

SCHEDULES = ("constant", "cosine")
OPTIMIZERS = ("adam", "muon")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The settings that runs of every task have.

    Attributes:
        steps: parameter updates.
        image_size: side of the training crops, pixels.
        batch_size: crops in a step.
        optimizer: "adam", or "muon", see `fast_style.training.optimizer`.
        learning_rate: of the optimizer.
        learning_rate_schedule: "constant", or "cosine", which falls to 0 at the last step.
        seed: of the initial weights, the order of the photographs, crops and flips.
        losses: dataclass with `layers`, those of the loss network that it needs.
        network: options of the network that differ from its defaults.
        loss_network: "vgg16" or "vgg19".
        vgg_weights: "imagenet" or the path of a file that `LossNetwork` takes.
        init_from: prefix of a trained network to start from, or "".
        mixed_precision: whether convolutions compute in bfloat16. Variables, the picture, its Gram
            matrices and losses stay float32.
    """

    steps: int
    image_size: int
    batch_size: int = 4
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    learning_rate_schedule: str = "constant"
    seed: int = 0
    losses: object
    network: dict = dataclasses.field(default_factory=dict)
    loss_network: str = "vgg16"
    vgg_weights: str = "imagenet"
    init_from: str = ""
    mixed_precision: bool = False

    def __post_init__(self):
        for name, least in (("steps", 1), ("batch_size", 1), ("seed", 0)):
            check_at_least(name, getattr(self, name), least)
        check_positive("learning_rate", self.learning_rate)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("learning_rate_schedule", self.learning_rate_schedule, SCHEDULES)
        check_size("image_size", self.image_size, self.losses.layers)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingSettings(RunSettings):
    """How a network is trained for a painting (Johnson et al. 2016, section 4.1).

    Attributes:
        losses: a `LossSettings`.
        zoom: see `data.photos.Photos`.
        style_size: long side to which the painting is resized, pixels: larger gives larger
            strokes; 0 keeps its own size.
    """

    steps: int = 40_000
    image_size: int = 256
    losses: LossSettings = LossSettings()
    zoom: float = 2.0
    style_size: int = 640

    def __post_init__(self):
        check_at_least("style_size", self.style_size, 0)
        super().__post_init__()


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistillationSettings(RunSettings):
    """How a small network learns to paint as a larger one does.

    Attributes:
        losses: a `DistillationLossSettings`.
        zoom: see `data.photos.Photos`.
    """

    steps: int = 20_000
    image_size: int = 256
    losses: DistillationLossSettings = DistillationLossSettings()
    zoom: float = 2.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class SuperResolutionSettings(RunSettings):
    """How a network is trained to enlarge.

    The defaults are those of Johnson et al. 2016, section 4.2, but for the learning rate: without
    normalization its 1e-3 leaves dead ReLUs, and the output is bicubic enlargement alone.

    Attributes:
        losses: a `SuperResolutionLossSettings`.
        factor: how many times as large the output is: 2, 4, 8 or 16.
        degradation: how photographs are downscaled, see `data.degradation.degrade`.
    """

    steps: int = 200_000
    image_size: int = 288
    learning_rate: float = 2e-4
    losses: SuperResolutionLossSettings = SuperResolutionLossSettings()
    factor: int = 4
    degradation: str = "blur"

    def __post_init__(self):
        check_factor(self.factor)
        check_choice("degradation", self.degradation, DEGRADATIONS)
        super().__post_init__()
        if self.image_size < 1 or self.image_size % self.factor:
            raise InvalidValue(
                f"`image_size` must be a multiple of `factor`, {self.factor}; "
                f"received {self.image_size}"
            )
