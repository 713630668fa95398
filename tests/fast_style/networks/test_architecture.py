"""A network without Keras against the network itself."""

import pytest

from fast_style.networks.architecture import Architecture
from fast_style.networks.transform_net import TransformNet

OPTIONS = [
    {},
    {"normalization": "batch", "residual_blocks": 1},
    {"normalization": "none", "residual_blocks": 0},
    {"upsampling": "transpose", "strided_kernel": 4, "residual_blocks": 2},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_shapes_are_those_of_the_network(options):
    network = TransformNet(width=4, **options)
    network.build()
    shapes = Architecture(width=4, **options).weight_shapes
    assert sorted(shapes.values()) == sorted(tuple(weight.shape) for weight in network.weights)
    assert shapes["up1/conv/kernel"] == tuple(network.up1.conv.kernel.shape)


def test_moments_have_a_place_for_each_channel_of_each_instance_normalization():
    architecture = Architecture(width=2, residual_blocks=1)
    places = architecture.normalized
    assert list(places) == [
        *("down1", "down2", "down3", "residual1/first", "residual1/second", "up1", "up2")
    ]
    assert [place.stop - place.start for place in places.values()] == [2, 4, 8, 8, 8, 4, 2]
    assert architecture.normalized_channels == 36
    assert Architecture(normalization="batch").normalized == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("normalization", "layer"),
        ("padding", "same"),
        ("upsampling", "bilinear"),
        ("output", "sigmoid"),
        ("strided_kernel", 5),
        ("width", 0),
        ("width", 10**9),
        ("residual_blocks", -1),
        ("residual_blocks", 2.0),
    ],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        Architecture(**{name: value})
