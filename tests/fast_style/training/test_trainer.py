"""Training runs for a painting, from the first step to the finished network."""

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_style.checkpoints import store
from fast_style.errors import OutOfMemory, UserError
from fast_style.training.errors import TrainingDiverged
from fast_style.training.folder_lock import FolderInUse
from tests.training_runs import files, weights


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
        losses["content"]
        + 4e5 * losses["style"]
        + 1000 * losses["tv"]
        + 1000 * losses["checkerboard"],
        rel=1e-5,
    )
    network, _ = store.load_network(tmp_path / "run" / "ckpt-done")
    np.testing.assert_array_equal(
        np.concatenate([np.ravel(weight) for weight in network.weights]), weights(trainer)
    )


def test_the_metadata_say_what_the_network_is(make, tmp_path):
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


def test_a_loss_of_nan_ends_the_run_and_keeps_the_last_good_checkpoint(make, tmp_path):
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

    with pytest.raises(UserError, match="no readable photograph is left"):
        trainer.run(remove)
    # Nothing is lost: once they are back, the run goes on.
    assert trainer.step >= 1
    again = make(settings={"steps": trainer.step + 1})
    assert again.step == trainer.step
    np.testing.assert_array_equal(weights(again), weights(trainer))
    assert again.run()


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


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("muon", marks=pytest.mark.slow)])
def test_xla_takes_the_same_step(make, tmp_path, optimizer):
    losses = []
    settings = {"steps": 2, "optimizer": optimizer}
    for name, jit_compile in (("plain", False), ("xla", True)):
        make(checkpoint_dir=tmp_path / name, settings=settings, jit_compile=jit_compile).run(
            lambda progress: losses.append(progress.losses["total"])
        )
    assert losses[:2] == pytest.approx(losses[2:], rel=1e-3)


@pytest.mark.parametrize("name", ["save_every", "log_every", "keep"])
def test_intervals_must_be_positive(make, name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1; received 0"):
        make(**{name: 0})


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


def test_a_second_run_in_the_folder_is_refused_until_the_first_has_ended(make, tmp_path):
    first = make(settings={"steps": 1})
    with pytest.raises(FolderInUse, match=str(tmp_path / "run")):
        make()
    second = []

    def try_again(progress):
        with pytest.raises(FolderInUse):
            make()
        second.append(progress.step)

    assert first.run(try_again)
    assert second == [1]
    with pytest.raises(ValueError, match="`save_every`"):
        make(save_every=0)
    assert make().step == 1  # none of those that failed holds it


@pytest.mark.parametrize("value", [np.nan, 1e38], ids=["NaN", "too large for a picture"])
def test_weights_that_are_not_good_are_not_saved(make, finished, value):
    trainer = make(settings={"steps": 5})

    def spoil():
        # After the loss and the gradients of this step, which were finite.
        kernel = trainer.network.down1.conv.kernel
        kernel.assign(kernel * value)
        return False

    with pytest.raises(TrainingDiverged, match=r"weights .* step 5; the last good .*ckpt-4;"):
        trainer.run(should_stop=spoil)
    assert not any(name.startswith("ckpt-5") for name in files(finished))


def test_a_gradient_that_is_not_finite_ends_the_run(make, finished, monkeypatch):
    trainer = make(settings={"steps": 5})

    @tf.custom_gradient
    def poisoned(outputs):
        return outputs, lambda upstream: upstream * np.float32(np.inf)

    paint = trainer.task.paint
    monkeypatch.setattr(trainer.task, "paint", lambda *args: poisoned(paint(*args)))
    with pytest.raises(TrainingDiverged, match=r"gradient .* step 5; the last good .*ckpt-4;"):
        trainer.run()
    assert not any(name.startswith("ckpt-5") for name in files(finished))
