import os

import numpy as np
import pytest

from fast_style import images
from fast_style.images import identity
from fast_style.painting import output_plan


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of three photographs, beside which the tests run."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "deep/b.png", "deep/c.jp2"):
        images.save(tmp_path / "photos" / name, np.zeros((2, 2, 3), np.uint8))
    return tmp_path / "photos"


def pairs(planned):
    return [(os.path.relpath(job.source), job.target) for job in planned.files]


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
    assert len(output_plan.plan(["photos/**/*"], "out").files) == 3
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
    assert len(output_plan.plan(["photos"], "photos2").files) == 3


def test_two_inputs_with_one_output_are_refused(photos):
    images.save("a.jpg", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="a.jpg and .*a.jpg would both be written to out/a.jpg"):
        output_plan.plan(["a.jpg", "photos"], "out")


def test_folders_without_images_are_refused(photos):
    (photos / "empty").mkdir()
    with pytest.raises(ValueError, match="no image file"):
        output_plan.plan(["photos/empty"], "out")


# Files that exist and stay as they are


@pytest.mark.parametrize(
    "output",
    [
        *("a.jpg", "./a.jpg", "missing/../a.jpg", "missing/../other/../a.jpg", "link.jpg"),
        *("to/a.jpg", "to/missing/../a.jpg", "hard.jpg", "dangling.jpg", "to/"),
    ],
)
def test_a_photograph_is_not_replaced_however_it_is_spelled(photos, monkeypatch, output):
    monkeypatch.chdir(photos)
    os.symlink("a.jpg", "link.jpg")
    os.symlink(".", "to")
    os.link("a.jpg", "hard.jpg")
    os.symlink("missing/../a.jpg", "dangling.jpg")
    with pytest.raises(ValueError, match="would replace a.jpg"):
        output_plan.plan(["a.jpg"], output)
    with pytest.raises(ValueError, match=r"would replace \S*hard.jpg"):
        output_plan.plan(["deep/b.png", "hard.jpg"], "to")


def test_a_result_of_one_input_does_not_replace_another_input(photos):
    images.save("b/sub/1.jpg", np.zeros((2, 2, 3), np.uint8))
    images.save("a/sub/1.jpg", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="b/sub/1.jpg"):
        output_plan.plan(["a", "b/sub/1.jpg"], "b")


def test_an_output_folder_is_found_inside_the_input_through_a_link(photos):
    os.symlink("photos", "elsewhere")
    for output in ("elsewhere", "elsewhere/out", "missing/../photos/out"):
        with pytest.raises(ValueError, match="lies in the input folder photos"):
            output_plan.plan(["photos"], output)


@pytest.fixture
def folding(tmp_path, monkeypatch):
    """As if the file system under tmp_path took capitals and small letters for the same."""
    real = os.stat

    def stat(path, **options):
        path = os.fspath(path)
        inside = isinstance(path, str) and path.startswith(str(tmp_path))
        relative = isinstance(path, str) and not os.path.isabs(path)
        if relative:
            return real(path.lower(), **options)
        return real(
            f"{tmp_path}{path[len(str(tmp_path)) :].lower()}" if inside else path, **options
        )

    monkeypatch.setattr(os, "stat", stat)


def test_where_capitals_do_not_count_an_input_is_not_replaced(photos, folding):
    with pytest.raises(ValueError, match=r"photos/A\.JPG: .* would replace photos/a.jpg"):
        output_plan.plan(["photos/a.jpg"], "photos/A.JPG")
    with pytest.raises(ValueError, match="lies in the input folder photos"):
        output_plan.plan(["photos"], "PHOTOS/out")


def test_where_capitals_do_not_count_two_results_may_be_one(photos, monkeypatch):
    for name in ("one/New.png", "two/nEW.png"):
        images.save(name, np.zeros((2, 2, 3), np.uint8))
    assert len(output_plan.plan(["one", "two"], "out").files) == 2
    monkeypatch.setattr(identity, "folds_names", lambda folder: True)
    with pytest.raises(ValueError, match="one/New.png and two/nEW.png would both be written"):
        output_plan.plan(["one", "two"], "out")


def test_results_that_are_one_file_through_a_link_are_refused(photos):
    os.makedirs("out")
    os.symlink("b.png", "out/c.png")
    for name in ("b.png", "c.png"):
        images.save(name, np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="b.png and c.png would both be written"):
        output_plan.plan(["b.png", "c.png"], "out")


def test_paths_on_another_drive_are_just_others(photos, monkeypatch):
    """On Windows these functions refuse paths of two drives."""

    def refuse(*_):
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    expected = pairs(output_plan.plan(["photos"], "out"))
    for name in ("commonpath", "relpath"):
        monkeypatch.setattr(os.path, name, refuse)
    files = output_plan.plan(["photos"], "out").files
    assert [(file.source, file.target) for file in files] == expected


def test_each_separator_of_the_system_ends_a_folder(photos, monkeypatch):
    monkeypatch.setattr(os, "altsep", "\\")
    for output in ("new/", "new\\"):
        expected = [("photos/a.jpg", os.path.join(output, "a.jpg"))]
        assert pairs(output_plan.plan(["photos/a.jpg"], output)) == expected


# Inputs as people give them


@pytest.mark.parametrize("name", ["photos [2020]", "photos*", "what?", "[!a]"])
def test_a_folder_of_a_pattern_may_be_called_like_one(photos, name):
    os.rename("photos", name)
    os.makedirs("photos 2")
    images.save("photos 2/a.jpg", np.zeros((2, 2, 3), np.uint8))
    assert pairs(output_plan.plan([f"{name}/*.jpg"])) == [(f"{name}/a.jpg", "generated/res.jpg")]
    assert pairs(output_plan.plan([f"{name}/d*/b*"])) == [
        (f"{name}/deep/b.png", "generated/res.jpg")
    ]


@pytest.mark.parametrize("output", ["painted", "painted/", "v1.2"])
def test_a_pattern_that_fits_one_file_may_go_to_a_folder(photos, output):
    expected = [("photos/a.jpg", os.path.join(output, "a.jpg"))]
    assert pairs(output_plan.plan(["photos/*.jpg"], output)) == expected
    # A shell may have put the file in the place of the pattern.
    if output != "v1.2":
        assert pairs(output_plan.plan(["photos/a.jpg"], output)) == expected


def test_what_is_missing_is_told_and_the_rest_is_planned(photos):
    planned = output_plan.plan(["photoz", "photos/a.jpg", "no.jpg"], "out")
    assert pairs(planned) == [("photos/a.jpg", "out/a.jpg")]
    assert list(planned.errors) == ["photoz", "no.jpg"]
    assert all("no such file or folder" in str(error) for error in planned.errors.values())
    assert planned.missing == 2
    assert output_plan.plan(["photoz"], "out").files == []


def test_a_sub_folder_that_can_not_be_listed_is_told(photos, monkeypatch):
    real = os.scandir

    def scandir(path):
        if os.path.basename(path) == "deep":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    planned = output_plan.plan(["photos"], "out")
    assert pairs(planned) == [("photos/a.jpg", "out/a.jpg")]
    assert list(planned.errors) == ["photos/deep"]
    assert planned.missing == 0


def test_files_left_out_are_counted_by_suffix(photos):
    for name in ("a.MOV", "b.mov", "notes", ".hidden.mov"):
        (photos / name).touch()
    planned = output_plan.plan(["photos"], "out")
    assert planned.left_out == {".mov": 2, "": 1}
    text = output_plan.describe_left_out(planned.left_out)
    assert text == "3 other files left out: .mov, no suffix"
    assert output_plan.describe_left_out({}) == ""


def test_inputs_that_overlap_are_painted_once(photos):
    assert len(output_plan.plan(["photos/a.jpg", "photos"], "out").files) == 3


def test_a_suffix_may_be_chosen_where_the_output_names_no_file(photos):
    assert pairs(output_plan.plan(["photos"], "out", ".png"))[2][1] == "out/deep/c.png"
    assert pairs(output_plan.plan(["photos/a.jpg"], None, ".png"))[0][1] == "generated/res.png"
    with pytest.raises(ValueError, match="--format"):
        output_plan.plan(["photos/a.jpg"], "x.jpg", ".png")
