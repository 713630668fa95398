"""Runs that are resumed: from which checkpoint, and with which settings."""

import json
import os

import numpy as np
import pytest

from fast_style.checkpoints import leveldb_table, store
from fast_style.losses.loss_settings import LossSettings
from fast_style.training.run_checkpoints import differences
from fast_style.training.settings import OPTIMIZERS
from tests import bundles
from tests.training_runs import files, weights


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(make, tmp_path, optimizer):
    settings = {"optimizer": optimizer}
    whole = make(checkpoint_dir=tmp_path / "whole", settings=settings)
    whole.run()
    first = make(checkpoint_dir=tmp_path / "parts", save_every=100, settings=settings)
    assert not first.run(should_stop=lambda: first.step == 3)
    second = make(checkpoint_dir=tmp_path / "parts", save_every=100, settings=settings)
    assert second.step == 3
    steps = []
    assert second.run(lambda progress: steps.append(progress.step))
    assert steps == [4]
    np.testing.assert_array_equal(weights(second), weights(whole))


def test_a_finished_run_can_go_on_for_more_steps(make):
    make().run()
    longer = make(settings={"steps": 6})
    assert longer.step == 4
    assert longer.run()
    assert longer.step == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 1}, "training batch_size 2, this run has 1"),
        ({"optimizer": "muon"}, "training optimizer None, this run has 'muon'"),
        ({"seed": 3}, "training seed 0, this run has 3"),
        ({"learning_rate": 1.0005e-3}, "training learning_rate 0.001, this run has 0.0010005"),
        ({"losses": LossSettings(style_layers=("block1_conv1",))}, "losses content_layers"),
        ({"network": {"width": 8}}, "network width 4, this run has 8"),
    ],
)
def test_a_run_with_other_settings_is_not_mixed_with_an_earlier_one(make, settings, message):
    make().run()
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_a_run_for_another_painting_is_not_mixed_with_an_earlier_one(make, style):
    make().run()
    with pytest.raises(ValueError, match="style crc32"):
        make(style=255 - style)


def test_without_resume_the_earlier_run_is_moved_aside(make, tmp_path):
    make().run()
    fresh = make(settings={"seed": 3}, resume=False)
    assert fresh.step == 0
    previous = tmp_path / "run" / "previous-1"
    assert {"ckpt-4.index", "ckpt-4.json", "checkpoint", "log"} <= set(os.listdir(previous))
    assert "ckpt-done.index" in os.listdir(tmp_path / "run")
    fresh.run()
    # Its network is replaced only once the new one is there.
    kept, _ = store.load_network(tmp_path / "run" / "previous-2" / "ckpt-done")
    assert kept.width == 4


def test_tensorflow_is_not_given_an_index_that_ends_the_process(make, tmp_path):
    make().run()
    path = tmp_path / "run" / "ckpt-4.index"
    table = leveldb_table.read(path.read_bytes())
    endless = bundles.entry(0, 0, (1 << 62, 1 << 62, 0))
    path.write_bytes(bundles.index_of({k.decode(): v for k, v in table.items()} | {"a": endless}))
    assert make().step < 4


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001", ".json"])
def test_of_a_damaged_newest_checkpoint_the_one_before_is_used(make, tmp_path, suffix, caplog):
    make().run()
    path = tmp_path / "run" / f"ckpt-4{suffix}"
    os.truncate(path, path.stat().st_size // 2)
    trainer = make()
    assert trainer.step == 2
    assert "ckpt-4" in caplog.text
    assert trainer.run()


def test_when_all_checkpoints_are_damaged_nothing_starts(make, tmp_path):
    make().run()
    for step in (2, 4):
        os.truncate(tmp_path / "run" / f"ckpt-{step}.data-00000-of-00001", 100)
    with pytest.raises(store.CheckpointError, match="ckpt-4: damaged"):
        make()


def test_what_a_kill_while_saving_leaves_is_removed_at_the_next_start(make, folder, tmp_path):
    make(settings={"steps": 2}).run()
    run = tmp_path / "run"
    (run / "ckpt-4_temp").mkdir()
    (run / ".0123456789abcdef0123456789abcdef.tmp").mkdir()
    kept = files(run)
    for name in (
        "ckpt-4_temp/part-00000-of-00001.data-00000-of-00001",
        ".0123456789abcdef0123456789abcdef.tmp/ckpt-done.index",
        "checkpoint.tmp0123456789abcdef",
        "ckpt-4.json",
        "ckpt-4.json.partial-123",
        "ckpt-4.data-00000-of-00001",
    ):
        (run / name).write_bytes(b"half")
    (run / "notes.txt").write_text("mine")
    trainer = make()
    assert trainer.step == 2
    left = [name for name in kept if not name.startswith((".0123456789", "ckpt-4"))]
    assert files(run) == sorted([*left, "notes.txt"])
    assert "ckpt-4.data-00000-of-00001" not in os.listdir(run)
    assert trainer.run()


def test_the_json_of_a_checkpoint_is_plain_json(make, tmp_path):
    make().run()
    with open(tmp_path / "run" / "ckpt-2.json", encoding="utf-8") as file:
        assert json.load(file)["step"] == 2


def test_distances_measured_anew_may_differ_by_rounding_alone(make, tmp_path):
    make().run()
    before = store.read_metadata(tmp_path / "run" / "ckpt-done")
    now = make().metadata()
    distances = now["style"]["distances"]
    layer, measured = next(iter(distances.items()))
    distances[layer] = measured * 1.0005
    assert differences(before, now) == []
    distances[layer] = measured * 1.01
    ((name, _, _),) = differences(before, now)
    assert name == "style distances"
