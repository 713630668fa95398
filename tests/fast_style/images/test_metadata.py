"""What photographs say of themselves, from file to file."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, IptcImagePlugin, PngImagePlugin

from fast_style import images
from fast_style.images import Metadata
from fast_style.images.decoding import DAMAGED
from fast_style.images.encoding import encode
from fast_style.images.metadata import without_position
from tests.pictures import ARTIST, ORIENTATION, encoded, exif_bytes, photo

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" '
    b'exif:PixelXDimension="4000" exif:PixelYDimension="3000" dc:rights="A. Painter"/>'
    b"<tiff:ImageWidth>4000</tiff:ImageWidth></x:xmpmeta>"
)
COPYRIGHT = b"(c) A. Painter"
IPTC = b"\x1c\x02\x74" + len(COPYRIGHT).to_bytes(2, "big") + COPYRIGHT  # record 2, dataset 116
WRITTEN = [".jpg", ".png", ".tif", ".webp", ".avif"]


def everything():
    exif = Image.Exif()
    exif[ARTIST] = "A. Painter"
    exif[0x8769] = {0xA002: 4000, 0xA003: 3000, 0xA001: 1, 0x829A: 0.01}
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    return Metadata(exif.tobytes(), XMP, IPTC, (300.0, 150.0))


def exif_of(picture):
    exif = Image.Exif()
    exif.load(picture.metadata.exif)
    return exif


@pytest.mark.parametrize("suffix", WRITTEN)
def test_everything_is_kept_as_far_as_the_format_holds_it(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    images.save(path, photo(), metadata=everything())
    picture = images.load(path)
    exif = exif_of(picture)
    assert exif[ARTIST] == "A. Painter"
    assert exif.get_ifd(0x8825)[2] == (52.0, 30.0, 0.0)
    assert float(exif.get_ifd(0x8769)[0x829A]) == pytest.approx(0.01)
    assert b"A. Painter" in picture.metadata.xmp
    if suffix in (".jpg", ".png", ".tif"):
        assert picture.metadata.iptc == IPTC
        assert picture.metadata.dpi == pytest.approx((300, 150), abs=0.02)
    else:
        assert (exif[282], exif[283], exif[296]) == (300, 150, 2)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_sizes_are_those_of_the_picture_that_is_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    images.save(path, photo(24, 36), metadata=everything())
    details = exif_of(images.load(path)).get_ifd(0x8769)
    assert (details[0xA002], details[0xA003]) == (36, 24)
    xmp = images.load(path).metadata.xmp
    assert b'exif:PixelXDimension="36" exif:PixelYDimension="24"' in xmp
    assert b"<tiff:ImageWidth>36</tiff:ImageWidth>" in xmp


def test_other_programs_find_it(tmp_path):
    """By Pillow's own readers of files."""
    for suffix in (".jpg", ".png", ".tif"):
        images.save(tmp_path / f"a{suffix}", photo(), metadata=everything())
    with Image.open(tmp_path / "a.jpg") as image:
        assert IptcImagePlugin.getiptcinfo(image)[(2, 116)] == COPYRIGHT
        assert image.info["dpi"] == (300, 150)
        assert b"A. Painter" in image.info["xmp"]
    with Image.open(tmp_path / "a.tif") as image:
        assert IptcImagePlugin.getiptcinfo(image)[(2, 116)] == COPYRIGHT
        assert image.info["dpi"] == (300, 150)
    with Image.open(tmp_path / "a.png") as image:
        assert "A. Painter" in image.text["XML:com.adobe.xmp"]
        lines = image.text["Raw profile type iptc"].split("\n")
        assert lines[1] == "iptc"
        data = bytes.fromhex("".join(lines[3:]))
        assert len(data) == int(lines[2]) and IPTC in data


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_orientation_is_gone_everywhere(tmp_path, suffix):
    images.save(tmp_path / f"a{suffix}", photo(), metadata=everything())
    picture = images.load(tmp_path / f"a{suffix}")
    assert picture.rgb.shape == photo().shape  # XMP's orientation 6 did not turn it
    assert b"Orientation" not in picture.metadata.xmp
    assert exif_of(picture).get(ORIENTATION, 1) == 1


@pytest.mark.filterwarnings("ignore:Metadata Warning")
@pytest.mark.parametrize("order", "<>")  # of the program that wrote it
def test_iptc_of_a_tiff_that_calls_it_numbers(order):
    padded = IPTC + bytes(-len(IPTC) % 4)
    numbers = np.frombuffer(padded, f"{order}u4").tolist()
    stream = io.BytesIO()
    tag = (33723, "I", len(numbers), numbers, True)
    tifffile.imwrite(stream, photo(), extratags=[tag], byteorder="<", metadata=None)
    assert images.decode(stream.getvalue()).metadata.iptc == padded


def test_bare_iptc_in_a_png():
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type iptc", f"\niptc\n {len(IPTC)}\n{IPTC.hex()}\n")
    assert images.decode(encoded(photo(), "PNG", pnginfo=info)).metadata.iptc == IPTC
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type iptc", "\niptc\n 7\nno numbers\n")
    assert images.decode(encoded(photo(), "PNG", pnginfo=info)).metadata.iptc is None


def test_no_resolution_is_made_up():
    for data in (
        encoded(photo(), "JPEG"),
        encoded(photo(), "JPEG", exif=exif_bytes()),
        encoded(photo(), "PNG"),
        encoded(photo(), "BMP", dpi=(0, 0)),
    ):
        assert images.decode(data).metadata.dpi is None


def test_a_jpeg_keeps_the_resolution_of_its_exif():
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 240.0, 240.0, 2
    picture = images.decode(encoded(photo(), "JPEG", exif=exif))
    assert picture.metadata.dpi == (240, 240)


@pytest.mark.filterwarnings("ignore")
def test_odd_metadata_does_not_spoil_the_picture():
    rng = np.random.default_rng(0)
    good = encoded(photo(), "JPEG", exif=everything().exif, xmp=XMP)
    start = good.index(b"Exif")
    for _ in range(100):
        damaged = bytearray(good)
        for place in rng.integers(start, start + 400, 3):
            damaged[place] = rng.integers(256)
        try:
            picture = images.decode(bytes(damaged))
        except images.ImageError:  # a damaged segment, which ends the file early
            continue
        for format in ("JPEG", "PNG", "TIFF", "WEBP"):  # what was read can be written
            assert len(encode(format, picture.rgb, None, picture.metadata))


def test_huge_metadata_is_dropped(tmp_path):
    exif = Image.Exif()
    exif[ARTIST] = "x" * (2 << 20)
    huge = Metadata(exif.tobytes(), bytes(2 << 20), bytes(2 << 20))
    data = encoded(photo(), "WEBP", exif=huge.exif, xmp=huge.xmp)
    assert images.decode(data).metadata == Metadata()
    images.save(tmp_path / "a.jpg", photo(), metadata=huge)  # more than a JPEG holds
    assert images.load(tmp_path / "a.jpg").metadata == Metadata()


# What says sRGB


def test_files_say_that_they_are_srgb(tmp_path):
    for suffix in (".jpg", ".tif", ".webp"):
        images.save(tmp_path / f"a{suffix}", photo())
        with Image.open(tmp_path / f"a{suffix}") as image:
            profile = image.info["icc_profile"]
        assert b"s\0R\0G\0B" in profile and len(profile) < 600
    images.save(tmp_path / "a.png", photo())
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["srgb"] == 1
    images.save(tmp_path / "a.avif", photo())
    # Primaries 1 (BT.709), curve 13 (sRGB).
    assert b"colrnclx\0\x01\0\x0d" in (tmp_path / "a.avif").read_bytes()
    images.save(tmp_path / "a.jp2", photo())
    assert b"colr\x01\0\0\0\0\0\x10" in (tmp_path / "a.jp2").read_bytes()  # enumerated: 16, sRGB


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_what_was_written_is_read_without_a_change_of_colours(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    images.save(tmp_path / f"a{suffix}", noise)
    with Image.open(tmp_path / f"a{suffix}") as image:
        stored = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(images.read(tmp_path / f"a{suffix}"), stored)


GPS_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="52,30.0N" '
    b"exif:GPSLongitude='13,24.0E' dc:rights=\"A. Painter\"/><exif:GPSAltitude>34/1"
    b"</exif:GPSAltitude><exif:GPSVersionID/></x:xmpmeta>"
)


def test_the_position_is_left_out_and_the_rest_stays():
    exif = Image.Exif()
    exif.load(everything().exif)
    exif[0x8769] = {0x829A: 0.01, 0x927C: b"maker's note"}
    said = without_position(Metadata(exif.tobytes(), GPS_XMP, IPTC, (300.0, 150.0)), DAMAGED)
    left = Image.Exif()
    left.load(said.exif)
    assert left[ARTIST] == "A. Painter"
    assert 0x8825 not in left
    details = left.get_ifd(0x8769)
    assert details[0x829A] == 0.01
    assert 0x927C not in details
    assert b"GPS" not in said.xmp
    assert b'dc:rights="A. Painter"' in said.xmp
    assert (said.iptc, said.dpi) == (IPTC, (300.0, 150.0))


@pytest.mark.parametrize(
    "xmp",
    [
        GPS_XMP.replace(b"exif:", b"e:"),
        GPS_XMP.decode().encode("utf-16"),
        b"<exif:GPSLatitude>52",
    ],
)
def test_what_can_not_be_searched_for_a_position_goes_as_a_whole(xmp):
    assert without_position(Metadata(xmp=xmp), DAMAGED).xmp is None


def test_damaged_exif_goes_with_the_position():
    said = without_position(Metadata(exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), DAMAGED)
    assert b"GPS" not in (said.exif or b"")
    assert without_position(Metadata(), DAMAGED) == Metadata()
