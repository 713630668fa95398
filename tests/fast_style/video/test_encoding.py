"""Containers and encoders."""

import pytest

from fast_style.errors import InvalidValue
from fast_style.video.encoding import EncodeOptions, choose_encoder, holds
from fast_style.video.frames import FilmError


@pytest.mark.parametrize(
    ("path", "container", "codec"),
    [
        ("a.mp4", "mp4", "libx264"),
        ("a.M4V", "mp4", "libx264"),
        ("a.mov", "mov", "libx264"),
        ("a.mkv", "matroska", "libx264"),
        ("a.webm", "webm", "libvpx-vp9"),
    ],
)
def test_the_suffix_names_the_container(path, container, codec):
    found = choose_encoder(path, EncodeOptions())
    assert (found.container, found.codec.name, found.is_lossless) == (container, codec, False)


def test_crf_reaches_the_encoder():
    assert choose_encoder("a.mp4", EncodeOptions(crf=30)).options["crf"] == "30"
    assert choose_encoder("a.mp4", EncodeOptions(crf=0)).is_lossless
    assert choose_encoder("a.mkv", EncodeOptions("ffv1")).is_lossless
    assert not choose_encoder("a.mp4", EncodeOptions("libsvtav1", crf=0)).is_lossless


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"codec": "nonsense"}, "codec.*nonsense"),
        ({"codec": "aac"}, "codec.*aac"),
        ({"codec": "ffv1", "crf": 20}, "crf.*ffv1"),
        ({"crf": -1}, "crf.*-1"),
        ({"crf": 64}, "crf.*64"),
        ({"codec": "libx264", "crf": 52}, "crf.*51.*52"),
    ],
)
def test_options_that_are_none_are_said(options, words):
    with pytest.raises(InvalidValue, match=words):
        EncodeOptions(**options)


def test_a_crf_out_of_the_usual_encoders_range_is_said():
    with pytest.raises(InvalidValue, match="crf.*51.*60"):
        choose_encoder("a.mp4", EncodeOptions(crf=60))
    assert choose_encoder("a.webm", EncodeOptions(crf=60)).options["crf"] == "60"


def test_a_codec_in_the_wrong_container_is_said():
    with pytest.raises(FilmError, match=r"a.webm: a webm file can't hold h264 .libx264."):
        choose_encoder("a.webm", EncodeOptions("libx264"))


def test_what_containers_hold():
    assert holds("mp4", "aac") and holds("matroska", "subrip") and holds("webm", "opus")
    assert not holds("webm", "aac") and not holds("mp4", "subrip")
