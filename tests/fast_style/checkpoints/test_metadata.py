"""The JSON beside a checkpoint may come from anybody."""

import json
import tracemalloc

import pytest

from fast_style.checkpoints.metadata import MAX_METADATA, CheckpointError, read_metadata
from tests import fuzz


def read(folder, text):
    (folder / "ckpt.index").touch()
    (folder / "ckpt.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_metadata(folder / "ckpt")


def changed(**changes):
    return json.dumps(fuzz.METADATA | changes)


def test_a_description_comes_back(tmp_path):
    assert read(tmp_path, changed()) == fuzz.METADATA


REFUSED = {
    "not UTF-8": b'{"format": 1, "network": {"padding": "\xff"}}',
    "nested": '{"format": 1, "network": {}, "a": ' + "[" * 200 + "]" * 200 + "}",
    "nested deep": "[" * 500_000,
    "NaN": '{"format": 1, "network": {"width": NaN}}',
    "Infinity": '{"format": 1, "network": {"width": -Infinity}}',
    "beyond floats": '{"format": 1, "network": {"width": 1e999}}',
    "beyond integers": '{"format": 1, "network": {}, "step": ' + "9" * 30 + "}",
    "a number of 100,000 digits": '{"format": 1, "network": {}, "step": ' + "9" * 100_000 + "}",
    "a name twice": '{"format": 1, "network": {"width": 4, "width": 5}}',
    "a name twice below": '{"format": 1, "network": {}, "a": [{"b": {"c": 1, "c": 1}}]}',
    "steps": changed(step="10"),
    "styles": changed(styles={"wave": 1}),
    "a style": changed(styles=["wave"]),
    "a style without a name": changed(styles=[{"height": 3}]),
    "a name that is none": changed(styles=[{"name": 3}]),
    "the only style": changed(style="wave"),
    "losses": changed(losses=[1]),
    "training": changed(training=7),
    "converted": changed(converted="yes"),
    "task": changed(task=["style"]),
    "format": changed(format="x" * 100_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_ambiguous_or_no_description_is_refused(tmp_path, name):
    with pytest.raises(CheckpointError, match=r"ckpt\.json"):
        read(tmp_path, REFUSED[name])


def test_a_long_file_is_refused_unread(tmp_path):
    with pytest.raises(CheckpointError, match=f"larger than {MAX_METADATA} bytes"):
        read(tmp_path, b" " * (MAX_METADATA + 1))


@pytest.mark.parametrize("part", ["[]", "{}", '{"a":[]}', "1.5", '"é"'])
def test_memory_is_bounded_by_the_length(tmp_path, part):
    count = 50_000 // len(part)
    text = '{"format": 1, "network": {}, "many": [' + ",".join([part] * count) + "]}"
    tracemalloc.start()
    read(tmp_path, text)
    assert tracemalloc.get_traced_memory()[1] < 60 * len(text)
    tracemalloc.stop()


def test_changed_files_are_refused_or_read(tmp_path):
    assert 0 < fuzz.run("description", tmp_path, 2000) < 1500
