"""Segments, one after the other, compute what the network does."""

import numpy as np
import pytest

from fast_style.networks.architecture import Architecture
from fast_style.painting.segments import (
    border_of,
    compute,
    half_factors,
    segments,
    waiting,
)

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

    def moments(self, name, x):
        return ("moments", name, x)

    def masked(self, name, x):
        return x

    def pack(self, name, x):
        return ("packed", name, x)

    def unpack(self, name, packed):
        assert packed[:2] == ("packed", name)
        return packed[2]


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
    assert measured == {name: ("moments", name, given[name]) for name in architecture.normalized}


def test_known_moments_are_not_measured():
    found = segments(Architecture(residual_blocks=1), measure=False)
    assert not any("moments" in segment.outputs for segment in found)
    assert [segment.name for segment in found] == list(Architecture(residual_blocks=1).convolutions)


def test_borders_are_those_of_the_kernels():
    network = Architecture(padding="zero", strided_kernel=4, upsampling="transpose")
    assert border_of(network, "down1") == (4, "zero")
    assert border_of(network, "down2") == (1, "zero")
    assert border_of(network, "up1") == (1, "zero")
    assert border_of(Architecture(), "out") == (4, "reflect")
    # What nearest neighbour repeats, mirrored, is the edge.
    assert border_of(Architecture(), "up2") == (1, "edge")


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1, 1e9])
def test_features_of_any_size_fit_float16(size):
    architecture = Architecture()
    weights = {
        name: np.full(shape, size if "conv" in name else 1, np.float64)
        for name, shape in architecture.weight_shapes.items()
    }
    factors = half_factors(architecture, weights.__getitem__)
    assert set(factors) == {"down1", "up2"}
    for name, largest, usual in (("down1", 255, 10), ("up2", 2**15, 1)):
        taps = np.abs(weights[f"{name}/conv/kernel"]).sum((0, 1, 2)).max()
        assert largest * taps * factors[name] < np.finfo(np.float16).max
        # Many usual numbers together lie where float16 has all its digits.
        assert usual * taps * factors[name] > 2**10 * np.finfo(np.float16).smallest_normal / 2**6
        assert np.log2(factors[name]) % 1 == 0


def test_only_full_resolution_waits_in_float16():
    kinds = {name: waiting(Architecture(), name)[2] for name in Architecture().convolutions}
    assert {name for name, kind in kinds.items() if kind == np.float16} == {"down1", "up2"}
    assert waiting(Architecture(normalization="none"), "down1")[2] == np.float32
