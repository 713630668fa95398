"""What VGG's first convolution takes."""

import keras
import numpy as np
import pytest

from fast_style.losses.preprocessing import CAFFE, CAFFE_RGB, TORCHVISION


@pytest.fixture
def images(photo):
    return photo(6, 5)[None].astype("float32")


def test_caffe_is_that_of_keras_applications(images):
    expected = keras.applications.vgg16.preprocess_input(images.copy())
    np.testing.assert_array_equal(CAFFE(keras.ops.array(images)), expected)


def test_torchvision_normalizes_rgb(images):
    expected = (images / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(TORCHVISION(keras.ops.array(images)), expected, rtol=0, atol=1e-5)


def test_caffe_in_rgb_subtracts_the_mean_alone(images):
    expected = images - np.float32((123, 117, 104))
    np.testing.assert_array_equal(CAFFE_RGB(keras.ops.array(images)), expected)
