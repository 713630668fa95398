"""The progress of a training run."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Progress:
    """The state of a run, passed to the callback after each step.

    Attributes:
        step, steps: number of steps done, and of all.
        losses: dict of floats: "total", the task's parts such as "content", and those of layers.
        images_per_second: float, mean over the latest steps.
        seconds: float, duration of this step, including `waiting`.
        waiting: float, seconds that it waited for its photographs.
    """

    step: int
    steps: int
    losses: dict
    images_per_second: float
    seconds: float
    waiting: float
