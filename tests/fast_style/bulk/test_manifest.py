"""The record of a run, read by others' readers."""

import pytest
from pyarrow import dataset

from fast_style.bulk import manifest
from fast_style.bulk.manifest import Manifest, Row

ROWS = [
    Row("/in/a.jpg", "/out/a.jpg", manifest.PAINTED, 40, 30, 0.25, "node-1"),
    Row("/in/\udcff.jpg", "/out/b.jpg", manifest.FAILED, node="node-2", error="no picture"),
    Row("/in/ü.jpg", "/out/ü.jpg", manifest.EXISTING),
]


def read(folder):
    return dataset.dataset(folder, format="parquet").to_table().to_pylist()


def test_rows_come_back(tmp_path):
    made = Manifest(str(tmp_path / "records"))
    for row in ROWS:
        made.add(row)
    made.close()
    first, second, third = read(made.folder)
    assert first == {
        **{"source": "/in/a.jpg", "target": "/out/a.jpg", "status": "painted"},
        **{"width": 40, "height": 30, "seconds": 0.25, "node": "node-1"},
        **{"error": None, "notes": None},
    }
    assert second["source"] == r"/in/\udcff.jpg" and second["error"] == "no picture"
    assert third["source"] == "/in/ü.jpg" and third["seconds"] is None


def test_rows_of_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "_MOST_ROWS", 10)
    made = Manifest(str(tmp_path))
    for number in range(25):
        made.add(Row(str(number), None, manifest.FAILED))
    assert len(read(made.folder)) == 20  # what a driver that dies now leaves
    made.close()
    assert sorted(int(row["source"]) for row in read(made.folder)) == list(range(25))


def test_old_rows_are_written_without_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "_MOST_SECONDS", 0.0)
    made = Manifest(str(tmp_path))
    made.add(ROWS[0])
    made.tick()
    assert len(read(made.folder)) == 1


def test_each_run_has_its_own(tmp_path):
    folders = {Manifest(str(tmp_path)).folder for _ in range(3)}
    assert len(folders) == 3


def test_an_empty_one_has_the_columns(tmp_path):
    table = dataset.dataset(Manifest(str(tmp_path)).folder, format="parquet").to_table()
    assert table.num_rows == 0
    assert {"source", "target", "status", "seconds", "node", "error"} <= set(table.column_names)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        Manifest(str(tmp_path / "file"))
