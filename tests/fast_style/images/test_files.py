"""Reading, writing and finding image files, as a user's folder holds them."""

import io
import os
import re

import numpy as np
import pytest
from PIL import Image

from fast_style import images
from tests.pictures import (
    distance,
    photo,
    ramp,
)

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


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".ppm"])
def test_a_picture_is_laid_on_white_where_the_format_holds_no_alpha(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    images.save(path, photo(), alpha=ramp())
    picture = images.load(path)
    assert picture.alpha is None
    white = Image.new("RGBA", (36, 24), "white")
    over = Image.fromarray(np.dstack([photo(), ramp()]))
    white.alpha_composite(over)
    assert distance(picture.rgb, np.asarray(white)[..., :3]) < (2 if suffix == ".jpg" else 0.6)


def test_pixels_of_a_gif_are_transparent_or_not(tmp_path):
    images.save(tmp_path / "a.gif", photo(), alpha=ramp())
    picture = images.load(tmp_path / "a.gif")
    np.testing.assert_array_equal(picture.alpha, np.where(ramp() < 128, 0, 255))
    shown = ramp() >= 128
    assert distance(picture.rgb[shown], photo()[shown]) < 8


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


def test_what_is_transparent_in_a_painting_is_white_and_said(tmp_path, caplog):
    alpha = np.full((24, 36), 255, np.uint8)
    alpha[:, :10] = 0
    images.save(tmp_path / "a.png", np.zeros((24, 36, 3), np.uint8), alpha)
    read = images.read(tmp_path / "a.png")
    assert (read[:, :10] == 255).all() and (read[:, 10:] == 0).all()
    (line,) = caplog.messages
    assert "a.png: transparent" in line
    images.save(tmp_path / "b.png", photo())
    np.testing.assert_array_equal(images.read(tmp_path / "b.png"), photo())
    assert len(caplog.messages) == 1


# Files that are refused


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.jpg: no such file$"):
        images.load(tmp_path / "none.jpg")
    with pytest.raises(IsADirectoryError, match="is a directory, an image file is expected$"):
        images.load(tmp_path)


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


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "A.TIF"])
def test_what_is_encoded_is_what_save_writes(tmp_path, photo, name):
    images.save(tmp_path / name, photo(), quality=80)
    assert bytes(images.encoded(name, photo(), quality=80)) == (tmp_path / name).read_bytes()
    with pytest.raises(ValueError, match="`path` must end in"):
        images.encoded("a.txt", photo())


def test_the_size_that_a_header_says(photo):
    assert images.header_size(io.BytesIO(images.encoded("a.png", photo(20, 30)))) == (30, 20)
    assert images.header_size(io.BytesIO(b"no picture")) == (0, 0)
