"""Decoding image files in memory: what becomes RGB, and what is refused."""

import contextlib
import io
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from fast_style import images
from tests import color_profiles
from tests.pictures import (
    ARTIST,
    HEIGHT,
    ORIENTATION,
    WIDTH,
    distance,
    encoded,
    exif_bytes,
    photo,
    png_chunk,
    ramp,
)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied_once(format, orientation):
    rgb = photo()
    stored = {  # how a camera stores `rgb` that it marks with this orientation
        1: rgb,
        2: rgb[:, ::-1],
        3: rgb[::-1, ::-1],
        4: rgb[::-1],
        5: rgb.transpose(1, 0, 2),
        6: rgb.transpose(1, 0, 2)[::-1],
        7: rgb[::-1, ::-1].transpose(1, 0, 2),
        8: rgb.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    data = encoded(
        Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif_bytes(orientation)
    )
    picture = images.decode(data)
    assert picture.rgb.shape == rgb.shape
    assert distance(picture.rgb, rgb) < 4
    kept = Image.Exif()
    kept.load(picture.metadata.exif)
    assert kept.get(ORIENTATION, 1) == 1
    assert kept[ARTIST] == "A. Painter"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_spoil_the_picture():
    data = encoded(Image.fromarray(photo()), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff rubbish")
    picture = images.decode(data)
    np.testing.assert_array_equal(picture.rgb, photo())
    assert picture.metadata.exif is None


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_grey(format):
    grey = photo()[:, :, 0]
    picture = images.decode(encoded(Image.fromarray(grey), format))
    assert picture.rgb.shape == (HEIGHT, WIDTH, 3)
    assert picture.alpha is None
    assert distance(picture.rgb, grey[:, :, None]) < 2


def test_grey_with_alpha():
    stored = Image.merge("LA", [Image.fromarray(photo()[:, :, 0]), Image.fromarray(ramp())])
    picture = images.decode(encoded(stored, "PNG"))
    np.testing.assert_array_equal(picture.rgb, np.repeat(photo()[:, :, :1], 3, axis=2))
    np.testing.assert_array_equal(picture.alpha, ramp())


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk(format):
    rgb = np.zeros((16, 16, 3), np.uint8) + np.array([250, 120, 10], np.uint8)
    picture = images.decode(encoded(Image.fromarray(rgb).convert("CMYK"), format))
    assert distance(picture.rgb, rgb) < 3


def test_adobe_jpeg_stores_cmyk_inverted():
    ink = Image.fromarray(np.full((16, 16, 3), 230, np.uint8)).convert("CMYK")
    data = encoded(ink, "JPEG")
    assert b"Adobe" in data  # Pillow writes what Photoshop does
    assert images.decode(data).rgb.mean() > 225


@pytest.mark.parametrize("format", ["PNG", "GIF", "TIFF", "BMP"])
def test_palette(format):
    stored = Image.fromarray(photo()).convert("P", palette=Image.Palette.ADAPTIVE)
    picture = images.decode(encoded(stored, format))
    np.testing.assert_array_equal(picture.rgb, np.array(stored.convert("RGB")))
    assert picture.alpha is None


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_palette_with_transparency(format):
    stored = Image.new("P", (4, 3), 1)
    stored.putpalette([255, 0, 0, 0, 0, 255])
    stored.putpixel((2, 1), 0)
    picture = images.decode(encoded(stored, format, transparency=0))
    expected = np.full((3, 4), 255)
    expected[1, 2] = 0
    np.testing.assert_array_equal(picture.alpha, expected)
    np.testing.assert_array_equal(picture.rgb[1, 2], [255, 0, 0])  # as stored, not composited
    np.testing.assert_array_equal(picture.rgb[0, 0], [0, 0, 255])


def test_colour_key_transparency():
    rgb = photo()
    data = encoded(Image.fromarray(rgb), "PNG", transparency=tuple(map(int, rgb[5, 7])))
    picture = images.decode(data)
    assert picture.alpha[5, 7] == 0 and picture.alpha[0, 0] == 255
    np.testing.assert_array_equal(picture.rgb, rgb)


def test_opaque_alpha_is_none():
    data = encoded(Image.fromarray(photo()).convert("RGBA"), "PNG")
    assert images.decode(data).alpha is None


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_not_clipped(format):
    values = np.array([[0, 256, 257, 32768, 65535]], np.uint16)
    picture = images.decode(encoded(Image.fromarray(values), format))
    np.testing.assert_array_equal(picture.rgb[0, :, 0], [0, 1, 1, 128, 255])


def test_16_bit_grey_with_a_transparent_value():
    image = Image.fromarray(np.array([[0, 1000, 65535]], np.uint16))
    data = encoded(image, "PNG", transparency=1000)
    np.testing.assert_array_equal(images.decode(data).alpha, [[255, 0, 255]])


def test_16_bit_rgb_png():
    rows = b"\0" + struct.pack(">6H", 65535, 32768, 0, 0, 257, 65535)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    data += png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    np.testing.assert_array_equal(images.decode(data).rgb, [[[255, 128, 0], [0, 1, 255]]])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM"])
def test_1_bit(format):
    bits = photo()[:, :, 0] > 100
    picture = images.decode(encoded(Image.fromarray(bits), format))
    np.testing.assert_array_equal(picture.rgb[:, :, 1], bits * 255)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_first_frame_of_an_animation_is_taken_and_said(format, tmp_path, caplog):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    (tmp_path / "moving").write_bytes(data)
    picture = images.load(tmp_path / "moving")
    np.testing.assert_array_equal(picture.rgb, np.array(frames[0]))
    (line,) = caplog.messages
    assert "moving: an animation of 3 frames" in line


def test_a_damaged_second_frame_leaves_the_first():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    second = data.rindex(b",")
    for end in (second + 1, second + 5, second + 12):
        picture = images.decode(data[:end])
        np.testing.assert_array_equal(picture.rgb, np.array(frames[0]))


@pytest.mark.parametrize("kind, said", [(0, True), (1, False)])  # a page, a smaller copy
def test_pages_of_a_tiff_are_said(kind, said):
    pages = [Image.fromarray(photo()), Image.new("RGB", (8, 8))]
    pages[1].encoderinfo = {"tiffinfo": {254: kind}}
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    picture = images.decode(data)
    np.testing.assert_array_equal(picture.rgb, photo())
    assert any("pages" in note for note in picture.notes) is said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", [5, 10**6])
def test_a_damaged_second_page_leaves_the_first(place):
    data = encoded(Image.fromarray(photo()), "TIFF")
    start = int.from_bytes(data[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(data[start : start + 2], "little")
    data = data[:end] + place.to_bytes(4, "little") + data[end + 4 :]
    np.testing.assert_array_equal(images.decode(data).rgb, photo())


def test_first_picture_of_a_phone_jpeg():
    frames = [Image.new("L", (8, 8), value) for value in (200, 10)]
    picture = images.decode(encoded(frames[0], "MPO", save_all=True, append_images=frames[1:]))
    assert abs(picture.rgb.mean() - 200) < 2
    assert not picture.notes  # the second is no frame, but a preview or a map of depth


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "BMP"])
@pytest.mark.parametrize("part", [0.1, 0.6, 0.9])
def test_truncated(tmp_path, format, part):
    data = encoded(Image.fromarray(photo(200, 300)), format)
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(images.ImageError) as caught:
        images.load(path)
    assert str(caught.value).startswith(f"{path}: not a readable image (")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a\0\0\0\0\0\0\0",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    ],
    ids=["empty", "text", "eps", "png-signature", "jpeg-signature", "gif-header", "svg"],
)
def test_anything_but_an_image_is_refused(tmp_path, content):
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(images.ImageError, match=r"picture\.jpg: not a readable image \(.+\)$"):
        images.load(path)


def test_too_many_pixels_are_refused_before_decoding():
    # The header is whole and no pixel follows: whoever decodes first reports a damaged file.
    data = b"\x89PNG\r\n\x1a\n"
    data += png_chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    data += png_chunk(b"IDAT", b"")
    with pytest.raises(images.ImageError) as caught:
        images.decode(data, "big.png")
    assert str(caught.value) == (
        "big.png: 30000 x 30000 is 900,000,000 pixels, over the limit of 100,000,000 "
        "(--max_pixels raises it)"
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_limit_can_be_raised_above_that_of_pillow(monkeypatch, format):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # in place of a picture of 200 MB
    data = encoded(Image.fromarray(photo()), format)
    assert images.decode(data, max_pixels=HEIGHT * WIDTH).rgb.shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(images.ImageError, match="36 x 24 is 864 pixels.*limit of 863 "):
        images.decode(data, max_pixels=HEIGHT * WIDTH - 1)


def test_at_least_is_a_number_of_pixels():
    with pytest.raises(ValueError, match="`at_least` must be .*, received 0"):
        images.decode(b"", at_least=0)


@pytest.mark.parametrize(
    "at_least, shape",
    [(None, (400, 600)), (401, (400, 600)), (201, (400, 600)), (200, (200, 300)), (50, (50, 75))],
)
def test_at_least_decodes_a_jpeg_at_reduced_scale(at_least, shape):
    data = encoded(Image.fromarray(photo(400, 600)), "JPEG", quality=95)
    rgb = images.decode(data, at_least=at_least).rgb
    assert rgb.shape == (*shape, 3)
    assert distance(rgb, images.resize(photo(400, 600), *shape)) < 3


def test_at_least_leaves_other_formats_alone():
    data = encoded(Image.fromarray(photo()), "PNG")
    np.testing.assert_array_equal(images.decode(data, at_least=1).rgb, photo())


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_a_bomb_in_a_png_chunk_takes_no_memory(kind):
    bomb = zlib.compress(bytes(80 << 20), 1)
    body = {
        b"iCCP": b"x\0\0" + bomb,
        b"zTXt": b"Comment\0\0" + bomb,
        b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0" + bomb,
    }[kind]
    data = encoded(photo(), "PNG")
    data = data[:33] + png_chunk(kind, body) + data[33:]
    tracemalloc.start()
    try:
        with contextlib.suppress(images.ImageError):
            images.decode(data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


# HEIC


def heic(rgb, **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(rgb)).save(stream, quality=-1, chroma=444, **options)
    return stream.getvalue()


def test_heic(tmp_path):
    (tmp_path / "a.heic").write_bytes(heic(photo(64, 96)))
    picture = images.load(tmp_path / "a.heic")
    assert distance(picture.rgb, photo(64, 96)) < 2
    assert images.find(tmp_path) == [tmp_path / "a.heic"]
    with pytest.raises(images.ImageError, match="limit of 1,000 "):
        images.load(tmp_path / "a.heic", max_pixels=1000)


def test_colours_of_a_heic_become_srgb():
    profile = color_profiles.rgb_profile(color_profiles.DISPLAY_P3, 2.2)
    stored = np.full((64, 64, 3), [150, 110, 100], np.uint8)
    rgb = images.decode(heic(stored, icc_profile=profile)).rgb
    # Lindbloom's formulas; the stored values would be 9 of 255 away in red.
    np.testing.assert_allclose(rgb.mean(axis=(0, 1)), [160, 109, 98], atol=2)


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heic_without_its_package_names_the_extra(brand, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    header = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(100)
    with pytest.raises(images.ImageError, match=r"^a\.heic: HEIC .*pillow-heif.*heic\)$"):
        images.decode(header, "a.heic")


def test_damaged_heic_is_one_line():
    header = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    with pytest.raises(images.ImageError, match="^a.heic: .*HEIC"):
        images.decode(header, "a.heic")
