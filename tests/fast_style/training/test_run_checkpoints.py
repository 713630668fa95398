"""Runs that are resumed: from which checkpoint, and with which settings."""

import json
import os
import shutil

import h5py
import numpy as np
import pytest
import tensorflow as tf

from fast_style import images
from fast_style.checkpoints import leveldb_table, store
from fast_style.losses.loss_settings import LossSettings
from fast_style.training.settings import OPTIMIZERS
from tests import bundles, disk
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


def test_a_finished_run_can_go_on_for_more_steps(make, finished):
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
def test_a_run_with_other_settings_is_not_mixed_with_an_earlier_one(
    make, finished, settings, message
):
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_a_run_for_another_painting_is_not_mixed_with_an_earlier_one(make, finished, style):
    with pytest.raises(ValueError, match="style crc32"):
        make(style=255 - style)


def test_without_resume_the_earlier_run_is_moved_aside(make, finished, monkeypatch):
    fresh = make(settings={"seed": 3}, resume=False)
    assert fresh.step == 0
    assert {"ckpt-4.index", "ckpt-4.json", "checkpoint", "log"} <= set(
        os.listdir(finished / "previous-1")
    )
    assert "ckpt-done.index" in os.listdir(finished)
    with disk.Recording(finished, monkeypatch) as recording:
        fresh.run()
    # Its network is replaced only once the new one is there, and is kept.
    kept, metadata = store.load_network(finished / "previous-2" / "ckpt-done")
    assert (kept.width, metadata["training"]["seed"]) == (4, 0)
    assert fresh.set_aside == str(finished / "previous-2")
    seeds = []
    for number, state in enumerate(recording.killed):
        copy = finished.parent / str(number)
        disk.write(state, copy)
        seeds.append(store.read_metadata(copy / "ckpt-done")["training"]["seed"])
    assert seeds == sorted(seeds)
    assert set(seeds) == {0, 3}


def test_tensorflow_is_not_given_an_index_that_ends_the_process(make, tmp_path):
    make().run()
    path = tmp_path / "run" / "ckpt-4.index"
    table = leveldb_table.read(path.read_bytes())
    endless = bundles.entry(0, 0, (1 << 62, 1 << 62, 0))
    path.write_bytes(bundles.index_of({k.decode(): v for k, v in table.items()} | {"a": endless}))
    assert make().step < 4


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001", ".json"])
def test_of_a_damaged_newest_checkpoint_the_one_before_is_used(make, finished, suffix, caplog):
    path = finished / f"ckpt-4{suffix}"
    os.truncate(path, path.stat().st_size // 2)
    trainer = make()
    assert trainer.step == 2
    assert "ckpt-4" in caplog.text
    assert trainer.run()


def test_when_all_checkpoints_are_damaged_nothing_starts(make, finished):
    for step in (2, 4):
        os.truncate(finished / f"ckpt-{step}.data-00000-of-00001", 100)
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
    assert files(run) == sorted([*left, "notes.txt", ".lock"])  # until the run ends
    assert "ckpt-4.data-00000-of-00001" not in os.listdir(run)
    assert trainer.run()


def test_the_json_of_a_checkpoint_is_plain_json(finished):
    with open(finished / "ckpt-2.json", encoding="utf-8") as file:
        assert json.load(file)["step"] == 2


def edit_json(path, change):
    metadata = json.loads(path.read_text("utf-8"))
    change(metadata)
    path.write_text(json.dumps(metadata), "utf-8")


def test_a_run_goes_on_without_the_list_of_checkpoints(make, finished, tmp_path):
    os.remove(finished / "checkpoint")
    longer = make(settings={"steps": 6})
    assert longer.step == 4
    # TensorFlow's own list is there again.
    assert tf.train.latest_checkpoint(str(finished)) == str(finished / "ckpt-4")
    longer.run()
    assert tf.train.latest_checkpoint(str(finished)) == str(finished / "ckpt-6")
    state = tf.train.get_checkpoint_state(str(finished))
    assert [os.path.basename(path) for path in state.all_model_checkpoint_paths] == [
        "ckpt-2",
        "ckpt-4",
        "ckpt-6",
    ]
    # A list that says something else is not believed: the newest whole one counts.
    (finished / "checkpoint").write_text('model_checkpoint_path: "ckpt-2"')
    os.remove(finished / "ckpt-6.json")
    assert make(settings={"steps": 6}).step == 4


def test_a_run_that_starts_at_0_beside_an_earlier_one_says_so(make, finished, caplog):
    for step in (2, 4):
        os.remove(finished / f"ckpt-{step}.index")
    trainer = make(settings={"steps": 1})
    assert trainer.step == 0
    assert "starts at step 0" in caplog.text
    for name in ("ckpt-4.json", "ckpt-done", "log"):
        assert name in caplog.text
    # The network that more steps had made is kept.
    trainer.run()
    assert trainer.set_aside == str(finished / "previous-1")
    assert store.read_metadata(finished / "previous-1" / "ckpt-done")["step"] == 4
    assert store.read_metadata(finished / "ckpt-done")["step"] == 1


def test_fewer_steps_than_are_done_are_refused(make, finished):
    with pytest.raises(ValueError, match=r"`steps` must be at least 4.*ckpt-4.*received 3"):
        make(settings={"steps": 3})


def test_a_checkpoint_whose_weights_are_not_finite_is_passed_over(make, finished, caplog):
    trainer = make()
    weight = trainer.network.weights[0]
    weight.assign(np.full(weight.shape, np.inf))
    names = ("step", "position")
    checkpoint = tf.train.Checkpoint(
        network=trainer.network,
        optimizer=trainer.optimizer,
        **{name: tf.Variable(4, dtype=tf.int64) for name in names},
    )
    store.save(checkpoint, str(finished / "ckpt-4"), trainer.metadata())
    del trainer
    assert make().step == 2
    assert "ckpt-4: not all of its weights are finite" in caplog.text


@pytest.mark.parametrize(
    "name",
    ["[a]*?\\", *(pytest.param(n, marks=pytest.mark.slow) for n in ("a[1]", "b*c?", "d\\e"))],
)
def test_a_folder_that_looks_like_a_pattern_is_gone_on_in(make, tmp_path, name):
    folder = tmp_path / name
    make(checkpoint_dir=folder, settings={"steps": 2}).run()
    trainer = make(checkpoint_dir=folder)
    assert trainer.step == 2
    assert trainer.run()
    assert store.load_network(folder / "ckpt-done")[1]["step"] == 4


def test_what_was_written_before_hashes_goes_on(make, finished):
    def forget(metadata):
        for name in ("photos_sha256", "vgg_sha256"):
            del metadata["training"][name]

    for step in (2, 4):
        edit_json(finished / f"ckpt-{step}.json", forget)
    edit_json(finished / "ckpt-done.json", forget)
    trainer = make(settings={"steps": 5})
    assert trainer.step == 4
    assert trainer.run()
    assert trainer.set_aside is None  # the earlier network is the same run's
    assert store.read_metadata(finished / "ckpt-5")["training"]["photos_sha256"]


@pytest.mark.slow
def test_photographs_and_networks_are_told_by_their_contents(make, folder, tmp_path, random_vgg):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    vgg = tmp_path / "other.h5"
    shutil.copy(random_vgg, vgg)
    make(checkpoint_dir=tmp_path / "first", settings={"steps": 1}).run()
    init_from = str(tmp_path / "first" / "ckpt-done")
    settings = {"steps": 1, "init_from": init_from, "network": {}}
    make(settings=settings).run()
    # The same under other names.
    store.save_network(*_loaded(init_from, tmp_path / "renamed"))
    same = {**settings, "vgg_weights": str(vgg), "init_from": str(tmp_path / "renamed")}
    assert make(photos=copy, photos_name="x", settings=same).step == 1
    # Others under the same names.
    with h5py.File(vgg, "r+") as file:
        file["layers/conv2d/vars/1"][0] += 1
    with pytest.raises(ValueError, match="trained with vgg_weights .*other.h5"):
        make(settings=same)
    images.save(copy / "4.png", images.read(copy / "4.png")[:-1])
    with pytest.raises(ValueError, match="trained with photos "):
        make(photos=copy, settings=settings)
    network, metadata = store.load_network(init_from)
    network.weights[0].assign_add(np.ones(network.weights[0].shape))
    store.save_network(network, init_from, metadata)
    with pytest.raises(ValueError, match="trained with init_from "):
        make(settings=settings)


def _loaded(prefix, other):
    network, metadata = store.load_network(prefix)
    return network, other, metadata
