"""Colours of other spaces than sRGB, against the formulas of these spaces."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_style import images
from fast_style.images import profiles
from tests import color_profiles
from tests.pictures import distance, encoded, photo, png_chunk

# XYZ at D50 to the light of sRGB's colours (Lindbloom).
_TO_SRGB = np.array(
    [[3.13386, -1.61687, -0.49062], [-0.97877, 1.91614, 0.03345], [0.07194, -0.22899, 1.40524]]
)


def shown(rgb, colours, gamma):
    """sRGB of stored values of another space, float 0..255."""
    light = (rgb / 255.0) ** gamma @ np.array(colours) @ _TO_SRGB.T
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def inner():
    """A photograph of moderate colours, all of which sRGB has."""
    return (photo().astype(int) // 3 + 80).astype(np.uint8)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("colours", [color_profiles.ADOBE_RGB, color_profiles.DISPLAY_P3])
def test_wide_gamut_becomes_srgb(format, colours):
    profile = color_profiles.rgb_profile(colours, 2.2)
    options = {"lossless": True} if format == "WEBP" else {}
    options |= {"quality": 100, "subsampling": "4:4:4"} if format in ("JPEG", "AVIF") else {}
    data = encoded(Image.fromarray(inner()), format, icc_profile=profile, **options)
    expected = shown(inner(), colours, 563 / 256)
    picture = images.decode(data)
    lossy = format in ("JPEG", "AVIF")
    assert distance(picture.rgb, expected) < (2 if lossy else 1)
    assert lossy or np.abs(picture.rgb - expected).max() < 1.5
    assert distance(inner(), expected) > 3  # what was shown before
    assert not picture.notes


@pytest.mark.parametrize("format", ["PNG", "AVIF"])
def test_colours_that_are_named_by_numbers(format):
    """ITU-T H.273: primaries 12 are Display P3's, curve 13 is sRGB's."""
    options = {"quality": 100, "subsampling": "4:4:4"} if format == "AVIF" else {}
    data = encoded(Image.fromarray(inner()), format, **options)
    if format == "PNG":
        named = data[:33] + png_chunk(b"cICP", bytes([12, 13, 0, 1])) + data[33:]
        srgb = data[:33] + png_chunk(b"cICP", bytes([1, 13, 0, 1])) + data[33:]
    else:
        named, srgb = data.replace(b"colrnclx\0\1\0\x0d", b"colrnclx\0\x0c\0\x0d"), data
    assert named != data
    np.testing.assert_array_equal(images.decode(srgb).rgb, images.decode(data).rgb)
    light = inner() / 255
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    expected = shown(light * 255, color_profiles.DISPLAY_P3, 1)
    assert distance(images.decode(named).rgb, expected) < (2 if format == "AVIF" else 0.7)


def test_a_profile_in_jpeg_2000():
    data = encoded(Image.fromarray(inner()), "JPEG2000")
    profile = color_profiles.rgb_profile(color_profiles.ADOBE_RGB, 2.2)
    box = (len(profile) + 11).to_bytes(4, "big") + b"colr\2\0\0" + profile
    plain = bytes.fromhex("0000000f636f6c72010000 00000010")
    header = data.index(b"jp2h") - 4
    length = int.from_bytes(data[header : header + 4], "big") + len(box) - len(plain)
    assert plain in data
    data = data[:header] + length.to_bytes(4, "big") + data[header + 4 :].replace(plain, box)
    expected = shown(inner(), color_profiles.ADOBE_RGB, 563 / 256)
    assert np.abs(images.decode(data).rgb - expected).max() < 1.5


def test_transparency_and_orientation_go_with_other_colours():
    profile = color_profiles.rgb_profile(color_profiles.ADOBE_RGB, 2.2)
    alpha = Image.fromarray(np.tile(np.arange(36, dtype=np.uint8), (24, 1)))
    stored = Image.fromarray(inner())
    stored.putalpha(alpha)
    exif = Image.Exif()
    exif[0x0112] = 3
    picture = images.decode(encoded(stored, "PNG", icc_profile=profile, exif=exif))
    expected = shown(inner(), color_profiles.ADOBE_RGB, 563 / 256)[::-1, ::-1]
    assert np.abs(picture.rgb - expected).max() < 1.5
    np.testing.assert_array_equal(picture.alpha, np.asarray(alpha)[::-1, ::-1])


def test_srgb_changes_no_pixel():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 50, 3), np.uint8)
    for profile in (color_profiles.srgb_profile(), profiles.srgb()):
        picture = images.decode(encoded(Image.fromarray(noise), "PNG", icc_profile=profile))
        np.testing.assert_array_equal(picture.rgb, noise)
        assert not picture.notes


def test_own_profile_is_what_littlecms_calls_srgb():
    ours = ImageCms.getOpenProfile(io.BytesIO(profiles.srgb())).profile
    theirs = ImageCms.createProfile("sRGB")
    for name in ("red_colorant", "green_colorant", "blue_colorant", "media_white_point"):
        ours_xyz, theirs_xyz = (getattr(p, name)[0] for p in (ours, theirs))
        np.testing.assert_allclose(ours_xyz, theirs_xyz, atol=2e-4)
    assert len(profiles.srgb()) < 600


def test_grey_by_its_profile():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    profile = color_profiles.grey_profile(1.0)  # light itself
    picture = images.decode(encoded(Image.fromarray(grey), "PNG", icc_profile=profile))
    light = grey / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(picture.rgb - 255 * expected[..., None]).max() < 1.5
    with_alpha = Image.fromarray(grey)
    with_alpha.putalpha(Image.fromarray(grey))
    again = images.decode(encoded(with_alpha, "PNG", icc_profile=profile))
    np.testing.assert_array_equal(again.rgb, picture.rgb)
    np.testing.assert_array_equal(again.alpha, grey)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_inks_by_their_profile(format):
    # Full cyan prints as mid grey, magenta as dark grey, which no formula guesses.
    def lab(cyan, magenta, yellow, black):
        return 100 - 46.4 * cyan - 70 * magenta * (1 - cyan), 0, 0

    inks = np.zeros((32, 96, 4), np.uint8)
    inks[:, 32:64, 0] = 255
    inks[:, 64:, 1] = 255
    stored = Image.frombytes("CMYK", (96, 32), inks.tobytes())
    profile = color_profiles.cmyk_profile(lab)
    picture = images.decode(encoded(stored, format, icc_profile=profile, quality=100))
    assert not picture.notes
    # L* 53.6 is 128 of 255 in sRGB; L* 30 is 71. (8 bits hold L* in steps of 0.4.)
    for column, grey in ((16, 255), (48, 128), (80, 71)):
        assert np.abs(picture.rgb[16, column].astype(int) - grey).max() <= 2


def test_lab_without_a_profile():
    lab = np.zeros((2, 4, 3), np.int8)
    lab[..., 0] = np.uint8(np.array([255, 0, 137, 137])).view(np.int8)  # L* 100, 0, 53.7, 53.7
    lab[:, 3, 1] = 60  # a*: reddish
    stored = Image.frombytes("LAB", (4, 2), lab.tobytes())
    rgb = images.decode(encoded(stored, "TIFF")).rgb
    np.testing.assert_allclose(rgb[0, :3].mean(-1), [255, 0, 129], atol=1)
    # Lindbloom's calculator: Lab (53.73, 60, 0) at D50, adapted by Bradford.
    np.testing.assert_allclose(rgb[0, 3], expected_lab(53.725, 60, 0), atol=2)


def expected_lab(lightness, a, b):
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.9642, 1, 0.8249]
    light = np.clip(_TO_SRGB @ xyz, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile at all",
        color_profiles.srgb_profile()[:200],
        color_profiles.srgb_profile()[:128] + b"\xff" * 400,
        color_profiles.grey_profile(2.2),  # of grey, in a picture in colours
        color_profiles.srgb_profile() + bytes(5 << 20),
    ],
    ids=["text", "cut", "rubbish", "of-grey", "huge"],
)
def test_a_profile_that_cannot_be_used_is_ignored_and_said(profile, caplog, tmp_path):
    data = encoded(Image.fromarray(photo()), "TIFF", icc_profile=profile)
    (tmp_path / "a.tif").write_bytes(data)
    picture = images.load(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.rgb, photo())
    assert "a.tif: its colour profile" in caplog.text


# A PNG that has no profile


def png(*chunks):
    data = encoded(Image.fromarray(photo()), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def gama(gamma):
    return png_chunk(b"gAMA", round(gamma * 100_000).to_bytes(4, "big"))


def chrm(*values):
    return png_chunk(b"cHRM", b"".join(round(v * 100_000).to_bytes(4, "big") for v in values))


SRGB_CHRM = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_CHRM = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def test_gamma_of_a_png_is_heeded():
    light = photo() / 255
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(images.decode(png(gama(1.0))).rgb - expected).max() < 1.5


def test_gamma_of_a_grey_png_is_heeded():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = encoded(grey, "PNG")
    picture = images.decode(data[:33] + gama(1.0) + data[33:])
    light = grey / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(picture.rgb - 255 * expected[..., None]).max() < 1.5
    assert not picture.notes


def test_grey_in_a_profile_of_colours():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = encoded(grey, "JPEG", icc_profile=color_profiles.srgb_profile())
    picture = images.decode(data)
    np.testing.assert_array_equal(picture.rgb, images.decode(encoded(grey, "JPEG")).rgb)
    assert not picture.notes


def test_primaries_of_a_png_are_heeded():
    data = encoded(Image.fromarray(inner()), "PNG")
    data = data[:33] + gama(256 / 563) + chrm(*ADOBE_CHRM) + data[33:]
    expected = shown(inner(), color_profiles.ADOBE_RGB, 563 / 256)
    # 256 / 563 is what says "the curve of sRGB" by its value alone.
    assert distance(images.decode(data).rgb, expected) < 2


@pytest.mark.parametrize(
    "chunks",
    [
        [gama(0.45455)],
        [gama(0.45455), chrm(*SRGB_CHRM)],
        [png_chunk(b"sRGB", b"\0"), gama(1.0)],  # sRGB counts, whatever else is there
        [gama(0)],
        [gama(20_000)],
        [chrm(0.3, 0, 0.6, 0.3, 0.3, 0.6, 0.1, 0.1)],
        [chrm(0.3, 0.3, 0.6, 0.3, 0.6, 0.3, 0.6, 0.3)],
    ],
    ids=["srgb-gamma", "srgb-both", "srgb-chunk", "zero", "huge", "no-white", "one-colour"],
)
def test_what_says_srgb_or_nothing_changes_no_pixel(chunks):
    np.testing.assert_array_equal(images.decode(png(*chunks)).rgb, photo())


def test_a_profile_goes_before_gamma():
    profile = color_profiles.srgb_profile()
    data = encoded(Image.fromarray(photo()), "PNG", icc_profile=profile)
    np.testing.assert_array_equal(images.decode(data[:33] + gama(1.0) + data[33:]).rgb, photo())


def test_a_camera_that_says_adobe_rgb_by_exif_alone():
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 65535, 0xA005: {1: "R03"}}
    picture = images.decode(encoded(Image.fromarray(inner()), "PNG", exif=exif))
    expected = shown(inner(), color_profiles.ADOBE_RGB, 563 / 256)
    assert np.abs(picture.rgb - expected).max() < 1.5
    kept = Image.Exif()
    kept.load(picture.metadata.exif)
    assert kept.get_ifd(0x8769)[0xA001] == 1  # sRGB now
    assert kept.get_ifd(0xA005)[1] == "R98"
