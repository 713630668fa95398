"""The training pipeline over folders, as a user's run meets them."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data.photos import Photos
from fast_style import images
from tests import color_profiles
from tests.photographs import (
    SIZE,
    assert_resumes,
    assert_same,
    flat,
    gradient,
    greys,
    noise,
    parts,
    take,
    warnings_of,
)
from tests.pictures import ORIENTATION, encoded


def save_all(folder, pictures):
    for number, rgb in enumerate(pictures):
        images.save(folder / f"{number}.png", rgb)


# Batches


@pytest.mark.parametrize("count", [1, 3, 6])
def test_batches_are_whole_and_endless(tmp_path, count):
    save_all(tmp_path, [noise(i) for i in range(count)])
    source = Photos(tmp_path, SIZE, batch_size=4)
    assert len(source) == count
    batches = source.batches()
    assert batches.element_spec[0] == tf.TensorSpec([4, SIZE, SIZE, 3], tf.uint8)
    crops, positions = zip(*batches.take(5).as_numpy_iterator(), strict=True)
    assert {(c.shape, c.dtype) for c in crops} == {((4, SIZE, SIZE, 3), np.dtype(np.uint8))}
    assert list(positions) == [4, 8, 12, 16, 20]
    assert source.skipped == 0


def test_seed_fixes_everything(tmp_path):
    save_all(tmp_path, [noise(i) for i in range(5)])
    source = Photos(tmp_path, SIZE, batch_size=2, seed=3)
    batches = source.batches()
    first = list(batches.take(6).as_numpy_iterator())
    assert_same(list(batches.take(6).as_numpy_iterator()), first)
    assert_same(take(source, 6), first)
    assert_same(take(Photos(str(tmp_path), SIZE, batch_size=2, seed=3), 6), first)
    other = take(Photos(tmp_path, SIZE, batch_size=2, seed=4), 6)
    assert all((a != b).any() for (a, _), (b, _) in zip(first, other, strict=True))


def test_each_epoch_cuts_other_crops(tmp_path):
    save_all(tmp_path, [noise(0)])
    crops = [crops.tobytes() for crops, _ in take(Photos(tmp_path, SIZE, batch_size=1), 6)]
    assert len(set(crops)) == 6


def test_each_epoch_shows_every_photograph_once_in_another_order(tmp_path):
    values = [20 * i for i in range(6)]
    save_all(tmp_path, map(flat, values))
    batches = greys(Photos(tmp_path, SIZE, batch_size=3), 10)
    epochs = [batches[i] + batches[i + 1] for i in range(0, 10, 2)]
    assert [sorted(epoch) for epoch in epochs] == [values] * 5
    assert len(set(map(tuple, epochs))) == 5


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
def test_resumes_at_a_position(tmp_path, damaged):
    save_all(tmp_path, [noise(i) for i in range(5)])
    if damaged:
        (tmp_path / "2.png").write_bytes(b"no picture")
    source = Photos(tmp_path, SIZE, batch_size=2)
    assert_resumes(source, 8)  # more than three epochs
    assert source.skipped == damaged


# Folders


def test_folder_is_searched_recursively(tmp_path):
    names = ["a.png", "deep/er/b.PNG", "été/絵画 🌌.png", "with space.png"]
    for value, name in enumerate(names):
        images.save(tmp_path / name, flat(50 * value))
    (tmp_path / "notes.txt").write_text("no photograph")
    source = Photos(tmp_path, SIZE, batch_size=4)
    assert len(source) == 4
    assert sorted(greys(source, 1)[0]) == [0, 50, 100, 150]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8(tmp_path, caplog):
    folder = os.fsencode(tmp_path)
    for name, content in [(b"\xe9t\xe9.png", encoded(flat(90))), (b"\xff.png", b"")]:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    source = Photos(tmp_path, SIZE, batch_size=2)
    assert greys(source, 3) == [[90, 90]] * 3
    assert source.skipped == 1
    assert len(warnings_of(caplog)) == 1


def test_every_kind_of_photograph_becomes_rgb(tmp_path):
    colours = {  # red tells which it is
        "grey.png": Image.new("L", (20, 20), 20),
        "alpha.png": Image.new("RGBA", (20, 20), (60, 0, 200, 9)),  # on white
        "cmyk.jpg": Image.new("RGB", (20, 20), (100, 200, 0)).convert("CMYK"),
        "grey.jpg": Image.new("L", (20, 20), 140),
        "palette.gif": Image.new("RGB", (20, 20), (180, 0, 200)).quantize(4),
        "deep.png": Image.fromarray(np.full((20, 20), 220 * 257, np.uint16)),
    }
    for name, image in colours.items():
        image.save(tmp_path / name)
    ((crops, _),) = take(Photos(tmp_path, SIZE, batch_size=len(colours)), 1)
    means = sorted(crops.mean(axis=(1, 2)).tolist())
    expected = [(20,) * 3, (100, 200, 0), (140,) * 3, (180, 0, 200), (220,) * 3, (248, 246, 253)]
    np.testing.assert_allclose(means, expected, atol=3)


def test_wide_gamut_becomes_srgb(tmp_path):
    profile = color_profiles.rgb_profile(color_profiles.ADOBE_RGB, 2.2)
    Image.new("RGB", (20, 20), (100, 200, 80)).save(tmp_path / "a.jpg", icc_profile=profile)
    ((crops, _),) = take(Photos(tmp_path, SIZE, batch_size=1), 1)
    # Adobe RGB (100, 200, 80) in sRGB by Lindbloom's calculator; its red is below what sRGB has.
    np.testing.assert_allclose(crops.mean(axis=(0, 1, 2)), [0, 201, 69], atol=3)


def test_exif_orientation_is_applied(tmp_path):
    upright = gradient(16, 16, axis=0)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stored = np.ascontiguousarray(upright.transpose(1, 0, 2)[::-1])
    (tmp_path / "phone.jpg").write_bytes(encoded(stored, "JPEG", quality=95, exif=exif))
    for crops, _ in take(Photos(tmp_path, 16, batch_size=1, zoom=1), 3):
        np.testing.assert_allclose(crops[0].astype(int), upright, atol=6)  # mirrored or not


def test_large_jpegs_are_decoded_at_reduced_scale(tmp_path, monkeypatch):
    rgb = gradient(400, 400, axis=0)
    images.save(tmp_path / "large.jpg", rgb)
    shapes = []

    def decode(*args, **kwargs):
        picture = images.Picture(decode_as_ever(*args, **kwargs).rgb)
        shapes.append(picture.rgb.shape)
        return picture

    decode_as_ever = images.decode
    monkeypatch.setattr(images, "decode", decode)
    ((crops, _),) = take(Photos(tmp_path, 50, batch_size=2, zoom=1), 1)
    expected = images.resize(rgb, 50, 50).astype(int)
    np.testing.assert_allclose(crops.astype(int), np.stack([expected] * 2), atol=4)
    take(Photos(tmp_path, 50, batch_size=2, zoom=1.5), 1)
    assert set(shapes) == {(50, 50, 3), (100, 100, 3)}  # a zoom above 1 wants more pixels


# Several workers


@pytest.mark.parametrize("workers, batch_size, position", [(2, 4, 0), (2, 4, 7), (3, 3, 5)])
def test_the_parts_of_the_workers_are_the_batches_of_one(tmp_path, workers, batch_size, position):
    save_all(tmp_path, [noise(i) for i in range(7)])
    whole = take(Photos(tmp_path, SIZE, batch_size), 8, position)
    shared = parts(tmp_path, workers, batch_size, 8, position)
    joined = [
        (np.concatenate([crops for crops, _ in batch]), batch[0][1])
        for batch in zip(*shared, strict=True)
    ]
    assert_same(joined, whole)
    assert all([after for _, after in one] == [after for _, after in whole] for one in shared)


def test_no_two_workers_read_one_photograph_in_an_epoch(tmp_path, monkeypatch):
    values = [10 * i for i in range(12)]
    save_all(tmp_path, map(flat, values))
    first, second = (
        [crops[:, 0, 0, 0].tolist() for crops, _ in batches] for batches in parts(tmp_path, 2, 4, 9)
    )
    for epoch in range(3):
        mine, other = (sum(one[3 * epoch : 3 * epoch + 3], []) for one in (first, second))
        assert sorted(mine + other) == values


@pytest.mark.parametrize("batch_size", [2, 6], ids=["part-of-one", "part-of-three"])
def test_an_unreadable_photograph_shifts_no_other_worker(tmp_path, batch_size):
    save_all(tmp_path, [flat(10 * i) for i in range(12)])
    before = parts(tmp_path, 2, batch_size, 12)
    (tmp_path / "3.png").write_bytes(b"no picture")
    after = parts(tmp_path, 2, batch_size, 12)
    replaced = 0
    for one, other in zip(before, after, strict=True):
        for (crops, position), (others, other_position) in zip(one, other, strict=True):
            assert position == other_position
            for crop, instead in zip(crops, others, strict=True):
                if crop[0, 0, 0] == 30:
                    assert instead[0, 0, 0] != 30
                    replaced += 1
                else:
                    np.testing.assert_array_equal(crop, instead)
    assert replaced == batch_size
    source = Photos(tmp_path, SIZE, batch_size, worker=1, workers=2)
    assert_resumes(source, 6)


def test_a_worker_whose_photographs_vanish_ends(tmp_path):
    save_all(tmp_path, [noise(i) for i in range(4)])
    source = Photos(tmp_path, SIZE, 4, worker=1, workers=2)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(tf.errors.OpError):
        take(source, 1)
    assert str(source.failure) == "no readable photograph is left to train on"


@pytest.mark.parametrize("worker, workers", [(2, 2), (-1, 2), (0, 3)])
def test_workers_that_do_not_share_a_batch(tmp_path, worker, workers):
    save_all(tmp_path, [flat(0)])
    with pytest.raises(ValueError, match="`batch_size` must be a multiple of `workers`"):
        Photos(tmp_path, SIZE, 4, worker=worker, workers=workers)


def test_the_fingerprint_tells_folders_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_all(tmp_path / name, [flat(0), flat(1)])
    first, second = (Photos(tmp_path / name, SIZE) for name in ("a", "b"))
    assert first.fingerprint() == second.fingerprint()
    with open(tmp_path / "b" / "1.png", "ab") as file:
        file.write(b"more")
    longer = Photos(tmp_path / "b", SIZE).fingerprint()
    (tmp_path / "b" / "1.png").rename(tmp_path / "b" / "2.png")
    renamed = Photos(tmp_path / "b", SIZE).fingerprint()
    assert len({first.fingerprint(), longer, renamed}) == 3


def test_the_fingerprint_is_that_of_the_folder_however_it_is_spelled(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    save_all(tmp_path / "a", [flat(0), flat(1)])
    monkeypatch.chdir(tmp_path / "a")
    found = {Photos(name, SIZE).fingerprint() for name in (".", "../a", tmp_path / "a")}
    assert len(found) == 1


# Photographs that can't be read


def damage(folder):
    """Writes one file of each kind that can't be read; returns their names."""
    jpeg = encoded(noise(0, 100, 100), "JPEG")
    contents = {
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "empty.png": b"",
        "text.jpg": b"<html>Too many requests</html>",
        "huge.png": encoded(flat(1, 40, 40)),  # over a limit of 1000 pixels
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return sorted(contents)


def test_damaged_files_are_skipped_counted_and_logged_once(tmp_path, caplog):
    names = damage(tmp_path)
    save_all(tmp_path, map(flat, (50, 100, 150)))
    source = Photos(tmp_path, SIZE, batch_size=3, max_pixels=1000)
    batches = greys(source, 5)  # five epochs
    assert [sorted(batch) for batch in batches] == [[50, 100, 150]] * 5
    assert len(source) == 7
    assert source.skipped == 4
    warnings = warnings_of(caplog)
    assert sorted(os.path.basename(w.split(": ")[1]) for w in warnings) == names
    greys(source, 3)
    assert source.skipped == 4 and len(warnings_of(caplog)) == 4
    assert source.failure is None


@pytest.mark.parametrize("change", [os.remove, lambda path: os.truncate(path, 40)])
def test_photograph_that_changes_after_the_start(tmp_path, caplog, change):
    save_all(tmp_path, map(flat, (50, 100, 150)))
    source = Photos(tmp_path, SIZE, batch_size=2)
    change(tmp_path / "1.png")
    assert sorted(sum(greys(source, 4), [])) == [50] * 4 + [150] * 4
    assert source.skipped == 1
    (warning,) = warnings_of(caplog)
    assert "1.png" in warning


def test_ends_when_every_photograph_is_gone(tmp_path):
    save_all(tmp_path, map(flat, (50, 100, 150)))
    source = Photos(tmp_path, SIZE, batch_size=2)
    errors = []

    def train():
        try:
            for number, _ in enumerate(source.batches()):
                if number == 2:
                    for path in tmp_path.iterdir():
                        path.unlink()
        except tf.errors.OpError as error:
            errors.append(error)

    thread = threading.Thread(target=train, daemon=True)  # a hang is a failure, not a hang
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert isinstance(source.failure, ValueError)
    assert str(source.failure) == "no readable photograph is left to train on"
    assert source.skipped == 3


def test_slow_photographs_among_damaged_ones_are_waited_for(tmp_path, monkeypatch):
    save_all(tmp_path, [flat(50)])
    (tmp_path / "1.png").write_bytes(b"no picture")

    def decode(data, *args, **kwargs):
        if len(data) > 20:
            time.sleep(0.1)
        return decode_as_ever(data, *args, **kwargs)

    decode_as_ever = images.decode
    monkeypatch.setattr(images, "decode", decode)
    monkeypatch.setattr(os, "cpu_count", lambda: 32)
    options = tf.data.Options()
    options.threading.private_threadpool_size = 32  # whatever this machine has
    source = Photos(tmp_path, SIZE, batch_size=2)
    batches = source.batches().with_options(options).take(10).as_numpy_iterator()
    assert all((crops == 50).all() for crops, _ in batches)
    assert source.failure is None


# Errors before training


def test_missing_folder_and_file_in_its_place(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        Photos(tmp_path / "nowhere")
    images.save(tmp_path / "file.png", flat(0))
    with pytest.raises(NotADirectoryError, match=r"file\.png: is a file"):
        Photos(tmp_path / "file.png")


def test_folder_without_photographs(tmp_path):
    (tmp_path / "notes.txt").write_text("no photograph")
    with pytest.raises(ValueError) as caught:
        Photos(tmp_path)
    assert str(caught.value) == f"{tmp_path}: no image file in this folder or below it"


def test_folder_of_damaged_photographs(tmp_path):
    damage(tmp_path)
    with pytest.raises(ValueError) as caught:
        Photos(tmp_path, max_pixels=1000)
    assert str(caught.value) == f"{tmp_path}: none of its 4 image files can be read"


@pytest.mark.parametrize(
    "option, value, least", [("image_size", 0, 1), ("batch_size", 0, 1), ("seed", -1, 0)]
)
def test_options_out_of_range(tmp_path, option, value, least):
    with pytest.raises(ValueError, match=f"`{option}` must be at least {least}; received {value}"):
        Photos(tmp_path, **{option: value})


@pytest.mark.parametrize("zoom", [0.5, float("nan"), float("inf")])
def test_zoom_out_of_range(tmp_path, zoom):
    save_all(tmp_path, [flat(0)])
    with pytest.raises(ValueError, match=f"`zoom` must be .*; received {zoom}"):
        Photos(tmp_path, zoom=zoom)


def places_of(source, count, position=0):
    batches = source.batches(position, lambda crops, places: {"places": places, "mean": 0 * places})
    return [pair[1]["places"].tolist() for pair, _ in batches.take(count).as_numpy_iterator()]


def test_what_goes_along_with_crops_is_made_from_their_places(tmp_path):
    save_all(tmp_path, [noise(seed) for seed in range(5)])
    source = Photos(tmp_path, SIZE, 4)
    whole = places_of(source, 4)
    assert np.ravel(whole).tolist() == list(range(16))
    assert places_of(source, 2, position=8) == whole[2:]
    parts = [places_of(Photos(tmp_path, SIZE, 4, worker=n, workers=2), 4) for n in (0, 1)]
    assert [left + right for left, right in zip(*parts, strict=True)] == whole
    pairs = source.batches(0, lambda crops, places: 255 - crops).take(9).as_numpy_iterator()
    for ((crops, other), after), (plain, position) in zip(pairs, take(source, 9), strict=True):
        np.testing.assert_array_equal(crops, plain)
        np.testing.assert_array_equal(other, 255 - plain)
        assert after == position


def test_a_sample_is_the_same_for_every_worker(tmp_path):
    save_all(tmp_path, [noise(seed) for seed in range(3)])
    (tmp_path / "3.png").write_bytes(b"no picture")
    samples = [Photos(tmp_path, SIZE, 4, worker=n, workers=2).sample(2) for n in (0, 1)]
    assert samples[0].shape == (2, SIZE, SIZE, 3)
    np.testing.assert_array_equal(*samples)
    assert len(Photos(tmp_path, SIZE, 4).sample(9)) == 3
