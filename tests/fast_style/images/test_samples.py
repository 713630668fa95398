"""Numbers of many kinds to 8 bits."""

import numpy as np
import pytest

from fast_style.images import samples


@pytest.mark.parametrize(
    "dtype, values, expected",
    [
        (np.uint8, [0, 7, 255], [0, 7, 255]),
        (np.uint16, [0, 256, 257, 32768, 65535], [0, 1, 1, 128, 255]),
        (np.uint32, [0, 2**31, 2**32 - 1], [0, 128, 255]),
        (np.float16, [0, 0.25, 1], [0, 64, 255]),
        (np.float64, [-1, 0.25, 1], [0, 64, 255]),
        (">u2", [0, 257, 65535], [0, 1, 255]),
    ],
)
def test_numbers_of_each_type_fill_its_range(dtype, values, expected):
    result = samples.to_uint8(np.array([values], dtype))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, [expected])


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floats_are_scaled_by_the_range_they_are_in(white):
    values = np.array([[0, 0.5, 1]], np.float32) * np.float32(white)
    np.testing.assert_array_equal(samples.to_uint8(values), [[0, 128, 255]])


def shades():
    return np.linspace(0, 1, 3000, dtype=np.float32).reshape(30, 100)


@pytest.mark.parametrize("light", [1.3, 40.0, 1e30, np.inf])
def test_one_light_beyond_white_leaves_the_others_as_they_are(light):
    values = shades()
    values[3, 4] = light
    result = samples.to_uint8(values)
    assert result[3, 4] == 255
    values[3, 4] = 1
    np.testing.assert_array_equal(result, np.rint(values * 255))


def test_a_bright_sky_beyond_white_is_clipped():
    values = shades() * 2.5
    np.testing.assert_array_equal(samples.to_uint8(values), np.rint(np.minimum(values, 1) * 255))


def test_a_night_in_whole_numbers_up_to_255():
    values = np.zeros((30, 100), np.float32)
    values[0] = 200
    np.testing.assert_array_equal(samples.to_uint8(values), values)


def test_what_is_not_a_number_is_black():
    values = shades()
    values[0, 5], values[0, 6] = np.nan, -np.inf
    result = samples.to_uint8(values)
    assert result[0, 5] == result[0, 6] == 0
    np.testing.assert_array_equal(result[1:], np.rint(values[1:] * 255))
    np.testing.assert_array_equal(samples.to_uint8(np.full((2, 2), np.nan, np.float32)), 0)
