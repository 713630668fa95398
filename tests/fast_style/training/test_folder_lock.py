"""One run at a time in a folder."""

import errno
import fcntl
import os
import subprocess
import sys
import types

import pytest

from fast_style import atomic_files
from fast_style.training.folder_lock import FolderInUse, FolderLock
from tests.scripts import ROOT

HOLD = """
import sys, time
from fast_style.training.folder_lock import FolderLock
with FolderLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    first = FolderLock(tmp_path)
    with first:
        with pytest.raises(FolderInUse, match=f"{tmp_path}: .*process {os.getpid()} on"):
            FolderLock(tmp_path).__enter__()
        with first:  # its own again
            pass
    assert not os.listdir(tmp_path)
    with FolderLock(tmp_path):
        assert os.listdir(tmp_path)


def test_it_ends_with_a_process_that_is_killed(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(FolderInUse, match=f"process {process.pid} on"):
        FolderLock(tmp_path).__enter__()
    process.kill()
    process.communicate()
    with FolderLock(tmp_path):
        pass
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, caplog, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    if number == errno.EIO:
        with pytest.raises(OSError, match=os.strerror(number)):
            FolderLock(tmp_path).__enter__()
    else:
        with FolderLock(tmp_path):
            assert f"{tmp_path}: its file system has no locks" in caplog.text


def test_a_file_that_its_owner_removes_meanwhile_is_no_lock(tmp_path, monkeypatch):
    real, removed = fcntl.flock, []

    def flock(file, how):
        if not removed:
            removed.append(os.remove(tmp_path / ".lock"))
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with FolderLock(tmp_path), pytest.raises(FolderInUse):
        FolderLock(tmp_path).__enter__()
    assert removed


def test_windows_locks_a_byte_that_nobody_reads(tmp_path, monkeypatch):
    places = set()

    def locking(number, mode, count):
        place = (os.fstat(number).st_ino, os.lseek(number, 0, os.SEEK_CUR))
        if place in places:
            raise PermissionError(errno.EACCES, "Permission denied")
        places.add(place)

    fake = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(atomic_files, "WINDOWS", True)
    with FolderLock(tmp_path):
        with pytest.raises(FolderInUse, match=f"process {os.getpid()} on"):
            FolderLock(tmp_path).__enter__()
        assert os.path.getsize(tmp_path / ".lock") < min(place for _, place in places)
    assert not os.listdir(tmp_path)
