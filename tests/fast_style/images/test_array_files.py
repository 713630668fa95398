"""Portable float maps."""

import numpy as np
import pytest

from fast_style import images


def pfm(values, order="<", scale=1.0):
    height, width, channels = values.shape
    sign = -1 if order == "<" else 1
    head = f"P{'F' if channels == 3 else 'f'}\n{width} {height}\n{sign * scale}\n".encode()
    return head + values[::-1].astype(f"{order}f4").tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_of_a_float_map(channels, order):
    values = np.random.default_rng(0).random((7, 11, channels))
    values[2, 3] = 1.7
    picture = images.decode(pfm(values, order))
    expected = np.broadcast_to(np.minimum(values, 1) * 255, (7, 11, 3))
    assert np.abs(picture.rgb - expected).max() <= 0.51


def test_a_cut_float_map_is_one_line():
    data = pfm(np.zeros((7, 11, 3)))
    for cut in (data[:-1], data[:14], data[:6], b"PF\n0 5\n-1.0\n"):
        with pytest.raises(images.ImageError, match=r"^x\.pfm: not a readable image \(.+\)$"):
            images.decode(cut, "x.pfm")


def test_a_huge_float_map_is_refused_by_its_header():
    with pytest.raises(images.ImageError, match="over the limit"):
        images.decode(b"PF\n60000 60000\n-1.0\n" + bytes(100))
