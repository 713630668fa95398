"""PNG of each colour type and depth with one transparent colour, by the PNG specification."""

import struct
import zlib

import numpy as np
import pytest

from fast_style import images
from tests.pictures import png_chunk

HEIGHT, WIDTH = 5, 16
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip


def packed(row, depth):
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = row[:, None] >> np.arange(depth - 1, -1, -1) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def png(values, kind, depth, interlaced, *chunks):
    views = [values]
    if interlaced:
        views = [values[top::down, left::right] for left, top, right, down in PASSES]
    rows = [b"\0" + packed(row.reshape(-1), depth) for view in views for row in view if row.size]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, interlaced)
    body = png_chunk(b"IDAT", zlib.compress(b"".join(rows))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks) + body


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey(depth, interlaced):
    values = np.random.default_rng(depth).integers(0, 2**depth, (HEIGHT, WIDTH, 1))
    key = int(values[2, 3, 0])
    chunk = png_chunk(b"tRNS", struct.pack(">H", key))
    picture = images.decode(png(values, 0, depth, interlaced, chunk))
    assert np.abs(picture.rgb - values / (2**depth - 1) * 255).max() <= 1
    np.testing.assert_array_equal(picture.alpha, np.where(values[..., 0] == key, 0, 255))


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize("depth", [8, 16])
def test_colours(depth, interlaced):
    values = np.random.default_rng(depth).integers(0, 2**depth, (HEIGHT, WIDTH, 3))
    values[0, 1] = values[0, 0]
    values[0, 1, 2] ^= 1  # nearly the transparent colour
    chunk = png_chunk(b"tRNS", struct.pack(">3H", *map(int, values[0, 0])))
    picture = images.decode(png(values, 2, depth, interlaced, chunk))
    assert np.abs(picture.rgb - values / (2**depth - 1) * 255).max() <= 1
    expected = np.full((HEIGHT, WIDTH), 255)
    expected[0, 0] = 0
    np.testing.assert_array_equal(picture.alpha, expected)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palette(depth):
    rng = np.random.default_rng(depth)
    values = rng.integers(0, 2**depth, (HEIGHT, WIDTH, 1))
    palette = rng.integers(0, 256, (2**depth, 3), np.uint8)
    alpha = rng.integers(0, 256, 2**depth, np.uint8)
    chunks = png_chunk(b"PLTE", palette.tobytes()), png_chunk(b"tRNS", alpha.tobytes())
    picture = images.decode(png(values, 3, depth, 0, *chunks))
    np.testing.assert_array_equal(picture.rgb, palette[values[..., 0]])
    np.testing.assert_array_equal(picture.alpha, alpha[values[..., 0]])


@pytest.mark.parametrize("kind, channels", [(4, 2), (6, 4)])
def test_16_bits_with_alpha(kind, channels):
    values = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH, channels))
    picture = images.decode(png(values, kind, 16, 0))
    assert np.abs(picture.rgb - values[..., : channels - 1] / 257).max() <= 1
    assert np.abs(picture.alpha - values[..., -1] / 257).max() <= 1
