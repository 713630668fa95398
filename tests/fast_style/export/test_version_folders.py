import os
import threading

import pytest

from fast_style.export.version_folders import write_version


def write_file(path):
    with open(os.path.join(path, "file"), "w") as file:
        file.write("whole")


def test_versions_are_numbered_from_1(tmp_path):
    folder = tmp_path / "new" / "exported"
    for number in (1, 2, 3):
        assert write_version(folder, write_file) == str(folder / str(number))
    assert (folder / "3" / "file").read_text() == "whole"


def test_the_number_follows_the_highest(tmp_path):
    for name in ("2", "007", "ten", "9x", ".hidden"):
        (tmp_path / name).mkdir()
    assert write_version(tmp_path, write_file).endswith("/8")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_leaves_nothing(tmp_path, error):
    def fail(path):
        write_file(path)
        raise error

    with pytest.raises(error):
        write_version(tmp_path, fail)
    assert os.listdir(tmp_path) == []


def test_until_it_is_whole_it_has_no_number(tmp_path):
    def look(path):
        write_file(path)
        assert [name for name in os.listdir(tmp_path) if name.isdigit()] == []

    write_version(tmp_path, look)


def test_a_version_can_be_read_by_others(tmp_path):
    before = os.umask(0o022)
    try:
        path = write_version(tmp_path, write_file)
    finally:
        os.umask(before)
    assert os.stat(path).st_mode & 0o777 == 0o755


def test_two_exports_at_once_get_two_numbers(tmp_path):
    barrier = threading.Barrier(4)

    def write(path):
        write_file(path)
        barrier.wait()

    paths = []
    threads = [
        threading.Thread(target=lambda: paths.append(write_version(tmp_path, write)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(os.path.basename, paths)) == ["1", "2", "3", "4"]


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file: is a file"):
        write_version(tmp_path / "file", write_file)
