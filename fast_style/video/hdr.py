"""Films in high dynamic range (PQ and HLG of BT.2100) to the range that networks paint.

Light up to white stays as bright as it is, highlights above are compressed: a curve with a knee
between three quarters of white and the brightest light that such films are made for. Colours are
those of BT.709; what lies beyond is clipped.
"""

import numpy as np

NAMES = {16: "PQ", 18: "HLG"}  # by the transfer characteristics of ITU-T H.273

_WHITE = 203  # cd/m2, diffuse white, ITU-R BT.2408
_PEAK = 1000  # cd/m2
_KNEE = 0.75  # of white
_SYSTEM_GAMMA = 1.2  # of HLG at that peak
_DISPLAY_GAMMA = 2.4  # ITU-R BT.1886
_LUMA_2020 = np.float32([0.2627, 0.6780, 0.0593])
_TO_709 = np.float32(  # from BT.2020, linear light; ITU-R BT.2087
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
_STEPS = 4096  # of the table of display values


class ToneMapping:
    """Converts the RGB of an HDR film to that of BT.709.

    Args:
        transfer: int, transfer characteristics: 16 (PQ) or 18 (HLG).
    """

    def __init__(self, transfer):
        signal = np.linspace(0, 1, 65536)
        self._is_hlg = NAMES[transfer] == "HLG"
        self._light = np.float32(_hlg_scene(signal) if self._is_hlg else _pq_light(signal))
        # By the square root of light: even steps of it are nearly even to the eye.
        light = np.square(np.linspace(0, 1, _STEPS))
        self._display = np.rint(255 * light ** (1 / _DISPLAY_GAMMA)).astype(np.uint8)

    def __call__(self, rgb):
        """Tone-maps a frame.

        Args:
            rgb: uint16 `[H, W, 3]`, 0..65535, as the film has it, primaries of BT.2020.

        Returns:
            uint8 RGB `[H, W, 3]`, BT.709 with the gamma of displays, 2.4.
        """
        light = self._light[rgb]  # of white
        if self._is_hlg:
            luminance = light @ _LUMA_2020
            light *= np.power(luminance, _SYSTEM_GAMMA - 1)[..., None] * (_PEAK / _WHITE)
        light = np.maximum(light @ _TO_709.T, 0)
        brightest = light.max(axis=-1, keepdims=True)
        # All channels by one factor, so that hues stay.
        light *= _compressed(brightest) / np.maximum(brightest, np.float32(1e-6))
        places = np.sqrt(np.clip(light, 0, 1)) * np.float32(_STEPS - 1) + np.float32(0.5)
        return self._display[places.astype(np.uint16)]


def _compressed(light):
    """Light in units of white, 0.._PEAK / _WHITE, to 0..1: the identity up to the knee."""
    over = np.maximum(light - _KNEE, 0) / (1 - _KNEE)
    most = (_PEAK / _WHITE - _KNEE) / (1 - _KNEE)
    rolled = _KNEE + (1 - _KNEE) * over * (1 + over / most**2) / (1 + over)  # Reinhard et al. 2002
    return np.where(light <= _KNEE, light, np.minimum(rolled, 1)).astype(np.float32)


def _pq_light(signal):
    """Light of a PQ signal in units of white; SMPTE ST 2084."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    return 10000 / _WHITE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg_scene(signal):
    """Light of the scene, 0..1, of an HLG signal; ITU-R BT.2100."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
