"""Runs eval.py over folders of odd files: each gives the right picture or one line.

    python -m benchmarks.odd_files CHECKPOINT

First every format that Pillow writes, damaged and cut at random places, huge headers, tiny images,
animations, CMYK, 16 bits, palettes with transparency, EXIF orientations, text, empty files, folders
and links with image names. Then `benchmarks.format_matrix`, painted with --strength=0, which leaves
what was read: each picture is compared with the numbers in its file and, if ImageMagick is
installed, with its reading. Prints counts, the time and the peak of memory.
"""

import io
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np
from absl import app, flags
from PIL import Image

from benchmarks import format_matrix, machine
from fast_style.painting import runtimes

flags.DEFINE_integer("damaged", 12, "Damaged copies of each good file.")
flags.DEFINE_integer("seed", 0, "Of the damage.")
flags.DEFINE_enum("runtime", "auto", runtimes.RUNTIMES, "What the network runs on.")
_TIMEOUT = 1800  # seconds
_LOSSY = 8  # of 255, mean: what a JPEG of noise loses
_FORMATS = {
    "JPEG": (".jpg", ("RGB", "L", "CMYK")),
    "PNG": (".png", ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
    "WEBP": (".webp", ("RGB", "RGBA")),
    "AVIF": (".avif", ("RGB", "RGBA")),
    "GIF": (".gif", ("RGB", "P", "L")),
    "BMP": (".bmp", ("RGB", "L", "1")),
    "TIFF": (".tif", ("RGB", "RGBA", "L", "CMYK", "I;16", "F", "1")),
    "JPEG2000": (".jp2", ("RGB", "RGBA", "L")),
    "PPM": (".ppm", ("RGB", "L", "1")),
}


def _good_files(rng):
    """Yields name and contents of files that can be read."""
    pixels = rng.integers(0, 256, (37, 53, 4), np.uint8)
    Image.init()
    for name, (suffix, modes) in _FORMATS.items():
        if name not in Image.SAVE:
            continue
        for mode in modes:
            if mode == "I;16":
                image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
            elif mode == "F":
                image = Image.fromarray(pixels[..., 0] / np.float32(255))
            else:
                image = Image.fromarray(pixels).convert("RGB" if mode != "RGBA" else mode)
                image = image.convert(mode)
            options = {"transparency": 3} if mode == "P" else {}
            yield f"{name}-{mode.replace(';', '')}{suffix}", _encode(image, name, **options)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = Image.fromarray(pixels[..., :3])
        yield f"rotated-{orientation}.jpg", _encode(image, "JPEG", exif=exif)
    frames = [Image.fromarray(np.roll(pixels, 5 * i, axis=1)) for i in range(4)]
    for name in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        data = _encode(frames[0], name, save_all=True, append_images=frames[1:])
        yield f"frames-{name}{_FORMATS[name][0]}", data
    for height, width in ((1, 1), (1, 300), (300, 1), (2, 3)):
        image = Image.fromarray(np.resize(pixels[..., :3], (height, width, 3)))
        yield f"tiny-{height}x{width}.png", _encode(image, "PNG")


def _encode(image, name, **options):
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def _huge_png(side):
    """A PNG that claims a size and holds nothing."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def _write_all(folder, rng):
    """Fills the folder; returns how many files eval.py finds there."""
    files = dict(_good_files(rng))
    for name, data in list(files.items()):
        for number in range(flags.FLAGS.damaged):
            damaged = bytearray(data)
            for place in rng.integers(0, len(data), rng.integers(1, 9)):
                damaged[place] = rng.integers(256)
            if number % 3 == 2:
                del damaged[rng.integers(len(data)) :]
            files[f"damaged-{number}-{name}"] = bytes(damaged)
    for side in (20_000, 2**31 - 1):
        files[f"huge-{side}.png"] = _huge_png(side)
    files |= {"empty.jpg": b"", "text.jpg": b"no picture", "page.png": b"<html></html>"}
    files["renamed.jpg"] = files["PNG-RGB.png"]
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    os.mkdir(os.path.join(folder, "folder.jpg"))
    os.symlink(folder, os.path.join(folder, "loop"))
    os.symlink("nowhere", os.path.join(folder, "broken.jpg"))
    os.mkfifo(os.path.join(folder, "pipe.png"))
    locked = os.path.join(folder, "locked.jpg")
    with open(locked, "wb") as file:
        file.write(files["JPEG-RGB.jpg"])
    os.chmod(locked, 0)  # which root reads all the same
    return len(files) + 1


def _run(*arguments):
    """A finished process of eval.py, and its seconds."""
    command = [sys.executable, "eval.py", *arguments, f"--runtime={flags.FLAGS.runtime}"]
    started = time.perf_counter()
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    return process, time.perf_counter() - started


def _odd_files(folder, checkpoint):
    photos = os.path.join(folder, "photos")
    os.mkdir(photos)
    count = _write_all(photos, np.random.default_rng(flags.FLAGS.seed))
    process, seconds = _run(photos, checkpoint, "--output", os.path.join(folder, "out"))
    lines = process.stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    painted = [line for line in process.stdout.splitlines() if line.endswith(" s")]
    others = [line for line in lines if "error: " not in line and "image/s" not in line]
    others = [line for line in others if "it/s" not in line and "images" not in line]
    others = [line for line in others if "the first alone is taken" not in line]
    peak = machine.peak_memory(resource.RUSAGE_CHILDREN)
    print(f"{count} files, {len(painted)} painted, {len(errors)} errors of one line")
    print(f"exit status {process.returncode}, tracebacks: {process.stderr.count('Traceback')}")
    print(f"{seconds:.1f} s, peak {peak:,.0f} MiB")
    print(f"unaccounted for: {count - len(painted) - len(errors)}")
    for line in others:
        if line.strip() and "%|" not in line:
            print("unexpected:", line)


def _formats(folder, checkpoint):
    files, painted = os.path.join(folder, "formats"), os.path.join(folder, "painted")
    os.mkdir(files)
    cases = {case.name: case for case in format_matrix.all_cases()}
    for name, case in cases.items():
        with open(os.path.join(files, name), "wb") as file:
            file.write(case.data)
    process, _ = _run(files, checkpoint, "--strength=0", "--output", painted)
    refused = process.stderr.count("error: ")
    results = {name: _painted(painted, name) for name in cases}
    results = {name: pixels for name, pixels in results.items() if pixels is not None}
    known = {name: pixels for name, pixels in results.items() if cases[name].rgb is not None}
    wrong = [name for name, pixels in known.items() if not _is_right(pixels, cases[name])]
    print(f"{len(cases)} files of all formats: {refused} refused, {len(results)} painted")
    print(f"of {len(known)} whose right pixels are known: {len(known) - len(wrong)} right")
    print("wrong:", len(wrong), *wrong)
    print("unaccounted for:", len(cases) - refused - len(results))
    if shutil.which("convert"):
        agree = [_agrees(pixels, os.path.join(files, name)) for name, pixels in results.items()]
        print(f"ImageMagick reads {sum(agree)} of {len(results)} the same, within 2 of 255")


def _painted(folder, name):
    """The picture painted of a file, uint8 [H, W, 4]; None if there is none."""
    stem, suffix = os.path.splitext(name)
    for result in (name, f"{stem}{suffix.replace('.', '_')}.jpg"):
        path = os.path.join(folder, result)
        if os.path.exists(path):
            with Image.open(path) as image:
                return np.asarray(image.convert("RGBA"))
    return None


def _is_right(pixels, case):
    alpha = np.full(pixels.shape[:2], 255) if case.alpha is None else case.alpha
    rgb = case.rgb
    if case.name.endswith((".pgm", ".pbm", ".pfm")):  # came out as a JPEG
        return np.abs(pixels[..., :3] - rgb).mean() < _LOSSY and (pixels[..., 3] == 255).all()
    near = np.abs(pixels[..., :3] - rgb).max() <= case.tolerance
    return near and np.abs(pixels[..., 3] - alpha).max() <= case.tolerance


def _agrees(pixels, path):
    command = ["convert", f"{path}[0]", "-colorspace", "sRGB", "-depth", "8", "rgba:-"]
    process = subprocess.run(command, capture_output=True, check=False)
    if len(process.stdout) != pixels.size:
        return False
    theirs = np.frombuffer(process.stdout, np.uint8).reshape(pixels.shape).astype(int)
    lossy = path.endswith((".pgm", ".pbm", ".pfm"))
    difference = np.abs(theirs - pixels)
    return difference.mean() < _LOSSY if lossy else difference.max() <= 2


def main(argv):
    if len(argv) != 2:
        raise app.UsageError("CHECKPOINT is expected")
    with tempfile.TemporaryDirectory() as folder:
        _odd_files(folder, argv[1])
        _formats(folder, argv[1])


if __name__ == "__main__":
    app.run(main)
