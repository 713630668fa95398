"""Segments, one after the other, compute what the network does."""

import pytest

from fast_style.networks.architecture import Architecture
from fast_style.painting.segments import compute, segments

ARCHITECTURES = [
    Architecture(residual_blocks=2),
    Architecture(residual_blocks=0),
    Architecture(residual_blocks=1, normalization="batch"),
]


class Numbers:
    """Operations on numbers in place of tensors: each convolution adds its own, then doubles."""

    def __init__(self, architecture):
        self.order = {name: n for n, name in enumerate(architecture.convolutions, 1)}

    def from_pixels(self, x):
        return x

    def to_pixels(self, x):
        return x

    def add(self, x, y):
        return x + y

    def convolve(self, name, x):
        return 2 * (x + self.order[name])

    def finish(self, name, raw):
        return raw - 3 * self.order[name]

    def moments(self, x):
        return ("moments", x)


def whole(architecture, x):
    """The network without segments; also what each convolution gives."""
    operations, given = Numbers(architecture), {}
    for name in architecture.convolutions:
        if name.endswith("/first"):
            entering = x
        given[name] = operations.convolve(name, x)
        x = given[name] if name == "out" else operations.finish(name, given[name])
        if name.endswith("/second"):
            x += entering
    return x, given


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_segments_compute_what_the_whole_network_does(architecture):
    expected, given = whole(architecture, 5)
    held, measured = {"pixels": 5}, {}
    for segment in segments(architecture):
        inputs = {name: held[name] for name in segment.inputs}
        outputs = compute(segment, inputs, Numbers(architecture))
        assert tuple(outputs) == segment.outputs
        if "moments" in outputs:
            measured[segment.name] = outputs.pop("moments")
        if segment.name != "out":
            assert "pixels" not in outputs
        held |= outputs
    assert held["pixels"] == expected
    # The input of every instance normalization is measured, and of no other.
    assert measured == {name: ("moments", given[name]) for name in architecture.normalized}


def test_known_moments_leave_only_the_segments_that_hand_on_features():
    names = [segment.name for segment in segments(Architecture(residual_blocks=1), measure=False)]
    assert names == ["down3", "residual1/first", "residual1/second", "up1", "out"]
