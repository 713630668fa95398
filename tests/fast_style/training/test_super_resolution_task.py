"""Super-resolution on the training loop that it shares with style (tests: test_trainer.py)."""

import numpy as np
import pytest
import tensorflow as tf

from data.degradation import degrade
from data.photos import Photos
from fast_style import images
from fast_style.checkpoints import store
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.super_resolution import SuperResolutionLossSettings
from fast_style.training.settings import SuperResolutionSettings, TrainingSettings
from fast_style.training.super_resolution_task import SuperResolutionTask
from fast_style.training.trainer import TaskTrainer, Trainer
from tests.training_runs import weights

PIXEL = SuperResolutionLossSettings(content_weight=0, pixel_weight=1)
FEATURES = SuperResolutionLossSettings(content_layers=("block1_conv2",))


@pytest.fixture
def make(folder, tmp_path, random_vgg):
    """Makes a trainer of a tiny network in tmp_path/run."""

    def make(checkpoint_dir=tmp_path / "run", settings=(), **options):
        settings = SuperResolutionSettings(
            **{
                "steps": 4,
                "image_size": 16,
                "batch_size": 2,
                "factor": 2,
                "losses": PIXEL,
                "network": {"width": 4, "residual_blocks": 1},
                "vgg_weights": str(random_vgg),
                **dict(settings),
            }
        )
        task = SuperResolutionTask(settings)
        photos = Photos(folder, settings.image_size, settings.batch_size, zoom=None)
        options = {"save_every": 2, "log_every": 1, **options}
        return TaskTrainer(task, photos, checkpoint_dir=checkpoint_dir, **options)

    return make


def test_a_run_ends_with_a_network_that_says_what_it_is(make, tmp_path):
    trainer = make()
    assert trainer.run()
    network, metadata = store.load_network(tmp_path / "run" / "ckpt-done")
    assert metadata["task"] == "super_resolution"
    assert metadata["network"]["factor"] == network.factor == 2
    assert metadata["losses"]["pixel_weight"] == 1
    assert metadata["training"]["degradation"] == "blur"
    assert "style" not in metadata
    image = np.random.default_rng(0).uniform(0, 255, (1, 6, 8, 3)).astype("float32")
    np.testing.assert_array_equal(network(image), trainer.network(image))


def test_each_loss_falls(make, tmp_path):
    for name, losses in (("pixel", PIXEL), ("content", FEATURES)):
        seen = []
        settings = {"steps": 60, "learning_rate": 2e-3, "losses": losses}
        settings["network"] = {"width": 8, "residual_blocks": 1}
        make(tmp_path / name, settings, save_every=60).run(seen.append)
        totals = [progress.losses["total"] for progress in seen]
        assert totals[0] == pytest.approx(seen[0].losses[name], rel=1e-5)
        assert np.mean(totals[-10:]) < 0.9 * np.mean(totals[:10])


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(make, tmp_path):
    whole = make(tmp_path / "whole")
    whole.run()
    first = make(tmp_path / "parts", save_every=100)
    assert not first.run(should_stop=lambda: first.step == 3)
    second = make(tmp_path / "parts", save_every=100)
    assert second.step == 3
    assert second.run()
    np.testing.assert_array_equal(weights(second), weights(whole))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factor": 4}, "network factor 2, this run has 4"),
        ({"degradation": "bicubic"}, "training degradation 'blur', this run has 'bicubic'"),
        ({"losses": SuperResolutionLossSettings(pixel_weight=1)}, "losses content_weight"),
    ],
)
def test_a_run_with_other_settings_is_not_mixed_with_an_earlier_one(make, settings, message):
    make().run()
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_a_run_of_another_task_is_not_mixed_with_an_earlier_one(
    make, folder, tmp_path, random_vgg, photo, prefix
):
    make().run()
    settings = TrainingSettings(
        image_size=16,
        batch_size=2,
        losses=LossSettings(content_layers=("block1_conv1",), style_layers=("block1_conv1",)),
        vgg_weights=str(random_vgg),
    )
    with pytest.raises(ValueError, match="task 'super_resolution', this run has 'style'"):
        Trainer(settings, photo(), Photos(folder, 16, 2), checkpoint_dir=tmp_path / "run")
    with pytest.raises(ValueError, match="network for style, one for super_resolution is expected"):
        make(tmp_path / "other", {"init_from": str(prefix)})


def test_a_run_can_start_from_a_trained_network(make, tmp_path):
    first = make(tmp_path / "first")
    first.run()
    origin = str(tmp_path / "first" / "ckpt-done")
    second = make(settings={"init_from": origin, "network": {}})
    np.testing.assert_array_equal(weights(second), weights(first))
    assert second.metadata()["init_from"]["task"] == "super_resolution"
    with pytest.raises(ValueError, match="`factor` must be 2 as in"):
        make(tmp_path / "b", {"init_from": origin, "network": {}, "factor": 4})


def test_tensorboard_shows_bicubic_network_and_original(make, folder, tmp_path):
    photo = images.read(folder / "0.png")[:35]
    make(validation_images=[photo]).run()
    [log] = (tmp_path / "run" / "log").iterdir()
    found = [
        tf.make_ndarray(value.tensor)
        for record in tf.data.TFRecordDataset(str(log)).as_numpy_iterator()
        for value in tf.compat.v1.Event.FromString(record).summary.value
        if value.tag.startswith("bicubic, enlarged and original")
    ]
    assert [int(side) for side in found[-1][:2]] == [3 * 48, 34]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factor": 6}, "`factor` must be a power of two from 2 to 16; received 6"),
        ({"image_size": 18, "factor": 4}, "`image_size` must be a multiple of `factor`, 4; .* 18"),
        ({"image_size": 0}, "`image_size` must be at least 1"),
        ({"degradation": "box"}, "`degradation` must be one of blur, bicubic; received 'box'"),
        ({"steps": 0}, "`steps` must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(settings=settings)


def test_photographs_smaller_than_a_crop_are_passed_over_and_counted(folder, tmp_path, photo):
    images.save(tmp_path / "large.png", photo(40, 50))
    for number in range(3):
        images.save(tmp_path / f"small{number}.png", photo(31, 60, number))
    photos = Photos(tmp_path, 32, batch_size=2, zoom=None)
    for crops, _ in photos.batches().take(4):
        assert crops.shape == (2, 32, 32, 3)
    assert (photos.too_small, photos.skipped) == (3, 0)
    with pytest.raises(ValueError, match=r"holds a crop of 41 x 41 pixels \(4 are smaller"):
        Photos(tmp_path, 41, zoom=None)


def test_crops_are_pixels_of_the_photograph_and_come_with_their_small_form(tmp_path, photo):
    picture = photo(24, 40)
    images.save(tmp_path / "one.png", picture)
    windows = {
        flipped[top : top + 16, left : left + 16].tobytes()
        for flipped in (picture, picture[:, ::-1])
        for top in range(9)
        for left in range(25)
    }
    settings = SuperResolutionSettings(image_size=16, losses=PIXEL)
    task = SuperResolutionTask(settings)
    photos = Photos(tmp_path, 16, batch_size=3, zoom=None)
    seen = set()
    for (crops, small), _ in photos.batches(0, task.accompany).take(4).as_numpy_iterator():
        np.testing.assert_array_equal(small, degrade(crops, settings.factor, settings.degradation))
        seen |= {crop.tobytes() for crop in crops}
    assert seen <= windows
    assert len(seen) > 6
