"""The networks of a server by their names."""

import shutil

import pytest

from fast_style.checkpoints.metadata import CheckpointError
from fast_style.web import Networks
from fast_style.web.limits import Refusal


def test_names_are_those_of_files_and_differ(plain, gallery, tmp_path):
    for file in plain.parent.iterdir():
        shutil.copy(file, tmp_path)
    networks = Networks("openvino")
    for prefix in (plain, gallery, tmp_path / "plain"):
        networks.add(prefix)
    assert [network.name for network in networks.all] == ["plain", "gallery", "plain-2"]
    assert networks.find("style").name == "plain"
    assert networks.find("style", "plain-2").prefix == str(tmp_path / "plain")


@pytest.mark.parametrize(
    ("folder", "file", "name"),
    [
        ("wave", "ckpt-done", "wave"),
        ("wave", "ckpt-200", "wave"),
        ("checkpoints", "ckpt-done", "ckpt-done"),
        ("wave", "mine", "mine"),
    ],
)
def test_what_a_run_left_is_called_as_its_folder(plain, tmp_path, folder, file, name):
    (tmp_path / folder).mkdir()
    for one in plain.parent.iterdir():
        shutil.copy(one, tmp_path / folder / one.name.replace("plain", file))
    networks = Networks("openvino")
    networks.add(tmp_path / folder / file)
    assert [network.name for network in networks.all] == [name]


def test_a_damaged_one_is_not_added(plain, tmp_path):
    for file in plain.parent.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "plain.index").write_bytes(b"no index")
    networks = Networks("openvino")
    with pytest.raises(CheckpointError):
        networks.add(tmp_path / "plain")
    assert networks.all == []


def test_one_style_may_be_named_or_not(plain):
    networks = Networks("openvino")
    networks.add(plain)
    assert networks.check_style(networks.all[0], None) is None
    assert networks.check_style(networks.all[0], "starry_night.jpg") is None
    with pytest.raises(Refusal) as caught:
        networks.check_style(networks.all[0], "")
    assert caught.value.status == 404
