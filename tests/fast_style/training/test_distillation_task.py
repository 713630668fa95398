"""Training a small network to paint as a larger one, on the loop of test_trainer.py."""

import shutil

import numpy as np
import pytest

from data.photos import Photos
from fast_style import images
from fast_style.checkpoints import store, styles
from fast_style.losses.distillation import DistillationLossSettings
from fast_style.networks.transform_net import TransformNet
from fast_style.training.distillation_task import DistillationTask
from fast_style.training.settings import DistillationSettings
from fast_style.training.trainer import TaskTrainer
from tests.training_runs import weights

TINY = {"width": 2, "residual_blocks": 0}
NAMES = ["wave", "scream"]


def save_teacher(prefix, count, seed=0):
    rng = np.random.default_rng(seed)
    network = TransformNet(width=4, residual_blocks=1, styles=count)
    network.build()
    for weight in network.weights:  # pictures of some contrast, another one for each style
        spread = 5 if "out" in weight.path else 0.3
        weight.assign_add(rng.normal(0, spread, weight.shape))
    described = [{"name": name, "crc32": 1} for name in NAMES[:count]]
    group = {"styles": described} if count > 1 else {"style": described[0]}
    store.save_network(network, prefix, group)
    return network


@pytest.fixture(params=[1, 2])
def teacher(request, tmp_path):
    prefix = tmp_path / "teacher" / "ckpt-done"
    prefix.parent.mkdir()
    return prefix, save_teacher(prefix, request.param)


@pytest.fixture
def make(folder, tmp_path, teacher, random_vgg):
    """Makes a trainer of a tiny network in tmp_path/NAME."""

    def make(name="run", prefix=teacher[0], settings=(), **options):
        settings = DistillationSettings(
            **{
                "steps": 4,
                "image_size": 16,
                "batch_size": 2,
                "network": TINY,
                "vgg_weights": str(random_vgg),
                **dict(settings),
            }
        )
        photos = Photos(folder, settings.image_size, settings.batch_size, settings.seed)
        options = {"save_every": 2, "log_every": 1, **options}
        return TaskTrainer(DistillationTask(settings, prefix), photos, tmp_path / name, **options)

    return make


def test_a_run_ends_with_a_small_network_of_the_teachers_styles(make, teacher, folder):
    trainer = make(validation_images=[images.read(folder / "0.png")])
    assert trainer.run()
    network, metadata = store.load_network(trainer.done_prefix)
    assert network.styles == teacher[1].styles
    assert styles.style_names(metadata) == NAMES[: network.styles]
    assert network.count_params() < teacher[1].count_params()
    assert metadata["training"]["teacher"] == "ckpt-done"
    assert metadata.get("task", "style") == "style"


def test_the_network_comes_nearer_to_its_teacher(make, teacher):
    trainer = make(
        settings={"steps": 80, "learning_rate": 0.02, "optimizer": "muon"}, save_every=80
    )
    seen = []
    trainer.run(seen.append)
    pixel = [progress.losses["pixel"] for progress in seen]
    assert np.mean(pixel[-10:]) < 0.7 * np.mean(pixel[:3])


def test_the_first_loss_is_the_distance_to_the_teachers_clipped_pictures(make, teacher):
    trainer, (_, taught) = make(), teacher
    [(batch, _)] = trainer._photos.batches(0, trainer.task.accompany).take(1).as_numpy_iterator()
    crops, drawn = batch if taught.styles > 1 else (batch, None)
    mixtures = None if drawn is None else np.eye(2, dtype=np.float32)[drawn]
    pictures = [
        np.clip(network(crops.astype(np.float32), styles=mixtures), 0, 255)
        for network in (taught, trainer.network)
    ]
    expected = np.mean((pictures[0] - pictures[1]) ** 2)
    seen = []
    trainer.run(seen.append, should_stop=lambda: True)
    assert seen[0].losses["pixel"] == pytest.approx(expected, rel=1e-4)
    assert seen[0].losses["total"] == pytest.approx(expected, rel=1e-4)


def test_with_the_content_loss_features_are_compared_as_well(make):
    losses = DistillationLossSettings(content_weight=2, content_layers=("block1_conv1",))
    seen = []
    make(settings={"steps": 1, "losses": losses}).run(seen.append)
    [found] = [progress.losses for progress in seen]
    assert found["total"] == pytest.approx(2 * found["content"] + found["pixel"], rel=1e-5)
    assert found["content"] > 0


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(make, teacher, tmp_path):
    whole = make("whole")
    whole.run()
    first = make("parts", save_every=100)
    assert not first.run(should_stop=lambda: first.step == 3)
    # The teacher is known by its weights, not by its place.
    moved = shutil.copytree(teacher[0].parent, tmp_path / "moved")
    second = make("parts", moved / "ckpt-done")
    assert second.step == 3
    second.run()
    np.testing.assert_array_equal(weights(second), weights(whole))
    save_teacher(moved / "ckpt-done", teacher[1].styles, seed=1)
    with pytest.raises(ValueError, match="teacher"):
        make("parts", moved / "ckpt-done")
