"""PNG of each colour type and depth, with one transparent colour and without."""

import numpy as np
import pytest

from benchmarks.format_matrix import png_cases
from fast_style import images


@pytest.mark.parametrize("case", png_cases(), ids=lambda case: case.name)
def test_colours_and_transparency(case):
    picture = images.decode(case.data)
    assert np.abs(picture.rgb - case.rgb).max() <= 1
    alpha = 255 if picture.alpha is None else picture.alpha.astype(int)
    assert np.abs(alpha - (255 if case.alpha is None else case.alpha)).max() <= 1
