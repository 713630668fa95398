"""What a run leaves behind, what it sends, and what its machines must see."""

import os
import shutil

import pytest

from fast_style.bulk.cluster import Place
from fast_style.bulk.job import Checkpoint, Job, folder_aside
from fast_style.checkpoints.metadata import read_metadata
from fast_style.errors import InvalidValue
from fast_style.images import finding
from fast_style.painting.stylizer import Stylizer


def test_the_folder_aside_is_hidden_and_goes(tmp_path):
    target = tmp_path / "out"
    with folder_aside(str(target)) as aside:
        (target / "a.jpg").write_bytes(b"")
        open(os.path.join(aside, "b.jpg"), "w").close()
        assert [path.name for path in finding.find(target)] == ["a.jpg"]
    assert os.listdir(target) == ["a.jpg"]


def test_folders_of_runs_that_were_killed_go_and_those_of_others_stay(tmp_path):
    with folder_aside(str(tmp_path)) as other:
        killed = shutil.copytree(other, f"{other}-killed")
        with folder_aside(str(tmp_path)) as ours:
            assert os.path.isdir(other) and ours != other
            assert not os.path.exists(killed)
    assert os.listdir(tmp_path) == []


def test_urls_need_none():
    with folder_aside("s3://bucket/out") as aside:
        assert aside is None


def test_a_checkpoint_goes_over_whole(prefix):
    sent = Checkpoint.read(str(prefix))
    with sent.written() as there:
        assert not os.path.samefile(os.path.dirname(there), prefix.parent)
        assert read_metadata(there) == read_metadata(prefix)
        Stylizer.load(there)
    assert not os.path.exists(os.path.dirname(there))


def test_its_errors_name_the_users_prefix(prefix):
    sent = Checkpoint.read(str(prefix))
    with pytest.raises(InvalidValue) as raised, sent.written() as there:
        Stylizer.load(there, style="wave")
    assert str(prefix) in str(raised.value) and there not in str(raised.value)


def test_no_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such checkpoint"):
        Checkpoint.read(str(tmp_path / "none"))


@pytest.mark.parametrize("missing", ["in", "aside"])
def test_a_machine_that_does_not_see_a_folder_is_refused(tmp_path, missing):
    (tmp_path / "in").mkdir()
    (tmp_path / "aside").mkdir()
    shared = Job(str(tmp_path / "in"), str(tmp_path / "aside"), 0.0, True, 100)
    place = Place("node-1", 1, 1, False)
    shared.painter(lambda picture: picture, place, 1)
    (tmp_path / missing).rmdir()
    with pytest.raises(InvalidValue, match="all machines must see the same"):
        shared.painter(lambda picture: picture, place, 1)
