"""TIFF of all sample formats, depths, layouts and photometric interpretations."""

import io
import itertools
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.format_matrix import (
    EXTRA,
    HEIGHT,
    TYPES,
    WIDTH,
    parts,
    samples_of,
    tiff,
    tiff_cases,
    tiff_combinations,
)
from fast_style import images
from tests.color_profiles import cmyk_profile

# Which must be painted; everything else may be refused, but never be wrong.
PAINTED = {
    *itertools.product(("minisblack", "rgb"), ("u1", "u2", "u4", "f2", "f4", "f8"), EXTRA),
    *itertools.product(("miniswhite",), ("u1", "u2", "u4", "f2", "f4", "f8"), (None, "unassalpha")),
    *itertools.product(("separated",), ("u1", "u2", "u4"), (None, "unassalpha")),
    ("palette", "u1", None),
    ("ycbcr", "u1", None),
} - {("minisblack", t, "assocalpha") for t in TYPES}


@pytest.mark.parametrize("photometric, dtype, extra", tiff_combinations())
def test_every_combination_is_right_or_refused(photometric, dtype, extra):
    cases = list(tiff_cases(photometric, dtype, extra))
    painted = 0
    for case in cases:
        try:
            picture = images.decode(case.data, "x.tif")
        except images.ImageError as error:
            assert str(error).startswith("x.tif: ") and "\n" not in str(error)
            continue
        painted += 1
        if case.rgb is None:  # Lab: see test_profiles
            continue
        assert np.abs(picture.rgb - case.rgb).max() <= case.tolerance, case.name
        if case.alpha is None:
            assert picture.alpha is None
        else:
            assert np.abs(picture.alpha - case.alpha).max() <= 1.01, case.name
    if (photometric, dtype, extra) in PAINTED:
        assert painted == len(cases) or (photometric == "ycbcr" and painted >= 2)  # not in planes
    if dtype[0] == "i":
        assert not painted


@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("tile", [None, (16, 16), (32, 64)])
@pytest.mark.parametrize("rows", [None, 5])
def test_strips_tiles_and_differences(rows, tile, predictor):
    for dtype, planar in itertools.product((">u2", "<u4"), ("contig", "separate")):
        values = samples_of(3, dtype)
        data = tiff(
            values,
            planar,
            byteorder=dtype[0],
            compression="zlib",
            predictor=predictor,
            **({"tile": tile} if tile else {"rowsperstrip": rows}),
        )
        assert np.abs(images.decode(data).rgb - parts(3) * 255).max() <= 1


@pytest.mark.parametrize("order", "<>")
def test_differences_of_floats(order):
    """Adobe's "floating point predictor", which tifffile alone does not write."""
    values = samples_of(3, "f4")
    data = bytearray(tiff(values, byteorder=order))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        start = file.pages[0].dataoffsets[0]
    rows = values.astype(">f4").reshape(HEIGHT, WIDTH * 3).view(np.uint8)
    ordered = rows.reshape(HEIGHT, WIDTH * 3, 4).transpose(0, 2, 1).reshape(HEIGHT, -1, 3)
    differences = np.diff(ordered, axis=1, prepend=np.zeros((HEIGHT, 1, 3), np.uint8))
    # Packed without any repetition: a count, then so many bytes.
    stored = differences.astype(np.uint8).tobytes()
    packed = b"".join(
        bytes([len(stored[i : i + 128]) - 1]) + stored[i : i + 128]
        for i in range(0, len(stored), 128)
    )
    tags = {259: 32773, 317: 3, 273: start, 279: len(packed)}
    data = with_tags(bytes(data[:start]) + packed, tags)
    assert np.abs(images.decode(data).rgb - parts(3) * 255).max() <= 0.51


def with_tags(data, tags):
    """A TIFF with other or more tags of 32 bits, in a directory at its end."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entries = {}
    for number in range(count):
        entry = data[start + 2 + 12 * number :][:12]
        entries[struct.unpack(f"{order}H", entry[:2])[0]] = entry
    for tag, value in tags.items():
        entries[tag] = struct.pack(f"{order}HHII", tag, 4, 1, value)
    directory = struct.pack(f"{order}H", len(entries))
    directory += b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    return data[:4] + struct.pack(f"{order}I", len(data)) + data[8:] + directory


def test_planes_are_read_as_pixels():
    """The same scene both ways."""
    values = samples_of(3, "u2")
    chunky, planar = (images.decode(tiff(values, p)).rgb for p in ("contig", "separate"))
    assert np.abs(chunky.astype(int) - planar).max() <= 1


def test_12_bits():
    values = np.rint(parts(1)[..., 0] * 4095).astype(int)
    bits = (values[..., None] >> np.arange(11, -1, -1) & 1).astype(np.uint8)
    rows = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
    data = tiff(np.zeros((HEIGHT, WIDTH, 1), np.uint16), photometric="minisblack")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        start = file.pages[0].dataoffsets[0]
    stored = b"".join(rows)
    data = with_tags(data[:start] + stored, {258: 12, 273: start, 279: len(stored)})
    assert np.abs(images.decode(data).rgb - parts(1) * 255).max() <= 0.51


def test_metadata_and_profile_of_deep_pictures():
    exif = [(315, "s", 0, "A. Painter", True), (274, "H", 1, 6, True)]
    values = samples_of(4, "u2")
    profile = cmyk_profile(lambda *inks: (100, 0, 0))  # ink that nobody sees
    data = tiff(
        values,
        photometric="separated",
        extratags=exif,
        resolution=(300, 300),
        resolutionunit=2,
        iccprofile=profile,
    )
    picture = images.decode(data)
    assert picture.rgb.shape == (WIDTH, HEIGHT, 3)  # turned upright
    assert picture.metadata.dpi == (300, 300)
    assert b"A. Painter" in picture.metadata.exif
    assert (picture.rgb > 250).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_cut_and_forged_files_are_one_line(compression):
    data = tiff(samples_of(3, "u2"), "separate", compression=compression, rowsperstrip=7)
    rng = np.random.default_rng(0)
    forged = [data[:length] for length in rng.integers(0, len(data), 30)]
    for _ in range(200):
        damaged = bytearray(data)
        for place in rng.integers(0, 300, rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        forged.append(bytes(damaged))
    refused = 0
    for file in forged:
        try:
            images.decode(file, "x.tif", max_pixels=100_000)
        except images.ImageError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused >= 30


def test_a_huge_size_or_tile_is_refused_before_decoding():
    data = tiff(samples_of(3, "u2"), "separate", compression="zlib", tile=(16, 16))
    with pytest.raises(images.ImageError, match="over the limit"):
        images.decode(with_tags(data, {256: 70_000, 257: 70_000}))
    with pytest.raises(images.ImageError, match="tiles"):
        images.decode(with_tags(data, {322: 70_000, 323: 70_000}))


def test_a_palette_of_pillow_stays_right():
    image = Image.fromarray((parts(3) * 255).astype(np.uint8)).quantize(16)
    stream = io.BytesIO()
    image.save(stream, "TIFF")
    np.testing.assert_array_equal(
        images.decode(stream.getvalue()).rgb, np.asarray(image.convert("RGB"))
    )
