"""Images decoded in a graph against `fast_style.images`."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_style import images
from fast_style.export import graph_images
from fast_style.export.graph_images import JPEG, PNG, WEBP


def encode(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def picture(mode="RGB", height=13, width=18):
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 5, 4), np.uint8), "RGBA")
    return coarse.resize((width, height), Image.Resampling.BILINEAR).convert(mode)


def oriented(orientation, big_endian=False):
    exif = Image.Exif()
    exif.endian = ">" if big_endian else "<"
    exif[0x010E] = "metadata that comes before"
    exif[0x0112] = orientation
    return encode(picture(), "JPEG", exif=exif.tobytes())


GOOD = {
    "jpeg": (JPEG, encode(picture(), "JPEG")),
    "progressive": (JPEG, encode(picture(), "JPEG", progressive=True)),
    "4:4:4": (JPEG, encode(picture(), "JPEG", subsampling=0)),
    "grey jpeg": (JPEG, encode(picture("L"), "JPEG")),
    "cmyk jpeg": (JPEG, encode(picture("CMYK"), "JPEG")),
    "big-endian EXIF": (JPEG, oriented(6, big_endian=True)),
    **{f"orientation {i}": (JPEG, oriented(i)) for i in range(1, 9)},
    "orientation 9": (JPEG, oriented(9)),
    "png": (PNG, encode(picture(), "PNG")),
    "grey png": (PNG, encode(picture("L"), "PNG")),
    "one bit": (PNG, encode(picture("1"), "PNG")),
    "palette": (PNG, encode(picture("P"), "PNG")),
    "two bits": (PNG, encode(picture("L").quantize(4), "PNG", bits=2)),
    "transparent palette": (PNG, encode(picture("P"), "PNG", transparency=3)),
    "alpha": (PNG, encode(picture("RGBA"), "PNG")),
    "grey and alpha": (PNG, encode(picture("LA"), "PNG")),
    "webp": (WEBP, encode(picture(), "WEBP")),
    "lossless webp": (WEBP, encode(picture(), "WEBP", lossless=True)),
    "webp with alpha": (WEBP, encode(picture("RGBA"), "WEBP")),
    "lossless webp with alpha": (WEBP, encode(picture("RGBA"), "WEBP", lossless=True)),
    "one pixel": (PNG, encode(picture(height=1, width=1), "PNG")),
}


@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def read(data):
    kind, height, width = graph_images.read_header(data, tf.constant("image 7"))
    with tf.control_dependencies([height]):
        return kind, height, width, graph_images.decode(data, kind)


@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def header(data):
    return graph_images.read_header(data, tf.constant("image 7"))


@pytest.mark.parametrize("name", GOOD)
def test_pixels_and_alpha_are_those_of_data_images(name):
    expected_kind, data = GOOD[name]
    kind, height, width, rgba = (value.numpy() for value in read(data))
    expected = images.decode(data)
    assert kind == expected_kind
    assert (height, width) == Image.open(io.BytesIO(data)).size[::-1]
    np.testing.assert_array_equal(rgba[..., :3], expected.rgb)
    np.testing.assert_array_equal(rgba[..., 3], 255 if expected.alpha is None else expected.alpha)


JPEG_DATA, PNG_DATA, WEBP_DATA = (GOOD[name][1] for name in ("jpeg", "png", "webp with alpha"))


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "image 7: not a JPEG, PNG or WebP"),
        (b"text", "image 7: not a JPEG, PNG or WebP"),
        (encode(picture(), "GIF"), "image 7: not a JPEG, PNG or WebP"),
        (encode(picture(), "BMP"), "image 7: not a JPEG, PNG or WebP"),
        (JPEG_DATA[:100], "Invalid JPEG data"),
        (PNG_DATA[:20], "image 7: has no pixels"),
        (
            encode(picture(), "WEBP", save_all=True, append_images=[picture("L").convert("RGB")]),
            "image 7: an animated WebP",
        ),
    ],
)
def test_unsupported_and_damaged_headers_are_refused(data, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        header(data)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "webp with alpha", "orientation 6"])
def test_cut_images_are_refused(name):
    _, data = GOOD[name]
    for length in range(0, len(data) - 20, max(1, len(data) // 40)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            read(data[:length])


def test_a_size_is_known_before_pixels_are_decoded():
    huge = PNG_DATA[:16] + (70_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big") + PNG_DATA[24:]
    assert [int(n) for n in header(huge)[1:]] == [60_000, 70_000]
    largest = PNG_DATA[:16] + b"\xff" * 8 + PNG_DATA[24:]
    assert [int(n) for n in header(largest)[1:]] == [2**32 - 1] * 2


def test_a_webp_whose_canvas_is_not_its_image_is_refused():
    forged = bytearray(WEBP_DATA)
    assert forged[12:16] == b"VP8X"
    forged[24:30] = b"\x01\x00\x00\x01\x00\x00"
    assert [int(n) for n in header(bytes(forged))[1:]] == [2, 2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="WebP"):
        read(bytes(forged))


def test_damaged_exif_is_ignored():
    data = oriented(6)
    start = data.index(b"Exif")
    upright = images.decode(encode(picture(), "JPEG")).rgb.shape
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(data)
        damaged[start + 6 + rng.integers(30)] = rng.integers(256)
        shape = read(bytes(damaged))[3].shape
        assert tuple(shape[:2]) in (upright[:2], upright[1::-1])


@pytest.mark.parametrize(
    "kind, start", [(JPEG, b"\xff\xd8"), (PNG, b"\x89PNG"), (WEBP, b"\x89PNG")]
)
def test_images_are_encoded_in_the_format_that_came(kind, start):
    rgba = np.array(picture("RGBA"))
    rgb, alpha = rgba[..., :3], rgba[..., 3:]
    data = graph_images.encode(rgb, alpha, tf.constant(kind)).numpy()
    assert data.startswith(start)
    decoded = images.decode(data)
    if kind != JPEG:
        np.testing.assert_array_equal(decoded.rgb, rgb)
        np.testing.assert_array_equal(decoded.alpha, alpha[..., 0])
        opaque = graph_images.encode(rgb, np.full_like(alpha, 255), tf.constant(kind)).numpy()
        assert Image.open(io.BytesIO(opaque)).mode == "RGB"
