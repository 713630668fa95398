"""Training one network for several paintings, and adding one to it."""

import dataclasses
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from data.photos import Photos
from fast_style import images
from fast_style.checkpoints import store, styles, tensor_bundle
from fast_style.errors import OutOfMemory
from fast_style.losses.loss_settings import LossSettings
from fast_style.machine import resources
from fast_style.training import style_task
from fast_style.training.added_style_task import AddedStyleTask
from fast_style.training.paintings import Painting, read_paintings
from fast_style.training.settings import TrainingSettings
from fast_style.training.style_task import StyleTask
from fast_style.training.trainer import TaskTrainer
from tests.training_runs import weights

SHALLOW = LossSettings(
    content_layers=("block2_conv1",), style_layers=("block1_conv1", "block2_conv1")
)


def painting(name, seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8)
    return Painting(name, images.resize(coarse, 24, 32))


PAINTINGS = [painting("wave", 1), painting("scream", 2), painting("kiss", 3)]


@pytest.fixture
def make(folder, random_vgg, tmp_path):
    """Makes a trainer of a tiny network in tmp_path/NAME."""

    def make(name="run", paintings=PAINTINGS, add_to=None, settings=(), **options):
        settings = {
            "steps": 4,
            "image_size": 16,
            "batch_size": 4,
            "style_size": 0,
            "losses": SHALLOW,
            "network": {} if add_to else {"width": 4, "residual_blocks": 1},
            "vgg_weights": str(random_vgg),
            **dict(settings),
        }
        settings = TrainingSettings(**settings)
        if add_to:
            task = AddedStyleTask(settings, paintings, add_to)
        else:
            task = StyleTask(settings, paintings)
        photos = Photos(folder, settings.image_size, settings.batch_size, settings.seed)
        return TaskTrainer(
            task, photos, tmp_path / name, **{"save_every": 2, "log_every": 1, **options}
        )

    return make


def metadata_of(prefix):
    with open(f"{prefix}.json", encoding="utf-8") as file:
        return json.load(file)


def test_a_run_ends_with_a_network_of_all_styles(make):
    trainer = make()
    seen = []
    assert trainer.run(seen.append)
    network, metadata = store.load_network(trainer.done_prefix)
    assert network.styles == 3
    assert styles.style_names(metadata) == ["wave", "scream", "kiss"]
    assert len(seen) == 4 and all(np.isfinite(each.losses["total"]) for each in seen)
    distances = [style["distances"]["block2_conv1"] for style in metadata["styles"]]
    assert len(set(distances)) == 3 and min(distances) > 0


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(make):
    whole = make("whole")
    whole.run()
    make("parts", settings={"steps": 2}).run()
    again = make("parts")
    assert again.step == 2
    again.run()
    for ours, theirs in zip(again.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


def test_a_run_with_other_paintings_is_another_run(make):
    make(settings={"steps": 2}).run()
    with pytest.raises(ValueError, match="network styles 3"):
        make(paintings=PAINTINGS[:2])
    with pytest.raises(ValueError, match="styles kiss crc32"):
        make(paintings=[*PAINTINGS[:2], painting("kiss", 4)])


def test_a_step_of_one_style_leaves_the_rows_of_others_bit_by_bit(make):
    trainer = make(settings={"batch_size": 1})
    rows = [styles.arrays_of(trainer.network)["up1/norm/gamma"]]
    batches = trainer._photos.batches(0, trainer.task.accompany).take(4).as_numpy_iterator()
    drawn = [int(accompanying["styles"][0]) for (_, accompanying), _ in batches]
    trainer.run(lambda _: rows.append(styles.arrays_of(trainer.network)["up1/norm/gamma"]))
    for style, before, after in zip(drawn, rows[:-1], rows[1:], strict=True):
        others = [number for number in range(3) if number != style]
        assert (before[style] != after[style]).any()
        np.testing.assert_array_equal(after[others], before[others])


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_adding_a_painting_changes_nothing_else(make, optimizer):
    trainer = make()
    trainer.run()
    added = make(
        "added",
        [painting("hat", 5)],
        trainer.done_prefix,
        {"optimizer": optimizer, "learning_rate": 0.01},
    )
    added.run()
    _, before, _ = tensor_bundle.load(trainer.done_prefix)
    architecture, after, metadata = tensor_bundle.load(added.done_prefix)
    assert architecture.styles == 4
    assert styles.style_names(metadata) == ["wave", "scream", "kiss", "hat"]
    for path, array in before.items():
        kept = after[path][:3] if "/norm/" in path else after[path]
        np.testing.assert_array_equal(kept, array, err_msg=path)
    moved = [p for p in after if "/norm/" in p and not (after[p][3] == after[p][:3]).all(1).any()]
    assert len(moved) > 4
    assert metadata["init_from"]["step"] == 4
    # It may be added to in turn, and begun again where it was.
    assert make("more", [painting("lilies", 6)], added.done_prefix).run()
    again = make(
        "added",
        [painting("hat", 5)],
        trainer.done_prefix,
        {"optimizer": optimizer, "learning_rate": 0.01, "steps": 5},
    )
    assert again.step == 4


def test_what_cannot_be_added_to_is_refused(make, prefix):
    trainer = make()
    trainer.run()
    with pytest.raises(ValueError, match="has a style wave already"):
        make("again", PAINTINGS[:1], trainer.done_prefix)
    with pytest.raises(ValueError, match="`add_to` must be a network of several styles"):
        make("one", PAINTINGS[:1], prefix)
    with pytest.raises(ValueError, match="`width` must be 4"):
        make("wide", [painting("hat", 5)], trainer.done_prefix, {"network": {"width": 8}})
    metadata = store.read_metadata(trainer.done_prefix)
    del metadata["styles"]
    store.write_metadata(trainer.done_prefix, metadata)
    with pytest.raises(store.CheckpointError, match="names 0 styles, the network has 3"):
        make("nameless", [painting("hat", 5)], trainer.done_prefix)


def test_a_gallery_can_start_from_a_network_of_one_style_and_of_others(make):
    one = make("one", PAINTINGS[:1])
    one.run()
    several = make("several", settings={"init_from": one.done_prefix, "network": {}})
    plain = store.load_network(one.done_prefix)[0]
    x = np.random.default_rng(0).uniform(0, 255, (1, 16, 16, 3)).astype("float32")
    expected = np.asarray(plain(x))
    for row in np.eye(3, dtype="float32"):
        np.testing.assert_allclose(several.network(x, styles=row[None]), expected, atol=1e-2)
    several.run()
    order = [PAINTINGS[2], painting("hat", 5)]
    fewer = make("fewer", order, settings={"init_from": several.done_prefix, "network": {}})
    rows = styles.arrays_of(fewer.network)["down1/norm/gamma"]
    before = styles.arrays_of(several.network)["down1/norm/gamma"]
    np.testing.assert_array_equal(rows[0], before[2])
    np.testing.assert_allclose(rows[1], before.mean(0), rtol=1e-5)


def test_tensorboard_gets_a_picture_in_every_style(make, photo):
    trainer = make(validation_images=[photo(16, 20)])
    picture = trainer.task.preview(photo(16, 20), trainer._stylizer)
    assert picture.shape == (16, 4 * 20, 3)
    assert trainer.run()


def test_paintings_of_a_folder(tmp_path, photo, caplog):
    for name in ("wave.png", "deep/kiss.jpg"):
        images.save(tmp_path / name, photo())
    (tmp_path / "cut.png").write_bytes(b"no picture")
    found = read_paintings(str(tmp_path))
    assert sorted(painting.name for painting in found) == ["kiss", "wave"]
    assert "cut.png" in caplog.text
    assert [p.name for p in read_paintings(f"{tmp_path}/*.png")] == ["wave"]
    assert read_paintings(str(tmp_path / "wave.png"))[0].name == "wave.png"
    os.rename(tmp_path / "wave.png", tmp_path / "bad\udcff.png")
    assert [p.name for p in read_paintings(f"{tmp_path}/*.png")] == [r"bad\udcff"]
    os.rename(tmp_path / "bad\udcff.png", tmp_path / "wave.png")
    images.save(tmp_path / "wave.jpg", photo())
    with pytest.raises(ValueError, match="two paintings are called 'wave'"):
        read_paintings(str(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="no painting that can be read"):
        read_paintings(str(empty))


def test_a_painting_or_crop_that_memory_cannot_hold_is_refused_before_the_first_pass(
    make, monkeypatch
):
    monkeypatch.setattr(resources, "available_memory", lambda: 2**20)
    large = Painting("wall", np.zeros((40, 50, 3), np.uint8))
    with pytest.raises(OutOfMemory, match="painting wall, 50 x 40 .*--style_size"):
        make(paintings=[large])
    with pytest.raises(OutOfMemory, match="crop of 64 x 64 .*--image_size"):
        make(settings={"image_size": 64})


def test_paintings_that_find_too_little_memory_are_one_error(make, monkeypatch):
    def fail(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr(style_task, "PerceptualLoss", fail)
    with pytest.raises(OutOfMemory, match="--style_size"):
        make()


@pytest.mark.parametrize(
    ("height", "width", "style_size", "words"),
    [
        (10, 4000, 640, "4000 x 10, 640 x 2 at a `style_size` of 640: its short side .* least 8"),
        (4000, 10, 640, "10 x 4000, 2 x 640 at a `style_size` of 640: its short side .* least 8"),
        (7, 4000, 0, "4000 x 7: its short side must be at least 8 pixels"),
    ],
)
def test_the_short_side_of_a_narrow_painting_is_named(height, width, style_size, words):
    narrow = Painting("scroll.jpg", np.zeros((height, width, 3), np.uint8))
    with pytest.raises(ValueError, match=f"scroll.jpg: the painting is {words}"):
        StyleTask(TrainingSettings(style_size=style_size), [narrow])
    wide = Painting("scroll.jpg", np.zeros((10, 4000, 3), np.uint8))
    StyleTask(TrainingSettings(style_size=0), [wide])


def stable(weight):
    return {"losses": dataclasses.replace(SHALLOW, stability_weight=weight)}


@pytest.mark.parametrize("count", [1, 3])
def test_the_stability_loss_is_part_of_the_total_and_moves_the_weights(make, count):
    seen = {}
    for name, settings in (("plain", {}), ("stable", stable(1e4))):
        trainer = make(name, paintings=PAINTINGS[:count], settings={"steps": 2, **settings})
        steps = []
        trainer.run(steps.append)
        seen[name] = [step.losses for step in steps], weights(trainer), trainer.metadata()
    (plain, before, described), (losses, after, stated) = seen.values()
    assert "stability" not in plain[0] and "stability_weight" not in described["losses"]
    assert stated["losses"]["stability_weight"] == 1e4
    assert losses[0]["stability"] > 0.1
    # The crops and their paintings are the same, so the first totals differ by the term alone.
    assert losses[0]["style"] == pytest.approx(plain[0]["style"], rel=1e-4)
    assert losses[0]["total"] - 1e4 * losses[0]["stability"] == pytest.approx(
        plain[0]["total"], rel=1e-3
    )
    assert np.abs(before - after).max() > 1e-5


def test_a_run_with_the_stability_loss_goes_on_as_if_it_was_never_stopped(make):
    whole = make("whole", settings=stable(100))
    whole.run()
    count = iter(range(9))
    make("parts", settings=stable(100)).run(should_stop=lambda: next(count) == 1)
    resumed = make("parts", settings=stable(100))
    assert resumed.step == 2
    resumed.run()
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    with pytest.raises(ValueError, match="stability_weight"):
        make("parts", settings=stable(50))


def test_training_with_the_stability_loss_alone_lowers_it(make):
    alone = dataclasses.replace(
        SHALLOW,
        content_weight=0,
        style_weight=0,
        tv_weight=0,
        checkerboard_weight=0,
        stability_weight=1,
    )
    trainer = make(settings={"steps": 30, "losses": alone, "learning_rate": 0.01})
    losses = []
    trainer.run(lambda progress: losses.append(progress.losses["stability"]))
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_the_loss_against_a_weave_is_part_of_the_total_and_lowers_it(make):
    """Alone from the same start, the weave falls; without it, nothing is said of it."""
    alone = dataclasses.replace(
        SHALLOW, content_weight=0, style_weight=0, tv_weight=0, checkerboard_weight=1
    )
    trainer = make(settings={"steps": 16, "losses": alone, "learning_rate": 0.02})
    seen = []
    trainer.run(lambda progress: seen.append(progress.losses))
    assert all(losses["total"] == losses["checkerboard"] for losses in seen)
    weaves = [losses["checkerboard"] for losses in seen]
    assert np.mean(weaves[-5:]) < 0.5 * np.mean(weaves[:5])


def test_without_options_that_came_later_the_metadata_are_what_they_were_before(make):
    without = dataclasses.replace(SHALLOW, checkerboard_weight=0, loss_border=0)
    trainer = make("without", settings={"steps": 2, "losses": without})
    seen = []
    trainer.run(seen.append)
    assert "checkerboard" not in seen[0].losses
    for name in ("checkerboard_weight", "loss_border"):
        assert name not in trainer.metadata()["losses"]
        losses = dataclasses.replace(without, **{name: 16})
        with pytest.raises(ValueError, match=name):
            make("without", settings={"steps": 2, "losses": losses})


def test_the_losses_see_pictures_continued_beyond_their_border(make):
    first = {}
    for border in (0, 16):
        losses = dataclasses.replace(SHALLOW, loss_border=border)
        trainer = make(f"border{border}", settings={"steps": 1, "image_size": 24, "losses": losses})
        trainer.run(lambda progress, border=border: first.update({border: progress.losses}))
    assert first[0]["tv"] == pytest.approx(first[16]["tv"], rel=1e-5)  # the same picture
    assert first[0]["content"] != pytest.approx(first[16]["content"], rel=1e-3)
