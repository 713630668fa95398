"""Which runs are the same: what is compared, and by what."""

import copy

import pytest

from fast_style.training.same_run import differences, unmeasured

OLD = {
    "network": {"width": 4},
    "style": {"name": "wave.jpg", "crc32": 1, "distances": {"block1_conv2": 200.0}},
    "losses": {"style_weight": 5.0},
    "training": {"steps": 4, "seed": 0, "photos": "train", "photos_found": 5, "vgg_weights": "a"},
    "init_from": None,
}
ORIGIN = {"step": 900, "style": {"name": "scream.jpg"}}


def metadata(init_from=None, **training):
    """Metadata as they are written now."""
    result = copy.deepcopy(OLD)
    result["training"] |= {"photos_sha256": "1" * 64, "vgg_sha256": "2" * 64, **training}
    result["init_from"] = init_from and {**ORIGIN, "sha256": init_from * 64}
    return result


def names(before, now):
    return [name for name, _, _ in differences(before, now)]


def test_names_of_files_and_folders_are_free_where_their_contents_are_known():
    assert names(metadata(), metadata(photos=".", vgg_weights="b", photos_found=5)) == []
    assert names(metadata(), metadata(steps=9)) == []


@pytest.mark.parametrize(
    ("now", "name", "words"),
    [
        (metadata(photos_sha256="3" * 64), "photos", "train, 5 files, sha256 33333333"),
        (metadata(vgg_sha256="3" * 64), "vgg_weights", "a, sha256 33333333"),
        (metadata(init_from="3"), "init_from", "step 900, sha256 33333333"),
    ],
)
def test_other_contents_are_another_run(now, name, words):
    ((found, before, after),) = differences(metadata(), now)
    assert (found, after) == (name, words)
    assert before != after
    assert names(now, metadata()) == [name]


def test_networks_to_start_from_are_told_by_their_weights():
    assert names(metadata(init_from="3"), metadata(init_from="3")) == []
    assert names(metadata(init_from="3"), metadata(init_from="4")) == ["init_from"]


def test_metadata_of_an_earlier_version_are_compared_by_what_they_have():
    assert names(OLD, metadata()) == []
    assert names(OLD, metadata(photos="val")) == ["photos"]
    assert names(OLD, metadata(vgg_weights="b")) == ["vgg_weights"]
    # It began from no network, from one that is not known, and in a folder without a name.
    assert names(OLD, metadata(init_from="3")) == ["init_from"]
    assert names({**OLD, "init_from": ORIGIN}, metadata(init_from="3")) == []
    assert names({**OLD, "init_from": ORIGIN}, metadata()) == []
    here = {**OLD, "training": {**OLD["training"], "photos": "."}}
    assert names(here, metadata()) == []


def test_distances_measured_anew_may_differ_by_rounding_alone():
    now = metadata()
    now["style"]["distances"] = {"block1_conv2": 200.1}
    assert names(metadata(), now) == []
    now["style"]["distances"] = {"block1_conv2": 202.0}
    assert names(metadata(), now) == ["style distances"]
    # What else differs is the cause, and named first.
    now["training"]["seed"] = 3
    assert names(metadata(), now) == ["training seed", "style distances"]


def test_workers_must_agree_on_contents_and_settings_alone():
    first, second = metadata(), metadata(photos="copy", vgg_weights="b")
    second["style"]["distances"] = {"block1_conv2": 200.1}
    second["versions"] = {"python": "3.12"}
    assert unmeasured(first) == unmeasured(second)
    for other in (metadata(seed=3), metadata(photos_sha256="3"), metadata(init_from="3")):
        assert unmeasured(first) != unmeasured(other)
