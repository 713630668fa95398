"""eval.py as a user runs it."""

import json
import os
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from fast_style import images
from fast_style.painting.stylizer import Stylizer
from tests import color_profiles
from tests.scripts import ROOT, assert_one_line_error, command, run_script


def evaluate(*arguments, cwd, **options):
    return run_script("eval.py", *arguments, cwd=cwd, **options)


def write_photo(path, height=20, width=30, seed=0):
    rng = np.random.default_rng(seed)
    images.save(path, rng.integers(0, 256, (height, width, 3), np.uint8))
    return path


def write_png_header(path, width, height):
    """A PNG that claims a size and holds no pixels at all."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IEND", b""))
    return path


def test_one_photograph_goes_to_generated_res_jpg_with_its_seconds(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    process = evaluate(photo, prefix, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert images.read(tmp_path / "generated" / "res.jpg").shape == (20, 30, 3)
    assert re.search(r"generated/res\.jpg: \d+\.\d\d s", process.stdout)
    assert process.stderr == ""  # nothing of what TensorFlow says at its start


def test_without_a_checkpoint_the_network_that_comes_along_paints(tmp_path):
    for name in ("a.png", "b.png"):
        write_photo(tmp_path / name)
    assert evaluate("a.png", cwd=tmp_path).returncode == 0
    assert images.read(tmp_path / "generated" / "res.jpg").shape == (20, 30, 3)
    process = evaluate("a.png", "b.png", "--output=out", cwd=tmp_path)
    assert "2 of 2 images painted" in process.stdout
    assert sorted(os.listdir(tmp_path / "out")) == ["a.png", "b.png"]


def test_with_a_style_and_no_checkpoint_the_gallery_that_comes_along_paints(tmp_path):
    photo = write_photo(tmp_path / "a.png")
    process = evaluate("a.png", "--style=wave:2,the_scream:1", "--output=out.png", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    stylizer = Stylizer.load(ROOT / "checkpoints" / "gallery", style="wave:2,the_scream:1")
    np.testing.assert_array_equal(images.read(tmp_path / "out.png"), stylizer(images.read(photo)))
    process = evaluate("a.png", "--style=guernica", cwd=tmp_path)
    assert_one_line_error(process, "guernica", "cherry_tree", "woman_with_a_hat")


def test_the_device_is_said(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    for runtime in ("openvino", "tensorflow"):
        process = evaluate(photo, prefix, f"--runtime={runtime}", cwd=tmp_path)
        assert re.search(rf"runtime {runtime} on (CPU|GPU)", process.stdout)


def test_what_is_written_is_what_the_network_paints(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    output = tmp_path / "new" / "folder" / "painted.png"
    assert evaluate(photo, prefix, "--output", output, cwd=tmp_path).returncode == 0
    expected = Stylizer.load(prefix)(images.read(photo))
    np.testing.assert_array_equal(images.read(output), expected)


def test_images_of_all_shapes_and_sizes_keep_their_size_and_alpha(prefix, tmp_path):
    sizes = [(1, 1), (500, 3), (333, 501), (3, 500)]
    for height, width in sizes:
        write_photo(tmp_path / f"{height}x{width}.png", height, width)
    alpha = np.arange(64, dtype=np.uint8).reshape(8, 8)
    images.save(tmp_path / "alpha.png", np.zeros((8, 8, 3), np.uint8), alpha)
    photos = sorted(tmp_path.glob("*.png"))
    process = evaluate(*photos, prefix, "--output", "out", "--jit_compile", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    for height, width in sizes:
        assert images.read(tmp_path / "out" / f"{height}x{width}.png").shape == (height, width, 3)
    np.testing.assert_array_equal(images.load(tmp_path / "out" / "alpha.png").alpha, alpha)


def test_odd_kinds_of_files_are_read_right_or_named(prefix, tmp_path):
    scene = np.full((24, 32, 3), [150, 110, 100], np.uint8)
    files = tmp_path / "files"
    images.save(files / "scene.png", scene)
    profile = color_profiles.rgb_profile(color_profiles.DISPLAY_P3, 2.2)
    Image.fromarray(scene).save(files / "wide.png", icc_profile=profile)
    planes = np.moveaxis(scene.astype(np.uint16) * 257, -1, 0)
    tifffile.imwrite(files / "planes.tif", planes, photometric="rgb", planarconfig="separate")
    alpha = np.full((24, 32), 255, np.uint8)
    alpha[:8] = 0
    images.save(files / "see_through.gif", scene, alpha)
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "blue")]
    frames[0].save(files / "moving.webp", save_all=True, append_images=frames[1:])
    (files / "raw.dng.tif").write_bytes(b"II*\0\x10\0\0\0CR\x02\0" + bytes(99))
    process = evaluate("files", prefix, "--strength=0", "--output=out", cwd=tmp_path)
    assert process.returncode == 1
    assert re.search("^error: .*raw.dng.tif: a camera raw file", process.stderr, re.M)
    assert re.search("moving.webp: an animation of 2 frames", process.stderr)
    assert process.stderr.count("Traceback") == 0
    read = {path.name: images.load(path) for path in (tmp_path / "out").iterdir()}
    assert sorted(read) == sorted(path.name for path in files.iterdir() if "raw" not in path.name)
    assert np.abs(read["planes.tif"].rgb.astype(int) - scene).max() <= 1
    assert np.abs(read["wide.png"].rgb - np.array([159, 108, 98])).max() <= 1
    np.testing.assert_array_equal(read["see_through.gif"].alpha, alpha)


def test_metadata_follow_the_picture_to_its_new_size(prefix, tmp_path):
    exif = Image.Exif()
    exif[0x8769] = {0xA002: 60, 0xA003: 40}
    photo = Image.fromarray(np.zeros((40, 60, 3), np.uint8))
    photo.save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300), xmp=b"<x:xmpmeta/>")
    process = evaluate("a.jpg", prefix, "--image_size=30", "--output=b.jpg", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    with Image.open(tmp_path / "b.jpg") as image:
        details = image.getexif().get_ifd(0x8769)
        assert (details[0xA002], details[0xA003]) == image.size == (30, 20)
        assert image.info["dpi"] == (300, 300)
        assert image.info["xmp"] == b"<x:xmpmeta/>"


def test_of_several_inputs_the_good_ones_are_painted(prefix, tmp_path):
    photos = tmp_path / "photos"
    write_photo(photos / "good.jpg")
    write_photo(photos / "deep" / "good.jpg")
    data = (photos / "good.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(data[: len(data) // 2])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("no photograph")
    write_png_header(photos / "huge.png", 30_000, 30_000)
    missing = tmp_path / "missing.jpg"
    process = evaluate(photos, missing, prefix, "--output", "out", cwd=tmp_path)
    assert process.returncode == 1
    errors = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 5
    for name in ("cut.jpg", "empty.jpg", "text.jpg", "huge.png", "missing.jpg"):
        assert sum(name in error for error in errors) == 1
    assert "Traceback" not in process.stderr
    assert "2 of 7 images painted" in process.stdout
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == ["good.jpg"] * 2


@pytest.mark.parametrize("kind", ["missing", "directory", "text", "truncated", "huge"])
def test_a_photograph_that_cannot_be_read_is_one_line(prefix, tmp_path, kind):
    photo = tmp_path / "photo.jpg"
    words = [photo]
    if kind == "directory":
        photo.mkdir()
    elif kind == "text":
        photo.write_text("no photograph")
    elif kind == "truncated":
        write_photo(photo)
        os.truncate(photo, 300)
    elif kind == "huge":
        photo = write_png_header(tmp_path / "photo.png", 30_000, 30_000)
        words = [photo, "30000 x 30000", "--max_pixels"]
    process = evaluate(photo, prefix, cwd=tmp_path)
    assert_one_line_error(process, *words)
    assert not (tmp_path / "generated" / "res.jpg").exists()


def test_the_pixel_limit_is_a_flag(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png", 20, 30)
    assert_one_line_error(evaluate(photo, prefix, "--max_pixels=599", cwd=tmp_path), "599")
    assert evaluate(photo, prefix, "--max_pixels=600", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("kind", ["missing", "directory", "cut", "other network"])
def test_a_checkpoint_that_cannot_be_read_is_one_line(prefix, tmp_path, kind):
    photo = write_photo(tmp_path / "photo.png")
    copy = tmp_path / "ckpt"
    if kind == "directory":
        copy.mkdir()
    elif kind != "missing":
        for suffix in (".index", ".data-00000-of-00001", ".json"):
            (tmp_path / f"ckpt{suffix}").write_bytes(
                (prefix.parent / f"ckpt-done{suffix}").read_bytes()
            )
    if kind == "cut":
        os.truncate(tmp_path / "ckpt.data-00000-of-00001", 1000)
    if kind == "other network":
        metadata = json.loads((tmp_path / "ckpt.json").read_text())
        metadata["network"]["width"] = 8
        (tmp_path / "ckpt.json").write_text(json.dumps(metadata))
    words = {
        "missing": "no such checkpoint",
        "directory": "no such checkpoint",
        "cut": "damaged checkpoint",
        "other network": "weights do not fit",
    }
    assert_one_line_error(evaluate(photo, copy, cwd=tmp_path), copy, words[kind])


def test_an_output_that_cannot_be_written_is_said_before_any_work(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    (tmp_path / "file").write_text("")
    (tmp_path / "damaged.index").touch()  # whoever looks at it first, complains about it
    for output in ("/proc/painted.jpg", tmp_path / "file" / "painted.jpg", "painted.docx"):
        process = evaluate(photo, tmp_path / "damaged", "--output", output, cwd=tmp_path)
        assert_one_line_error(process, output)


def test_outputs_that_would_collide_are_refused(prefix, tmp_path):
    first = write_photo(tmp_path / "a" / "photo.png")
    second = write_photo(tmp_path / "b" / "photo.png")
    process = evaluate(first, second, prefix, "--output", "out", cwd=tmp_path)
    assert_one_line_error(process, first, second)
    before = first.read_bytes()
    assert_one_line_error(evaluate(first, prefix, "--output", first, cwd=tmp_path), first)
    assert first.read_bytes() == before


def test_a_folder_goes_on_where_it_stopped(prefix, tmp_path):
    for name in ("a.png", "deep/b.png"):
        write_photo(tmp_path / "photos" / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("done")
    arguments = ("photos", prefix, "--output", "out", "--skip_existing")
    process = evaluate(*arguments, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "1 of 2 images painted, 1 exist already" in process.stdout
    assert (tmp_path / "out" / "a.png").read_text() == "done"
    assert images.read(tmp_path / "out" / "deep" / "b.png").shape == (20, 30, 3)
    process = evaluate(*arguments, cwd=tmp_path)
    assert "all 2 images exist already" in process.stdout


def test_strength_colours_and_size_are_flags(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    flags = ("--keep_colors", "--strength=0", "--image_size=60", "--style_scale=2")
    process = evaluate(photo, prefix, "--output", "res.png", *flags, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    expected = images.resize(images.read(photo), 40, 60)
    np.testing.assert_array_equal(images.read(tmp_path / "res.png"), expected)


@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
def test_bands_make_the_same_picture(prefix, tmp_path, runtime):
    photo = write_photo(tmp_path / "photo.png", 60, 30)
    flags = ("--output", "res.png", f"--runtime={runtime}", "--tile=16")
    process = evaluate(photo, prefix, *flags, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert f"runtime {runtime}" in process.stdout
    expected = Stylizer.load(prefix, runtime=runtime)(images.read(photo))
    difference = np.abs(images.read(tmp_path / "res.png").astype(int) - expected)
    assert difference.max() <= 1


@pytest.mark.parametrize(
    ("flag", "words", "status"),
    [
        ("--tile=8", ["`tile`", "at least 16", "8"], 1),
        ("--max_memory=much", ["`max_memory`", "2GiB", "much"], 1),
        ("--max_memory=1", ["`max_memory` is too small", "30 x 20"], 1),
        ("--strength=2", ["`strength`", "2"], 1),
        ("--image_size=1", ["`image_size`", "1"], 1),
        ("--style_scale=0", ["`style_scale`", "0"], 1),
        ("--image_size=20000", ["`image_size`", "over the limit"], 1),
    ],
)
def test_values_out_of_range_are_one_line(prefix, tmp_path, flag, words, status):
    photo = write_photo(tmp_path / "photo.png")
    assert_one_line_error(evaluate(photo, prefix, flag, cwd=tmp_path), *words, status=status)


def test_an_output_inside_the_input_folder_is_one_line(prefix, tmp_path):
    write_photo(tmp_path / "photos" / "a.png")
    process = evaluate("photos", prefix, "--output", "photos/out", cwd=tmp_path)
    assert_one_line_error(process, "photos/out", "input folder")
    assert not (tmp_path / "photos" / "out").exists()


def test_wrong_usage_ends_with_2(tmp_path):
    for arguments in (
        [],
        ["a.jpg", "ckpt", "--no_such_flag"],
        ["a.jpg", "ckpt", "--runtime=torch"],
    ):
        process = evaluate(*arguments, cwd=tmp_path)
        assert process.returncode == 2
        assert "Traceback" not in process.stderr
        assert "--help" in process.stderr


def test_help_describes_the_flags(tmp_path):
    process = evaluate("--help", cwd=tmp_path)
    assert process.returncode == 0
    assert "generated/res.jpg" in process.stdout
    assert "--max_pixels" in process.stdout


# Pipes, scripts, odd names


def test_a_picture_goes_through_pipes(prefix, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    process = subprocess.run(
        command("eval.py", "-", prefix, "-o", "-"),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input=photo.read_bytes(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    painted = images.decode(process.stdout)
    np.testing.assert_array_equal(painted.rgb, Stylizer.load(prefix)(images.read(photo)))
    assert b"standard output: 0." in process.stderr
    assert os.listdir(tmp_path) == ["photo.png"]


def test_a_pipe_holds_one_picture(prefix, tmp_path):
    for name in ("a.png", "b.png"):
        write_photo(tmp_path / name)
    process = evaluate("a.png", "b.png", prefix, "--output=-", cwd=tmp_path)
    assert_one_line_error(process, "--output=-", "one picture")
    assert process.stdout == ""
    process = evaluate("-", prefix, "--output=-", cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert_one_line_error(process, "standard input: is empty")


def test_json_is_all_that_is_printed(prefix, tmp_path):
    photos = tmp_path / "photos"
    write_photo(photos / "good.jpg")
    (photos / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    process = evaluate("photos", "photoz", prefix, "--output=out", "--json", cwd=tmp_path)
    assert process.returncode == 1
    missing, cut, good = map(json.loads, process.stdout.splitlines())
    assert good.pop("seconds") > 0
    assert good == {
        "source": "photos/good.jpg",
        "target": "out/good.jpg",
        "size": [30, 20],
        "error": None,
    }
    assert (cut["source"], cut["size"], cut["seconds"]) == ("photos/cut.jpg", None, None)
    assert "not a readable image" in cut["error"]
    assert missing["error"] == "photoz: no such file or folder"
    assert "1 of 3 images painted" in process.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_that_a_terminal_can_not_show_are_painted(prefix, tmp_path, encoding):
    names = [b"bad\xff.png", "日本.png".encode(), b"line\n\x1b[31m.png", b"a.png"]
    os.mkdir(tmp_path / "photos")
    for name in names:
        photo = write_photo(tmp_path / "photo.png")
        os.rename(photo, os.path.join(os.fsencode(tmp_path), b"photos", name))
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = run_script(
        "eval.py",
        *("photos", prefix, "--output=out"),
        cwd=tmp_path,
        environment=settings if encoding == "ascii" else {"PYTHONIOENCODING": "utf-8"},
    )
    assert process.returncode == 0, process.stderr
    assert sorted(os.listdir(os.path.join(os.fsencode(tmp_path), b"out"))) == sorted(names)
    assert r"out/bad\udcff.png: 0." in process.stdout
    assert r"out/line\n\x1b[31m.png: 0." in process.stdout
    assert ("日本" in process.stdout) == (encoding == "utf-8")
    assert "4 of 4 images painted" in process.stdout


def test_inputs_are_not_painted_over(prefix, tmp_path):
    for name in ("a/sub/1.jpg", "b/sub/1.jpg"):
        write_photo(tmp_path / name, seed=len(name))
    before = (tmp_path / "b/sub/1.jpg").read_bytes()
    process = evaluate("a", "b/sub/1.jpg", prefix, "--output=b", cwd=tmp_path)
    assert_one_line_error(process, "b/sub/1.jpg")
    process = evaluate("b/sub/1.jpg", prefix, "--output=no/../b/sub/1.jpg", cwd=tmp_path)
    assert_one_line_error(process, "b/sub/1.jpg")
    assert (tmp_path / "b/sub/1.jpg").read_bytes() == before
    assert not (tmp_path / "no").exists()


def test_a_mistyped_folder_is_one_line(prefix, tmp_path):
    process = evaluate("photoz", prefix, "--output=out", cwd=tmp_path)
    assert_one_line_error(process, "photoz: no such file or folder")
    write_photo(tmp_path / "a.png")
    process = evaluate("a.png", "photoz", "--output=out", cwd=tmp_path)
    assert_one_line_error(process, "photoz: no such checkpoint, file or folder")


def test_the_home_folder_is_meant_by_a_tilde(prefix, tmp_path):
    write_photo(tmp_path / "home" / "a.png")
    process = evaluate(
        *("~/*.png", prefix, "--output=~/painted/x.png"),
        cwd=tmp_path,
        environment={"HOME": str(tmp_path / "home")},
    )
    assert process.returncode == 0, process.stderr
    assert os.listdir(tmp_path) == ["home"]
    assert images.read(tmp_path / "home" / "painted" / "x.png").shape == (20, 30, 3)


def test_a_locked_folder_spares_the_others(prefix, tmp_path):
    for name in ("a.png", "locked/b.png", "open/c.png"):
        write_photo(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").touch()
    locked = tmp_path / "photos" / "locked"
    code = (
        "import os, sys; real = os.scandir\n"
        "def scandir(path='.'):\n"
        f"    if os.path.basename(os.fspath(path)) == {locked.name!r}:\n"
        "        raise PermissionError(13, 'Permission denied', path)\n"
        "    return real(path)\n"
        "os.scandir = scandir\n"
        "from fast_style import command_line\n"
        f"sys.argv = ['eval.py', 'photos', {str(prefix)!r}, '--output=out']\n"
        "command_line.run('fast_style.commands.paint')\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1
    assert "error: photos/locked: Permission denied\n" in process.stderr
    assert "2 of 2 images painted; 1 other file left out: .txt\n" in process.stdout
