"""The command bulk on real Ray clusters; `python -m tests.bulk_faults` paints more photographs."""

import os

import pytest

from tests import bulk_faults
from tests.bulk_faults import files, read_manifest
from tests.scripts import run_script

pytestmark = pytest.mark.slow
COUNT = 80


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of photographs, a twentieth of them damaged; which; and what eval.py paints."""
    folder = tmp_path_factory.mktemp("bulk")
    broken = bulk_faults.make_photos(folder / "in", COUNT)
    bulk_faults.paint_with_eval(folder / "in", folder / "eval")
    return str(folder / "in"), broken, files(folder / "eval")


def test_a_node_that_is_killed_between_buckets(photos, tmp_path):
    source, broken, expected = photos
    verdict = bulk_faults.kill_a_node_over_s3(source, expected, broken, tmp_path)
    assert verdict.problems == []
    assert verdict.statuses == {"painted": COUNT - len(broken), "failed": len(broken)}
    assert "a process died" in verdict.output


def test_a_driver_that_is_killed_goes_on(tmp_path):
    """Photographs large enough that the rest is still to be painted."""
    source, target = str(tmp_path / "in"), str(tmp_path / "out")
    bulk_faults.make_photos(source, 24, damaged=False)
    bulk_faults.paint_with_eval(source, tmp_path / "eval")
    expected = files(tmp_path / "eval")
    verdict = bulk_faults.kill_the_driver(source, target, expected, set(), share=0.1)
    assert verdict.problems == []
    assert verdict.statuses["painted"] > 0
    assert set(os.listdir(target)) == {"0", "1", "2", "_manifest"}


def test_it_does_what_the_flags_say(tmp_path):
    """As eval.py on one core, with colours, strength and size."""
    source = tmp_path / "in"
    broken = bulk_faults.make_photos(source, 12)
    look = ["--keep_colors", "--strength=0.5", "--image_size=64"]
    bulk_faults.paint_with_eval(source, tmp_path / "eval", *look)
    arguments = ("in", "out", *look, "--max_errors=0")
    process = run_script("fast_style.bulk", *arguments, cwd=tmp_path)
    assert process.returncode == 1
    *others, last = process.stderr.strip().splitlines()
    assert len(others) == len(broken) == 1
    assert last.startswith("error: 1 photographs failed") and "--max_errors=0" in last
    assert "1 failed in" in process.stdout
    rows, _ = read_manifest(tmp_path / "out" / "_manifest")
    expected, painted = files(tmp_path / "eval"), files(tmp_path / "out")
    assert len(painted) == len(rows) - 1 > 0
    assert painted.items() <= expected.items()
