"""Colours of films: FFmpeg's own filters, and formulas of the standards, are the reference."""

import av
import numpy as np
import pytest

from fast_style.video import pixels
from fast_style.video.frames import FilmError
from tests.films import MATRICES, frame_of, to_yuv


def blocks(height, width):
    """Colours at random, of 4 x 4 pixels each, so that halved chroma is exact."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (-(-height // 4), -(-width // 4), 3), np.uint8)
    return small.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]


@pytest.mark.parametrize("format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_rgb_is_that_of_the_equations(matrix, full, format):
    rgb = blocks(48, 64)
    encoding = pixels.PixelEncoding(format, matrix, 2 if full else 1)
    found = pixels.ToRGB(encoding)(frame_of(to_yuv(rgb, matrix, full), format))
    assert np.abs(found.astype(int) - rgb).max() <= 2


@pytest.mark.parametrize("size", [(48, 64), (47, 63), (2, 2), (1, 1)])
@pytest.mark.parametrize("format", ["yuv420p", "yuv422p", "yuv444p", "gbrp", "rgb24"])
def test_reading_undoes_writing(format, size):
    rgb = blocks(*size)
    encoding = pixels.PixelEncoding(format, 1, 1)
    frame = pixels.FromRGB(encoding)(rgb)
    assert (frame.height, frame.width, frame.format.name) == (*size, format)
    found = pixels.ToRGB(encoding)(frame)
    assert np.abs(found.astype(int) - rgb).max() <= (0 if encoding.is_rgb else 2)


def test_chroma_is_averaged_not_sampled():
    rgb = np.zeros((4, 4, 3), np.uint8)
    rgb[:, ::2] = (255, 0, 0)
    frame = pixels.FromRGB(pixels.PixelEncoding("yuv420p", 5, 1))(rgb)
    red = np.frombuffer(frame.planes[2], np.uint8)[0]
    assert red == pytest.approx(to_yuv(rgb, 5, False)[..., 2].mean(), abs=1)


def test_a_film_that_changes_its_format_midway_is_read_on():
    to_rgb = pixels.ToRGB(pixels.PixelEncoding("yuv420p", 1, 1))
    for format, size in (("yuv420p", (48, 64)), ("yuv444p", (24, 32)), ("yuv420p10le", (48, 64))):
        rgb = blocks(*size)
        found = to_rgb(frame_of(to_yuv(rgb, 1, False), format))
        assert np.abs(found.astype(int) - rgb).max() <= 2


def test_unlabelled_films_are_taken_as_players_take_them():
    for size, matrix in (((576, 720), 5), ((720, 960), 1), ((480, 1280), 1)):
        rgb = blocks(*size)
        frame = frame_of(to_yuv(rgb, matrix, False), "yuv420p")
        found = pixels.ToRGB(pixels.PixelEncoding("yuv420p"))(frame)
        assert np.abs(found.astype(int) - rgb).max() <= 2


def context(matrix=2, transfer=2, format="yuv420p"):
    made = av.CodecContext.create("libx264", "w")
    made.pix_fmt, made.colorspace, made.color_trc = format, matrix, transfer
    return made


@pytest.mark.parametrize(
    ("transfer", "level", "expected"),
    [
        (16, 0.0, 0),
        (16, 0.5807, 241),  # 203 cd/m2, diffuse white, below the highlights
        (16, 0.7518, 255),  # 1000 cd/m2
        (18, 0.75, 241),  # the same white in HLG
        (18, 1.0, 255),
    ],
)
def test_hdr_becomes_the_usual_range(transfer, level, expected):
    grey = np.full((48, 64, 3), 255 * level)
    frame = frame_of(to_yuv(grey, 9, False), "yuv420p10le")
    found = pixels.ToRGB(pixels.PixelEncoding("yuv420p10le", 9, 1, 9, transfer))(frame)
    assert np.abs(found.astype(int) - expected).max() <= 2


def test_hdr_is_written_as_bt709():
    source = pixels.PixelEncoding("yuv420p10le", 9, 1, 9, 18)
    assert output(source) == pixels.PixelEncoding("yuv420p", 1, 1, 1, 1)


def test_matrices_that_are_no_plain_ones_are_refused():
    with pytest.raises(FilmError, match="matrix, number 8"):
        pixels.encoding_of(context(8), "a.mp4")


def test_a_film_falsely_labelled_rgb_counts_as_unlabelled():
    assert pixels.encoding_of(context(0), "a.mp4").matrix == pixels.UNSPECIFIED


def output(source, codec="libx264", lossless=False, size=(48, 64), source_size=(48, 64)):
    return pixels.output_encoding(source, av.Codec(codec, "w"), lossless, source_size, size)


def test_labels_of_the_source_are_kept():
    source = pixels.PixelEncoding("yuv420p10le", 9, 2, 9, 14)
    assert output(source) == pixels.PixelEncoding("yuv420p", 9, 2, 9, 14)
    assert output(pixels.PixelEncoding("yuv420p")) == pixels.PixelEncoding("yuv420p")


def test_a_guess_by_size_becomes_a_label_where_the_size_changes():
    source = pixels.PixelEncoding("yuv420p")
    assert output(source, source_size=(720, 1280), size=(360, 640)).matrix == 1
    assert output(source, source_size=(360, 640), size=(720, 1280)).matrix == 6


@pytest.mark.parametrize(
    ("source", "codec", "lossless", "size", "expected"),
    [
        ("yuv444p", "libx264", False, (48, 64), "yuv420p"),
        ("yuv444p", "libx264", True, (48, 64), "yuv444p"),
        ("yuv422p10le", "libx264", True, (48, 64), "yuv422p"),
        ("nv12", "libx264", True, (48, 64), "yuv420p"),
        ("yuv420p", "libx264", False, (47, 64), "yuv444p"),
        ("yuv420p", "libvpx-vp9", False, (47, 63), "yuv420p"),
        ("yuv420p", "ffv1", True, (47, 63), "yuv420p"),
        ("bgra", "ffv1", True, (48, 64), "bgr0"),
        ("pal8", "libx264", False, (48, 64), "yuv420p"),
        ("rgb24", "libx264", False, (48, 63), "yuv444p"),
        ("yuv420p", "libx264", True, (47, 64), "yuv444p"),
        ("yuvj420p", "mjpeg", False, (48, 64), "yuvj420p"),
        ("yuv422p", "mjpeg", True, (48, 64), "yuvj422p"),
        ("gray", "libx264", True, (48, 64), "yuv420p"),
        ("yuv420p", "prores_ks", False, (48, 64), "yuv422p10le"),
        ("yuv420p", "libx264rgb", True, (48, 64), "rgb24"),
    ],
)
def test_pixel_formats(source, codec, lossless, size, expected):
    assert output(pixels.PixelEncoding(source), codec, lossless, size).format == expected


def test_pictures_become_bt709():
    assert output(None) == pixels.PixelEncoding("yuv420p", 1, 1, 1, 1)
    assert output(pixels.PixelEncoding("rgb24")).matrix == 1
