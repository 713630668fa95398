"""Reading and writing image files, as a user's folder holds them."""

import io
import os
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_style import images

HEIGHT, WIDTH = 24, 36
ORIENTATION, ARTIST = 0x0112, 0x013B


def photo(height=HEIGHT, width=WIDTH):
    """A smooth picture without symmetry, uint8 [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    return np.stack([red, green, 200 - red / 2], axis=-1).astype(np.uint8)


def ramp(height=HEIGHT, width=WIDTH):
    """An alpha channel from 0 to 255, uint8 [height, width]."""
    return np.linspace(0, 255, height * width).reshape(height, width).astype(np.uint8)


def encoded(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def exif_bytes(orientation=None):
    exif = Image.Exif()
    exif[ARTIST] = "A. Painter"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes()


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def distance(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


# Round trips


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".tif", ".tiff", ".ppm", ".jp2"])
def test_lossless_formats_return_what_was_written(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo())
    read = images.read(path)
    assert read.dtype == np.uint8 and read.flags.writeable
    np.testing.assert_array_equal(read, photo())


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".jfif", ".webp", ".avif", ".gif"])
def test_lossy_formats_return_nearly_what_was_written(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo())
    assert distance(images.read(path), photo()) < (8 if suffix == ".gif" else 3)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".jp2", ".avif"])
def test_alpha_survives_where_the_format_holds_it(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo(), alpha=ramp())
    picture = images.load(path)
    assert distance(picture.alpha, ramp()) < (1 if suffix == ".avif" else 0.01)
    assert distance(picture.rgb, photo()) < 3  # also where alpha is 0: nothing is blended


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".gif", ".ppm"])
def test_alpha_is_dropped_where_the_format_holds_none(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo(), alpha=ramp())
    picture = images.load(path)
    assert picture.alpha is None
    assert distance(picture.rgb, photo()) < 8


def test_jpeg_keeps_full_colour_resolution(tmp_path):
    images.save(tmp_path / "a.jpg", photo())
    with Image.open(tmp_path / "a.jpg") as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_quality_is_heeded(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    images.save(tmp_path / "low.jpg", noise, quality=10)
    images.save(tmp_path / "high.jpg", noise)
    assert 2 * os.path.getsize(tmp_path / "low.jpg") < os.path.getsize(tmp_path / "high.jpg")


def test_unicode_path_and_missing_folders(tmp_path):
    path = tmp_path / "été" / "絵画" / "Ночь 🌌.png"
    images.save(path, photo())
    np.testing.assert_array_equal(images.read(str(path)), photo())


# What becomes RGB


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
    kept.load(picture.exif)
    assert kept.get(ORIENTATION, 1) == 1
    assert kept[ARTIST] == "A. Painter"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_spoil_the_picture():
    data = encoded(Image.fromarray(photo()), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff rubbish")
    picture = images.decode(data)
    np.testing.assert_array_equal(picture.rgb, photo())
    assert picture.exif is None


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


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_float_is_scaled_by_the_range_it_is_in(white):
    values = np.array([[0, 0.5, 1]], np.float32) * np.float32(white)
    data = encoded(Image.fromarray(values), "TIFF")
    np.testing.assert_array_equal(images.decode(data).rgb[0, :, 0], [0, 128, 255])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM"])
def test_1_bit(format):
    bits = photo()[:, :, 0] > 100
    picture = images.decode(encoded(Image.fromarray(bits), format))
    np.testing.assert_array_equal(picture.rgb[:, :, 1], bits * 255)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_first_frame_of_an_animation(format):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(images.decode(data).rgb, np.array(frames[0]))


def test_first_picture_of_a_phone_jpeg():
    frames = [Image.new("L", (8, 8), value) for value in (200, 10)]
    data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert abs(images.decode(data).rgb.mean() - 200) < 2


# Metadata


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_exif_and_colour_profile_are_kept(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo(), exif=exif_bytes(), icc_profile=srgb_profile())
    picture = images.load(path)
    assert picture.icc_profile == srgb_profile()
    kept = Image.Exif()
    kept.load(picture.exif)
    assert kept[ARTIST] == "A. Painter"
    images.save(tmp_path / "again.jpg", picture.rgb, exif=picture.exif)
    with Image.open(tmp_path / "again.jpg") as image:
        assert dict(image.getexif()) == {ARTIST: "A. Painter"}  # of a TIFF no layout tags


def test_profile_of_other_than_rgb_is_dropped():
    grey = bytearray(srgb_profile())
    grey[16:20] = b"GRAY"
    data = encoded(Image.fromarray(photo()[:, :, 0]), "PNG", icc_profile=bytes(grey))
    assert images.decode(data).icc_profile is None


def test_huge_metadata_is_dropped(tmp_path):
    exif = Image.Exif()
    exif[ARTIST] = "x" * (2 << 20)
    profile = srgb_profile() + bytes(2 << 20)
    data = encoded(Image.fromarray(photo()), "WEBP", exif=exif.tobytes(), icc_profile=profile)
    picture = images.decode(data)
    assert picture.exif is None and picture.icc_profile is None
    images.save(tmp_path / "a.jpg", photo(), exif=exif.tobytes())  # more than a JPEG holds
    assert images.load(tmp_path / "a.jpg").exif is None


# Files that are refused


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
def test_what_is_no_image(tmp_path, content):
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(images.ImageError, match=r"picture\.jpg: not a readable image \(.+\)$"):
        images.load(path)


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.jpg: no such file$"):
        images.load(tmp_path / "none.jpg")
    with pytest.raises(IsADirectoryError, match="is a directory, an image file is expected$"):
        images.load(tmp_path)


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


# Writing


@pytest.mark.parametrize(
    "error, arguments",
    [
        (ValueError, {"rgb": photo().astype(np.float32)}),
        (ValueError, {"rgb": np.zeros((70_000, 1, 3), np.uint8)}),  # larger than a JPEG can be
        (OSError, {"rgb": photo()}),  # the disk fails: see below
    ],
    ids=["wrong-dtype", "cannot-be-encoded", "disk"],
)
def test_failing_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error, arguments):
    path = tmp_path / "picture.jpg"
    images.save(path, photo())
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(error):
        images.save(path, **arguments)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["picture.jpg"]


def test_save_replaces_and_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "picture.png"
    images.save(path, photo())
    images.save(path, 255 - photo())
    np.testing.assert_array_equal(images.read(path), 255 - photo())
    assert os.listdir(tmp_path) == ["picture.png"]


def test_saved_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    images.save(tmp_path / "picture.png", photo())
    assert (tmp_path / "picture.png").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_save_writes_through_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "there" / "picture.png")
    images.save(tmp_path / "link.png", photo())
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "there" / "picture.png").is_file()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"rgb": photo().astype(float)},
            r"`rgb` must be uint8 .* received float64 \[24, 36, 3\]",
        ),
        ({"rgb": photo()[:, :, 0]}, r"`rgb` must be .*\[H, W, 3\].* received uint8 \[24, 36\]"),
        ({"rgb": photo()[None]}, r"`rgb` must be .* received uint8 \[1, 24, 36, 3\]"),
        ({"rgb": photo()[:0]}, r"`rgb` must be .* received uint8 \[0, 36, 3\]"),
        ({"rgb": photo(), "alpha": ramp()[1:]}, r"`alpha` must be .*\(24, 36\).*\(23, 36\)"),
        ({"rgb": photo(), "quality": 0}, r"`quality` must be between 1 and 100, received 0"),
    ],
)
def test_arguments_of_save(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        images.save(tmp_path / "picture.png", **arguments)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("check", [images.check_writable, lambda path: images.save(path, photo())])
@pytest.mark.parametrize("name", ["picture", "picture.xyz", ".jpg", "picture.eps", "picture.pdf"])
def test_unknown_suffix(tmp_path, check, name):
    with pytest.raises(
        ValueError, match=r"`path` must end in one of .*\.jpg .*\.png .*, received .*"
    ):
        check(tmp_path / name)


@pytest.mark.parametrize("check", [images.check_writable, lambda path: images.save(path, photo())])
def test_places_that_cannot_be_written(tmp_path, check):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(IsADirectoryError, match=r"folder\.jpg: is a directory"):
        check(tmp_path / "folder.jpg")
    with pytest.raises(NotADirectoryError, match="file is a file, not a folder"):
        check(tmp_path / "file" / "deeper" / "picture.jpg")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")
@pytest.mark.parametrize("path", ["/proc/x.jpg", "/proc/new/x.jpg"])
def test_check_writable_finds_what_permission_bits_hide(path):
    with pytest.raises(PermissionError, match=r"x\.jpg: cannot be written, folder /proc: .+"):
        images.check_writable(path)


@pytest.mark.parametrize("name", ["picture.jpg", "new/folders/picture.jpg", "old.png"])
def test_check_writable_leaves_nothing_behind(tmp_path, name):
    images.save(tmp_path / "old.png", photo())
    before = (tmp_path / "old.png").read_bytes()
    images.check_writable(tmp_path / name)
    assert os.listdir(tmp_path) == ["old.png"]
    assert (tmp_path / "old.png").read_bytes() == before


def test_check_writable_takes_a_bare_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images.check_writable("picture.jpg")
    images.save("picture.jpg", photo())
    assert os.listdir(tmp_path) == ["picture.jpg"]


# Sizes


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


# Folders


def test_find(tmp_path):
    for name in ["b.jpg", "a.PNG", "sub/c.JPeG", "sub/deep/d.webp", ".hidden.jpg", ".git/e.jpg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    found = images.find(tmp_path)
    expected = ["a.PNG", "b.jpg", "sub/c.JPeG", "sub/deep/d.webp"]
    assert found == [tmp_path / name for name in expected]
    assert images.find(str(tmp_path)) == found


def test_find_follows_links_to_folders(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.jpg").touch()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "elsewhere")
    assert images.find(tmp_path / "photos") == [tmp_path / "photos" / "link" / "a.jpg"]


def test_find_in_what_is_no_folder(tmp_path):
    assert images.find(tmp_path) == []
    (tmp_path / "file.jpg").touch()
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        images.find(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match=r"file\.jpg: is a file"):
        images.find(tmp_path / "file.jpg")


def test_find_looks_for_every_format_that_is_written():
    with pytest.raises(ValueError) as caught:
        images.check_writable("picture.xyz")
    written = re.findall(r"\.\w+", str(caught.value).partition("received")[0])
    assert ".jpg" in written
    assert set(written) <= images.SUFFIXES


def test_pixels_are_counted_by_the_header(tmp_path):
    images.save(tmp_path / "a.png", np.zeros((20, 30, 3), np.uint8))
    assert images.count_pixels(tmp_path / "a.png") == 600
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert images.count_pixels(tmp_path / "b.png") == 0
    assert images.count_pixels(tmp_path / "missing.png") == 0
