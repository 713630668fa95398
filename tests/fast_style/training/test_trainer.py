import contextlib
import json
import os
import resource
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from data.photos import Photos
from fast_style import images
from fast_style.checkpoints import store
from fast_style.losses.perceptual import LossSettings
from fast_style.training.errors import OutOfMemory, TrainingDiverged
from fast_style.training.settings import OPTIMIZERS, TrainingSettings
from fast_style.training.summaries import Summaries
from fast_style.training.trainer import Trainer

SHALLOW = LossSettings(
    content_layers=("block2_conv1",), style_layers=("block1_conv1", "block2_conv1")
)


@pytest.fixture(scope="module")
def style():
    return np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture
def make(folder, style, random_vgg, tmp_path):
    """Makes a trainer of a tiny network in tmp_path/run."""

    def make(photos=folder, style=style, checkpoint_dir=tmp_path / "run", settings=(), **options):
        settings = {
            "steps": 4,
            "image_size": 16,
            "batch_size": 2,
            "style_size": 0,
            "losses": SHALLOW,
            "network": {"width": 4, "residual_blocks": 1},
            "vgg_weights": str(random_vgg),
            **dict(settings),
        }
        settings = TrainingSettings(**settings)
        photos = Photos(photos, settings.image_size, settings.batch_size, settings.seed)
        return Trainer(
            settings,
            style,
            photos,
            **{"checkpoint_dir": checkpoint_dir, "save_every": 2, "log_every": 1, **options},
        )

    return make


@contextlib.contextmanager
def file_size_limit(size):
    """No file grows beyond `size` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def weights(trainer):
    return np.concatenate([np.ravel(weight) for weight in trainer.network.weights])


def files(folder):
    return sorted(name for name in os.listdir(folder) if not name.endswith("00001"))


def test_a_run_ends_with_the_network_and_the_last_checkpoints(make, tmp_path):
    seen = []
    trainer = make(keep=1)
    assert trainer.run(seen.append)
    assert files(tmp_path / "run") == [
        "checkpoint",
        "ckpt-4.index",
        "ckpt-4.json",
        "ckpt-done.index",
        "ckpt-done.json",
        "log",
    ]
    assert [progress.step for progress in seen] == [1, 2, 3, 4]
    assert seen[-1].steps == 4
    assert seen[-1].images_per_second > 0
    losses = seen[-1].losses
    assert losses["style"] == pytest.approx(
        losses["style/block1_conv1"] + losses["style/block2_conv1"], rel=1e-5
    )
    assert losses["total"] == pytest.approx(
        losses["content"] + 2 * losses["style"] + 500 * losses["tv"], rel=1e-5
    )
    network, _ = store.load_network(tmp_path / "run" / "ckpt-done")
    np.testing.assert_array_equal(
        np.concatenate([np.ravel(weight) for weight in network.weights]), weights(trainer)
    )


def test_the_description_says_what_the_network_is(make, tmp_path):
    make(style_name="wave.jpg", photos_name="train").run()
    metadata = store.read_metadata(tmp_path / "run" / "ckpt-done")
    assert metadata["step"] == 4
    assert metadata["network"]["width"] == 4
    assert metadata["style"]["name"] == "wave.jpg"
    assert (metadata["style"]["height"], metadata["style"]["width"]) == (24, 32)
    assert metadata["losses"]["style_layers"] == ["block1_conv1", "block2_conv1"]
    assert metadata["training"]["vgg_weights"] == "vgg16.weights.h5"
    assert metadata["training"]["photos_found"] == 5
    assert metadata["versions"]["tensorflow"] == tf.__version__


def test_the_loss_falls(make):
    seen = []
    make(settings={"steps": 40, "learning_rate": 0.01}, save_every=40).run(seen.append)
    assert np.mean([p.losses["total"] for p in seen[-5:]]) < 0.7 * seen[0].losses["total"]


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


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_checkpoint(make, tmp_path):
    trainer = make(settings={"steps": 8})
    assert not trainer.run(should_stop=lambda: trainer.step == 2)
    before = weights(trainer)
    trainer = make(settings={"steps": 8})
    trainer.network.weights[0].assign(np.full(trainer.network.weights[0].shape, np.nan))
    with pytest.raises(TrainingDiverged, match=r"step 3.*ckpt-2.*--learning_rate"):
        trainer.run()
    assert files(tmp_path / "run") == ["checkpoint", "ckpt-2.index", "ckpt-2.json", "log"]
    np.testing.assert_array_equal(weights(make(settings={"steps": 8})), before)


def test_photographs_that_vanish_during_training_end_it_with_an_error(make, folder, tmp_path):
    copy = tmp_path / "photos"
    shutil.copytree(folder, copy)
    trainer = make(photos=copy, settings={"steps": 200}, save_every=200)

    def remove(progress):
        if progress.step == 1:
            shutil.rmtree(copy)

    with pytest.raises(ValueError, match="no readable photograph is left"):
        trainer.run(remove)
    # Nothing is lost: once they are back, the run goes on.
    assert trainer.step >= 1
    again = make(settings={"steps": trainer.step + 1})
    assert again.step == trainer.step
    np.testing.assert_array_equal(weights(again), weights(trainer))
    assert again.run()


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


@pytest.mark.parametrize(
    "error", [tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), MemoryError()]
)
def test_out_of_memory_says_what_to_lower(make, monkeypatch, error):
    trainer = make(save_every=1)

    def fail(batch):
        raise error

    def stop():
        monkeypatch.setattr(trainer._train_step, "_function", lambda *_: fail(None))

    with pytest.raises(
        OutOfMemory,
        match="2 crops of 16 x 16: lower --batch_size or --image_size; the last .*ckpt-1",
    ):
        trainer.run(should_stop=stop)
    assert make().step == 1


def test_a_disk_full_of_summaries_is_an_os_error(tmp_path):
    summaries = Summaries(tmp_path)
    with (
        pytest.raises(OSError, match="could not be written .*File too large"),
        file_size_limit(2000),
    ):
        for step in range(1000):
            summaries.scalars(step, {"loss": 1.0})


def test_tensorboard_gets_losses_pictures_and_settings(make, folder, tmp_path):
    make(validation_images=[images.read(folder / "0.png")]).run()
    events = {}
    for name in os.listdir(tmp_path / "run" / "log"):
        path = str(tmp_path / "run" / "log" / name)
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                events.setdefault(value.tag, []).append((event.step, value.tensor))
    scalars = {
        "loss/total",
        "loss/content",
        "loss/style",
        "loss/style/block1_conv1",
        "loss/style/block2_conv1",
        "loss/tv",
        "speed/images per second",
    }
    assert scalars <= set(events)
    assert [step for step, _ in events["loss/total"]] == [1, 2, 3, 4]
    [tag] = [tag for tag in events if tag.startswith("content and stylized")]
    step, tensor = events[tag][-1]
    width, height, picture = tf.make_ndarray(tensor)[:3]
    assert (step, int(width), int(height)) == (4, 96, 36)
    picture = tf.io.decode_png(picture).numpy()
    np.testing.assert_array_equal(picture[:, :48], images.read(folder / "0.png"))
    text = tf.make_ndarray(events["settings"][0][1]).item().decode()
    assert "| training.batch_size | 2 |" in text


def test_a_profile_of_some_steps_is_left_beside_the_log(make, tmp_path):
    make(profile_steps=(2, 3)).run()
    [trace] = (tmp_path / "run" / "log" / "plugins" / "profile").glob("*/*.xplane.pb")
    assert trace.stat().st_size > 1000
    # A run that is stopped in between writes what there is; one that begins later records none.
    stopped = make(checkpoint_dir=tmp_path / "b", profile_steps=(1, 9))
    stopped.run(should_stop=lambda: stopped.step == 2)
    assert len(list((tmp_path / "b" / "log").glob("plugins/profile/*/*.xplane.pb"))) == 1
    shutil.rmtree(tmp_path / "b" / "log")
    make(checkpoint_dir=tmp_path / "b", profile_steps=(1, 2)).run()
    assert not (tmp_path / "b" / "log" / "plugins").exists()


@pytest.mark.parametrize("steps", [(1,), (3, 2), (0, 4), (1, 2, 3)])
def test_steps_that_cannot_be_profiled_are_refused(make, steps):
    with pytest.raises(ValueError, match="`profile_steps` must be the first and the last step"):
        make(profile_steps=steps)


def test_a_run_can_start_from_a_trained_network(make, tmp_path):
    first = make(checkpoint_dir=tmp_path / "first")
    first.run()
    prefix = str(tmp_path / "first" / "ckpt-done")
    second = make(settings={"init_from": prefix, "network": {}})
    np.testing.assert_array_equal(weights(second), weights(first))
    second.run()
    metadata = store.read_metadata(tmp_path / "run" / "ckpt-done")
    assert metadata["init_from"]["step"] == 4
    with pytest.raises(ValueError, match="`width` must be 4"):
        make(checkpoint_dir=tmp_path / "b", settings={"init_from": prefix, "network": {"width": 8}})


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_xla_takes_the_same_step(make, tmp_path, optimizer):
    losses = []
    settings = {"steps": 2, "optimizer": optimizer}
    for name, jit_compile in (("plain", False), ("xla", True)):
        make(checkpoint_dir=tmp_path / name, settings=settings, jit_compile=jit_compile).run(
            lambda progress: losses.append(progress.losses["total"])
        )
    assert losses[:2] == pytest.approx(losses[2:], rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "`steps` must be at least 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"optimizer": "sgd"}, "`optimizer` must be one of adam, muon; received 'sgd'"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be positive"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"style_size": -5}, "`style_size` must be at least 0"),
        ({"image_size": 1}, "`image_size` must be at least 2 for the features of block2"),
        ({"losses": LossSettings(style_layers=("conv9",))}, "received conv9"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_a_painting_too_small_for_the_loss_layers_is_refused(make):
    with pytest.raises(ValueError, match="`style_size` must be at least 2"):
        make(style=np.zeros((1, 9, 3), np.uint8))


@pytest.mark.parametrize("name", ["save_every", "log_every", "keep"])
def test_intervals_must_be_positive(make, name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1; received 0"):
        make(**{name: 0})


def test_the_json_of_a_checkpoint_is_plain_json(make, tmp_path):
    make().run()
    with open(tmp_path / "run" / "ckpt-2.json", encoding="utf-8") as file:
        assert json.load(file)["step"] == 2


def test_mixed_precision_computes_in_bfloat16_and_keeps_float32_where_it_counts(make, tmp_path):
    before = keras.config.dtype_policy()
    losses = {}
    for mixed in (False, True):
        trainer = make(
            checkpoint_dir=tmp_path / str(mixed), settings={"mixed_precision": mixed, "steps": 1}
        )
        trainer.run(lambda progress, mixed=mixed: losses.update({mixed: progress.losses}))
    assert keras.config.dtype_policy() == before
    network = trainer.network
    assert network.residual1.compute_dtype == network.down1.conv.compute_dtype == "bfloat16"
    assert network(np.zeros((1, 16, 16, 3), np.float32)).dtype == "float32"
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert losses[True] == pytest.approx(losses[False], rel=0.05)
    assert losses[True] != losses[False]


def test_the_cosine_schedule_ends_at_zero_and_belongs_to_the_run(make):
    cosine = {"learning_rate_schedule": "cosine"}
    trainer = make(settings=cosine)
    trainer.run()
    assert float(trainer.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="training steps 4, this run has 8"):
        make(settings=cosine | {"steps": 8})
    with pytest.raises(ValueError, match="learning_rate_schedule 'cosine', this run has None"):
        make()
