"""Portable float maps, and their relatives of integers."""

import numpy as np
import pytest

from benchmarks.format_matrix import netpbm_cases, parts, pfm
from fast_style import images


@pytest.mark.parametrize("case", netpbm_cases(), ids=lambda case: case.name)
def test_pixels(case):
    assert np.abs(images.decode(case.data).rgb - case.rgb).max() <= 1


def test_a_light_beyond_white():
    values = parts(3)
    values[2, 3] = 1.7
    expected = np.minimum(values, 1) * 255
    assert np.abs(images.decode(pfm(values)).rgb - expected).max() <= 0.51


def test_a_cut_float_map_is_one_line():
    data = pfm(np.zeros((7, 11, 3)))
    for cut in (data[:-1], data[:14], data[:6], b"PF\n0 5\n-1.0\n"):
        with pytest.raises(images.ImageError, match=r"^x\.pfm: not a readable image \(.+\)$"):
            images.decode(cut, "x.pfm")


def test_a_huge_float_map_is_refused_by_its_header():
    with pytest.raises(images.ImageError, match="over the limit"):
        images.decode(b"PF\n60000 60000\n-1.0\n" + bytes(100))
