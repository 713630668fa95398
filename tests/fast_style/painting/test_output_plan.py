import os

import numpy as np
import pytest

from fast_style import images
from fast_style.painting import output_plan


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of three photographs, beside which the tests run."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "deep/b.png", "deep/c.jp2"):
        images.save(tmp_path / "photos" / name, np.zeros((2, 2, 3), np.uint8))
    return tmp_path / "photos"


def pairs(planned):
    return [(os.path.relpath(job.source), job.target) for job in planned]


def test_one_photograph_has_a_place(photos):
    assert pairs(output_plan.plan(["photos/a.jpg"])) == [("photos/a.jpg", "generated/res.jpg")]
    assert pairs(output_plan.plan(["photos/a.jpg"], "x.png")) == [("photos/a.jpg", "x.png")]
    assert pairs(output_plan.plan(["photos/a.jpg"], "new/")) == [("photos/a.jpg", "new/a.jpg")]


def test_folders_keep_names_and_sub_folders(photos):
    assert pairs(output_plan.plan(["photos"], "out")) == [
        ("photos/a.jpg", "out/a.jpg"),
        ("photos/deep/b.png", "out/deep/b.png"),
        ("photos/deep/c.jp2", "out/deep/c.jp2"),
    ]


def test_patterns_are_searched_where_the_shell_did_not(photos):
    assert pairs(output_plan.plan(["photos/**/*.p*g"], "out.png")) == [
        ("photos/deep/b.png", "out.png")
    ]
    assert len(output_plan.plan(["photos/**/*"], "out")) == 3
    with pytest.raises(ValueError, match=r"photos/\*.gif: no file matches"):
        output_plan.plan(["photos/*.gif"])


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(photos):
    (photos / "[1].jpg").write_bytes((photos / "a.jpg").read_bytes())
    assert pairs(output_plan.plan(["photos/[1].jpg"])) == [("photos/[1].jpg", "generated/res.jpg")]


@pytest.mark.parametrize("output", ["photos", "photos/out", "photos/../photos/out/deeper"])
def test_an_output_inside_an_input_folder_is_refused(photos, output):
    with pytest.raises(ValueError, match="output folder lies in the input folder photos"):
        output_plan.plan(["photos"], output)


def test_a_folder_whose_name_merely_begins_the_same_is_none_of_it(photos):
    assert len(output_plan.plan(["photos"], "photos2")) == 3


def test_two_inputs_with_one_output_are_refused(photos):
    images.save("a.jpg", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="a.jpg and .*a.jpg would both be written to out/a.jpg"):
        output_plan.plan(["a.jpg", "photos"], "out")
    with pytest.raises(ValueError, match="would replace the photograph itself"):
        output_plan.plan(["a.jpg"], "a.jpg")


def test_folders_without_images_are_refused(photos):
    (photos / "empty").mkdir()
    with pytest.raises(ValueError, match="no image file"):
        output_plan.plan(["photos/empty"], "out")
