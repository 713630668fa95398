"""High dynamic range, by the numbers in the standards."""

import numpy as np
import pytest

from fast_style.video.hdr import ToneMapping

PQ, HLG = 16, 18


def mapped(transfer, *levels):
    """The display values of greys, signals in 0..1."""
    signal = np.rint(65535 * np.float64(levels)).astype(np.uint16)
    found = ToneMapping(transfer)(np.repeat(signal[None, :, None], 3, axis=2))
    assert found.dtype == np.uint8
    assert np.ptp(found.astype(int), axis=-1).max() <= 1  # greys stay grey
    return found[0, :, 0].tolist()


def display(light):
    """The value of 0..255 that shows a part of white."""
    return 255 * light ** (1 / 2.4)


def test_pq_up_to_the_knee_is_the_light_that_it_says():
    """ST 2084: signal 0.5081 is 100 cd/m2, 0.3024 is 10, 0.1493 is 1; white is 203."""
    found = mapped(PQ, 0.5081, 0.3024, 0.1493)
    expected = [display(light / 203) for light in (100, 10, 1)]
    np.testing.assert_allclose(found, expected, atol=1.5)


def test_hlg_white_and_black():
    """BT.2408, at a peak of 1000 cd/m2: 0.75 is diffuse white, 0.38 a grey card, 26 cd/m2."""
    black, grey, white, peak = mapped(HLG, 0, 0.38, 0.75, 1)
    assert (black, peak) == (0, 255)
    assert grey == pytest.approx(display(26 / 203), abs=3)
    assert 225 < white < 250


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_brighter_stays_brighter(transfer):
    levels = np.linspace(0, 0.75, 60)
    assert (np.diff(mapped(transfer, *levels)) >= 0).all()


def test_hues_stay():
    """A BT.709 red, written in BT.2020, comes out red."""
    red = np.float64([0.6274, 0.0691, 0.0164]) * 0.5  # of white, linear, BT.2087
    power = (red * 203 / 10000) ** (2610 / 16384)
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    signal = ((c1 + c2 * power) / (1 + c3 * power)) ** (2523 / 32)
    found = ToneMapping(PQ)(np.rint(65535 * signal).astype(np.uint16)[None, None])[0, 0]
    np.testing.assert_allclose(found, [display(0.5), 0, 0], atol=12)
    assert found[0] == pytest.approx(display(0.5), abs=2)
