"""Padding against numpy.pad, on arrays and on tensors of unknown size."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fast_style.networks import padding


@pytest.mark.parametrize(("side", "expected"), [(1, 8), (8, 8), (9, 12), (12, 12), (13, 16)])
def test_sides_grow_to_a_multiple_and_to_the_smallest(side, expected):
    assert padding.padded_side(side, 4, 8) == expected
    assert int(padding.padded_side(tf.constant(side), 4, 8, ops)) == expected


@pytest.mark.parametrize("shape", [(5, 7, 3), (2, 5, 7, 3), (1, 1, 2), (6, 9, 1)])
def test_edges_are_repeated_as_numpy_does(shape):
    images = np.random.default_rng(0).integers(0, 256, shape).astype("float32")
    height, width = shape[-3:-1]
    border = [(0, 0)] * (len(shape) - 3) + [(0, 6 - height), (0, 9 - width), (0, 0)]
    expected = np.pad(images, border, mode="edge")
    np.testing.assert_array_equal(padding.pad_edges(images, 6, 9), expected)
    np.testing.assert_array_equal(padding.pad_edges(tf.constant(images), 6, 9, ops), expected)


def test_tensors_of_unknown_size_are_padded_in_a_graph():
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
    def pad(images):
        return padding.pad_to_multiple(images, 4, 8, ops)

    for height, width in ((1, 1), (8, 12), (9, 6)):
        images = np.random.default_rng(0).normal(size=(2, height, width, 3)).astype("float32")
        expected = padding.pad_to_multiple(images, 4, 8)
        assert min(expected.shape[1:3]) >= 8
        assert not any(side % 4 for side in expected.shape[1:3])
        np.testing.assert_array_equal(pad(images), expected)
        np.testing.assert_array_equal(expected[:, :height, :width], images)
