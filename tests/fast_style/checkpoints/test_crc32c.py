"""Checksums of RFC 3720, appendix B.4."""

import numpy as np
import pytest

from fast_style.checkpoints import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_known_checksums(data, expected):
    assert crc32c.checksum(data) == expected


def test_long_data_agrees_with_one_byte_after_the_other():
    data = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert crc32c.checksum(data) == register ^ 0xFFFFFFFF
