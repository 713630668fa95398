"""Addresses that are no cluster's, packages that are missing, folders that are left."""

import importlib.util
import os
import subprocess
import sys

import pytest

from fast_style.bulk import connection
from fast_style.bulk.connection import ClusterError
from fast_style.errors import InvalidValue
from tests.bulk_faults import free_port


@pytest.mark.parametrize("address", ["ray://host:1", "host", "host:", "host:x", "[::1]:"])
def test_what_is_no_address(address):
    with pytest.raises(ClusterError, match="HOST:PORT"), connection.connected(address):
        pass


def test_an_address_where_nothing_listens():
    address = f"127.0.0.1:{free_port()}"
    found = pytest.raises(ClusterError, match=f"{address}: no Ray listens")
    with found, connection.connected(address):
        pass


@pytest.mark.parametrize("name", ["ray", "pyarrow", "fsspec"])
def test_a_missing_package_is_named_with_its_extra(name, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda asked: None if asked == name else find(asked)
    )
    with pytest.raises(InvalidValue, match=rf"{name}.*fast-style\[bulk\]"):
        connection.check_installed()


def test_folders_of_drivers_that_were_killed_go(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_PARENT", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for owner in (dead.pid, os.getpid()):
        (tmp_path / f"fs-ray-{owner}-abc" / "session").mkdir(parents=True)
    (tmp_path / "fs-ray-").mkdir()
    with connection.temporary_folder() as folder:
        assert os.path.isdir(folder)
    assert sorted(os.listdir(tmp_path)) == sorted([f"fs-ray-{os.getpid()}-abc", "fs-ray-"])
