"""How far a training run is."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run is, handed to the callback after each step.

    Attributes:
        step, steps: steps done and wanted.
        losses: dict of floats: "total", the task's parts such as "content", and by layer.
        images_per_second: of the latest steps.
        seconds: that this step took, waiting included.
        waiting: seconds that it waited for its photographs.
    """

    step: int
    steps: int
    losses: dict
    images_per_second: float
    seconds: float
    waiting: float
