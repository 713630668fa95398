"""What is a photograph of a source, and where its result goes."""

import os

import pytest

from fast_style import images
from fast_style.bulk.sources import Source
from fast_style.errors import InvalidValue
from fast_style.painting import output_plan


@pytest.fixture
def tree(tmp_path, photo):
    """A folder with photographs, and files that are none."""
    folder = tmp_path / "photos"
    for name in ("a.jpg", "sub/b.PNG", "sub/deep/c.webp"):
        images.save(folder / name, photo())
    (folder / "d.pfm").write_bytes(b"PF\n1 1\n-1.0\n" + bytes(12))
    for name in ("notes.txt", ".hidden.jpg", ".trash/x.jpg", "@eaDir/y.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def names(source, target):
    return {p.source: os.path.relpath(p.target, target) for p in source}


def test_a_folder_gives_what_eval_py_paints_and_names(tree, tmp_path):
    target = str(tmp_path / "out")
    planned = output_plan.plan([str(tree)], target)
    found = names(Source(str(tree), target), target)
    assert found == {f.source: os.path.relpath(f.target, target) for f in planned.files}
    assert len(found) == 4


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", {"a.jpg"}),
        ("**/*", {"a.jpg", "d_pfm.jpg", "sub/b.PNG", "sub/deep/c.webp"}),
        ("sub/*", {"b.PNG"}),
    ],
)
def test_a_pattern(tree, tmp_path, pattern, expected):
    target = str(tmp_path / "out")
    assert set(names(Source(f"{tree}/{pattern}", target), target).values()) == expected


def test_a_list(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["photos/sub/b.PNG", "", str(tree / "sub" / "deep" / "c.webp"), "photos/sub/none.jpg"]
    (tmp_path / "list.txt").write_bytes("\r\n".join(lines).encode())
    target = str(tmp_path / "out")
    source = Source("list.txt", target)
    assert source.root == str(tree / "sub")
    assert set(names(source, target).values()) == {"b.PNG", "deep/c.webp", "none.jpg"}
    assert source.count() == 3


def test_photographs_are_listed_as_they_are_asked_for(tmp_path, photo, monkeypatch):
    """Of a thousand files in a folder the first comes before the last has been looked at."""
    for number in range(1000):
        (tmp_path / f"{number}.jpg").write_bytes(b"")
    source = Source(str(tmp_path), "/nowhere/out")
    looked, stat = [], os.stat
    monkeypatch.setattr(os, "stat", lambda *a, **k: looked.append(a) or stat(*a, **k))
    next(iter(source))
    assert len(looked) < 100


def test_two_photographs_with_one_result(tree, tmp_path, photo):
    images.save(tree / "d_pfm.jpg", photo())
    found = {p.source: p for p in Source(str(tree), str(tmp_path / "out"))}
    refused = found[str(tree / "d.pfm")]
    assert refused.target is None and "both" in refused.error
    assert found[str(tree / "d_pfm.jpg")].error is None


def test_a_folder_that_can_not_be_listed_is_told(tree, tmp_path, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    failed = [p for p in Source(str(tree), str(tmp_path / "out")) if p.error]
    assert [p.source for p in failed] == [str(tree / "sub" / "deep")]
    assert "Permission denied" in failed[0].error


@pytest.mark.parametrize("target", [".", "out", "sub/../x", "missing/../out"])
def test_a_target_inside_the_source_is_refused(tree, target):
    with pytest.raises(InvalidValue, match="lies in the source"):
        Source(str(tree), str(tree / target))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("none", FileNotFoundError, "no such file or folder"),
        ("empty", InvalidValue, "no image file"),
        ("photos/*.tif", InvalidValue, "no image file"),
        ("blank.txt", InvalidValue, "names no file"),
        ("mixed.txt", InvalidValue, "no folder in common"),
        ("long.txt", InvalidValue, "a line is too long"),
    ],
)
def test_sources_that_are_refused(tree, tmp_path, given, error, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank.txt").write_text("\n\n")
    (tmp_path / "mixed.txt").write_text("/a/b.jpg\ns3://bucket/c.jpg\n")
    (tmp_path / "long.txt").write_text("x" * 100_000)
    with pytest.raises(error, match=words):
        Source(str(tmp_path / given), "/nowhere/out")


def test_a_target_beside_the_photographs_of_a_pattern(tree):
    """Its results are never among the pattern's files; in the same folder they replaced them."""
    assert len(list(Source(f"{tree}/*.jpg", str(tree / "out")))) == 1
    assert len(list(Source(f"{tree}/a.jpg", str(tree / "out")))) == 1
    for given in ("*.jpg", "a.jpg", "**/*.jpg"):
        with pytest.raises(InvalidValue, match="lies in the source"):
            Source(f"{tree}/{given}", str(tree))
    with pytest.raises(InvalidValue, match="lies in the source"):
        Source(f"{tree}/**/*.jpg", str(tree / "out"))
