"""The super-resolution network as training, inference and checkpoints call it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_style.networks.super_resolution_net import SuperResolutionNet
from tests.checks import (
    assert_gradients_reach_all_weights,
    build,
    copy_through_json,
    floats,
    randomize,
    run_layer_test,
)

SMALL = {"factor": 4, "width": 4, "residual_blocks": 1}


def small_net(seed=0, **options):
    return build(SuperResolutionNet, seed, **{**SMALL, **options})


def test_network_contract():
    options = {
        "factor": 4,
        "width": 4,
        "residual_blocks": 2,
        "normalization": "batch",
        "padding": "zero",
        "upsampling": "transpose",
        "skip": False,
    }
    # 8 convolutions with kernel and bias, 7 of them normalized.
    run_layer_test(SuperResolutionNet, options, (2, 6, 9, 3), (2, 24, 36, 3), 8 * 2 + 7 * 2, 7 * 2)


@pytest.mark.parametrize(("factor", "stages"), [(2, 1), (4, 2), (8, 3), (16, 4)])
def test_parameters_are_those_of_the_papers_table(factor, stages):
    net = SuperResolutionNet(factor)
    net.build()
    ends = 9 * 9 * 3 * 64 + 64 + 9 * 9 * 64 * 3 + 3
    assert net.count_params() == ends + (4 * 2 + stages) * (3 * 3 * 64 * 64 + 64)


@pytest.mark.parametrize("upsampling", ["nearest", "transpose"])
@pytest.mark.parametrize("skip", [True, False])
def test_one_graph_makes_every_size_factor_times_as_large(photo, upsampling, skip):
    net = randomize(small_net(upsampling=upsampling, skip=skip), scale=0.1)
    signature = tf.TensorSpec([None, None, None, 3], tf.float32)
    graph = tf.function(net, input_signature=[signature])
    for height, width in [(1, 1), (3, 20), (5, 5), (17, 9)]:
        images = floats(photo(height, width))
        output = graph(images)
        assert output.shape == (1, 4 * height, 4 * width, 3)
        np.testing.assert_allclose(output, net(images), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_fresh_network_enlarges_bicubically(photo, factor):
    picture = photo(12, 20)
    output = np.asarray(small_net(factor=factor)(floats(picture)))[0]
    size = (20 * factor, 12 * factor)
    expected = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC), float)
    # At the border Pillow leaves out what lies beyond, where MATLAB mirrors.
    inside = (slice(2 * factor, -2 * factor),) * 2
    # Pillow rounds and clips between rows and columns.
    unclipped = (expected > 5) & (expected < 250)
    difference = np.abs(output - expected)[inside][unclipped[inside]]
    assert np.median(difference) < 0.5
    assert difference.mean() < 1


def test_a_flat_image_stays_flat_to_its_border():
    output = np.asarray(small_net()(np.full((1, 5, 6, 3), 90, "float32")))
    np.testing.assert_allclose(output, 90, atol=1e-3)


def test_without_skip_a_fresh_network_starts_from_the_middle_of_the_range(photo):
    output = np.asarray(small_net(skip=False)(floats(photo())))
    assert 100 < output.mean() < 155


def test_half_precision_keeps_the_pixels_of_the_skip(photo):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = small_net()
    finally:
        keras.config.set_dtype_policy(policy)
    output = half(floats(photo()))
    assert output.dtype == tf.float32
    np.testing.assert_allclose(output, small_net()(floats(photo())), atol=1e-2)


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
@pytest.mark.parametrize("upsampling", ["nearest", "transpose"])
def test_gradient_reaches_every_trainable_weight(photo, normalization, upsampling):
    net = randomize(small_net(normalization=normalization, upsampling=upsampling), scale=0.1)
    images, targets = floats(photo(8, 8, 1), photo(8, 8, 2)), floats(photo(32, 32), photo(32, 32))
    assert_gradients_reach_all_weights(net, images, targets)


def test_xla_compiles_it(photo):
    net = small_net()
    graph = tf.function(net, jit_compile=True)
    images = floats(photo(8, 8))
    np.testing.assert_allclose(graph(images), net(images), rtol=1e-4, atol=1e-2)


def test_config_through_json_makes_the_same_network(photo):
    net = randomize(small_net(upsampling="transpose", skip=False, factor=2), scale=0.1)
    copy = copy_through_json(net)
    np.testing.assert_array_equal(copy(floats(photo())), net(floats(photo())))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"factor": 3}, "`factor` must be a power of two from 2 to 16; received 3"),
        ({"factor": 1}, "`factor` must be a power of two from 2 to 16; received 1"),
        ({"factor": 32}, "received 32"),
        ({"factor": "4"}, "received '4'"),
        ({"factor": 4.0}, "received 4.0"),
        ({"factor": []}, r"received \[\]"),
        ({"skip": 1}, "`skip` must be True or False; received 1"),
        ({"width": 0}, "`width` must be an integer from 1 to 512; received 0"),
        ({"residual_blocks": 65}, "`residual_blocks` must be an integer from 0 to 64"),
        ({"normalization": "layer"}, "`normalization` must be one of"),
        ({"upsampling": "cubic"}, "`upsampling` must be one of"),
        ({"padding": "same"}, "`padding` must be one of"),
    ],
)
def test_an_impossible_option_is_named(option, message):
    with pytest.raises(ValueError, match=message):
        SuperResolutionNet(**{**SMALL, **option})


def test_images_that_are_not_rgb_are_refused():
    with pytest.raises(ValueError, match=r"`images` must have 3 channels.*received 4"):
        SuperResolutionNet(**SMALL)(np.zeros((1, 8, 8, 4), "float32"))
