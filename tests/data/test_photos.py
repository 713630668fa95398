"""The training pipeline over folders and TFDS datasets, as a user's run meets them."""

import io
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data import tfds_source
from data.crops import random_crop
from data.photos import Photos
from fast_style import images

SIZE = 8
ORIENTATION = 0x0112


def flat(value, height=12, width=16):
    """A photograph of one grey, which tells whose crop it is."""
    return np.full((height, width, 3), value, np.uint8)


def noise(seed, height=20, width=30):
    """A photograph of which no two crops are alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def gradient(height, width, axis):
    """A photograph that goes from 0 to 255 along an axis."""
    ramp = np.rint(np.linspace(0, 255, (height, width)[axis])).astype(np.uint8)
    ramp = ramp[:, None] if axis == 0 else ramp[None, :]
    return np.repeat(np.broadcast_to(ramp, (height, width))[:, :, None], 3, axis=2)


def encoded(rgb, format="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, format, **options)
    return stream.getvalue()


def save_all(folder, pictures):
    for number, rgb in enumerate(pictures):
        images.save(folder / f"{number}.png", rgb)


def take(source, count, position=0):
    """The first batches from a position on: a list of (crops, position after)."""
    return list(source.batches(position).take(count).as_numpy_iterator())


def greys(source, count, position=0):
    """The greys of the flat photographs behind each batch, a list of lists."""
    result = []
    for crops, _ in take(source, count, position):
        assert (crops == crops[:, :1, :1, :1]).all()
        result.append(crops[:, 0, 0, 0].tolist())
    return result


def assert_same(batches, expected):
    assert len(batches) == len(expected) > 0
    for (crops, after), (expected_crops, expected_after) in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(crops, expected_crops)
        assert after == expected_after


def assert_resumes(source, count):
    """Each batch is followed by the same batches as in a run that was never stopped."""
    whole = take(source, count)
    for number in range(count - 1):
        position = int(whole[number][1])
        rest = whole[number + 1 : number + 4]
        assert_same(take(source, len(rest), position), rest)


def warnings_of(caplog):
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("skipped: ")]


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
        "alpha.png": Image.new("RGBA", (20, 20), (60, 0, 200, 9)),
        "cmyk.jpg": Image.new("RGB", (20, 20), (100, 200, 0)).convert("CMYK"),
        "grey.jpg": Image.new("L", (20, 20), 140),
        "palette.gif": Image.new("RGB", (20, 20), (180, 0, 200)).quantize(4),
        "deep.png": Image.fromarray(np.full((20, 20), 220 * 257, np.uint16)),
    }
    for name, image in colours.items():
        image.save(tmp_path / name)
    ((crops, _),) = take(Photos(tmp_path, SIZE, batch_size=len(colours)), 1)
    means = sorted(crops.mean(axis=(1, 2)).tolist())
    expected = [(20, 20, 20), (60, 0, 200), (100, 200, 0), (140,) * 3, (180, 0, 200), (220,) * 3]
    np.testing.assert_allclose(means, expected, atol=3)


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


def parts(folder, workers, batch_size, count, position=0, **options):
    """Each worker's first batches: a list, by worker, of (crops, position after)."""
    return [
        take(
            Photos(folder, SIZE, batch_size, worker=worker, workers=workers, **options),
            count,
            position,
        )
        for worker in range(workers)
    ]


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
    (tmp_path / "b" / "1.png").rename(tmp_path / "b" / "2.png")
    assert Photos(tmp_path / "b", SIZE).fingerprint() != first.fingerprint()


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


# Crops


def draws(photo, size, zoom, count, seed=0):
    rng = np.random.default_rng(seed)
    return [random_crop(photo, size, zoom, rng) for _ in range(count)]


@pytest.mark.parametrize("zoom", [1, 3.7])
@pytest.mark.parametrize(
    "height, width", [(1, 1), (3, 500), (500, 3), (SIZE, SIZE), (7, 9), (80, 90)]
)
def test_crop_has_its_size_and_the_photographs_colours(height, width, zoom):
    for crop in draws(flat(77, height, width), SIZE, zoom, 20):
        assert crop.dtype == np.uint8
        np.testing.assert_array_equal(crop, flat(77, SIZE, SIZE))


def test_crop_follows_from_the_generator():
    photo = noise(1)
    before = photo.copy()
    first = draws(photo, SIZE, 2, 5, seed=1)
    np.testing.assert_array_equal(first, draws(photo, SIZE, 2, 5, seed=1))
    assert len({crop.tobytes() for crop in first + draws(photo, SIZE, 2, 5, seed=2)}) == 10
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("height, width, axis", [(64, 64, 1), (64, 96, 0), (96, 64, 1)])
def test_crop_without_zoom_spans_the_shorter_side(height, width, axis):
    for crop in draws(gradient(height, width, axis), 32, 1, 10):
        assert crop.min() <= 4 and crop.max() >= 251


def test_crop_comes_from_anywhere_along_the_longer_side():
    crops = draws(gradient(20, 100, axis=1), 20, 1, 100)
    assert min(crop.min() for crop in crops) <= 6
    assert max(crop.max() for crop in crops) >= 249


def test_crop_is_mirrored_half_of_the_time():
    crops = draws(gradient(20, 30, axis=1), SIZE, 2, 400)
    mirrored = sum(int(crop[0, 0, 0]) > int(crop[0, -1, 0]) for crop in crops)
    assert 160 <= mirrored <= 240
    upright = draws(gradient(30, 20, axis=0), SIZE, 2, 20)
    assert all(int(crop[0, 0, 0]) < int(crop[-1, 0, 0]) for crop in upright)


def spans(photo_side, size, zoom):
    """How many pixels of a square photograph each of many crops spans."""
    crops = draws(gradient(photo_side, photo_side, axis=0), size, zoom, 100)
    return np.array([np.ptp(crop.astype(int)) / 255 * photo_side for crop in crops])


def test_zoom_is_the_range_of_scales():
    spanned = spans(200, 20, zoom=2)
    assert 90 <= spanned.min() < 115
    assert 185 < spanned.max() <= 200


def test_small_photographs_are_not_enlarged_beyond_need():
    assert spans(10, 20, zoom=4).min() > 9  # all of it, though that zoom would take a quarter
    spanned = spans(30, 20, zoom=4)
    assert spanned.min() > 18  # enlarged by no zoom
    assert spanned.max() > 28


# TensorFlow Datasets


def test_a_folder_does_without_tensorflow_datasets(photos):
    code = (
        "import sys; sys.modules['tensorflow_datasets'] = None;"  # importing it is an error
        "from fast_style.commands import train; from data.photos import Photos;"
        f"print(len(Photos({str(photos)!r}, 16)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.stdout == "4\n", process.stderr


VALUES = [20 * i for i in range(12)]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A TFDS data_dir with prepared datasets, written by TFDS itself; nothing is fetched."""
    import tensorflow_datasets as tfds

    class ToyPhotos(tfds.core.GeneratorBasedBuilder):
        """With the configs and features that matter of coco."""

        code_path = None  # beside which TFDS would look for checksums of downloads
        VERSION = tfds.core.Version("1.0.0")
        BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in ("2014", "damaged")]
        image = "image"

        def _info(self):
            features = {self.image: tfds.features.Image(), "label": np.int64}
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, _):
            return {"train": self._generate_examples(), "test": self._generate_examples()}

        def _generate_examples(self):
            for label, value in enumerate(VALUES):
                content = encoded(flat(value))
                if self.builder_config.name == "damaged" and label in (3, 7):
                    content = content[:40]
                yield label, {self.image: io.BytesIO(content), "label": label}

    class ToyPictures(ToyPhotos):
        """Whose images have another name."""

        image = "picture"

    folder = tmp_path_factory.mktemp("tfds")
    options = tfds.download.DownloadConfig(num_shards=3)
    for builder, config in [(ToyPhotos, "2014"), (ToyPhotos, "damaged"), (ToyPictures, "2014")]:
        builder(data_dir=folder, config=config).download_and_prepare(download_config=options)
    return folder


def test_tfds_batches(data_dir):
    source = Photos("tfds:toy_photos/2014:train", SIZE, batch_size=5, data_dir=data_dir)
    assert len(source) == 12
    batches = take(source, 4)
    assert all(c.shape == (5, SIZE, SIZE, 3) and c.dtype == np.uint8 for c, _ in batches)
    assert [after for _, after in batches] == [5, 10, 15, 20]


@pytest.mark.parametrize("name", ["toy_photos/2014", "toy_photos", "toy_photos/2014:test"])
def test_tfds_epochs(data_dir, name):
    batches = greys(Photos(f"tfds:{name}", SIZE, batch_size=6, data_dir=data_dir), 8)
    epochs = [batches[i] + batches[i + 1] for i in range(0, 8, 2)]
    assert [sorted(epoch) for epoch in epochs] == [VALUES] * 4
    assert len(set(map(tuple, epochs))) == 4


def test_tfds_seed_fixes_everything(data_dir):
    def make(seed):
        return Photos("tfds:toy_photos/2014", SIZE, batch_size=4, seed=seed, data_dir=data_dir)

    source = make(3)
    batches = source.batches()
    first = list(batches.take(7).as_numpy_iterator())
    assert_same(list(batches.take(7).as_numpy_iterator()), first)
    assert_same(take(source, 7), first)
    assert_same(take(make(3), 7), first)
    assert greys(make(4), 7) != greys(source, 7)


@pytest.mark.parametrize("buffer", [4, 2048], ids=["of-a-part", "of-the-whole"])
@pytest.mark.parametrize("config", ["2014", "damaged"])
def test_tfds_resumes_at_a_position(data_dir, monkeypatch, config, buffer):
    monkeypatch.setattr(tfds_source, "SHUFFLE_BUFFER", buffer)
    source = Photos(f"tfds:toy_photos/{config}:train", SIZE, batch_size=5, data_dir=data_dir)
    assert_resumes(source, 8)  # more than three epochs


@pytest.mark.parametrize("config", ["2014", "damaged"])
def test_tfds_among_workers(data_dir, config):
    name = f"tfds:toy_photos/{config}"
    whole = greys(Photos("tfds:toy_photos/2014", SIZE, batch_size=6, data_dir=data_dir), 4)
    shared = parts(name, 3, 6, 4, data_dir=data_dir)
    for number, batch in enumerate(whole):
        found = np.concatenate([crops[number][0][:, 0, 0, 0] for crops in shared]).tolist()
        for grey, instead in zip(batch, found, strict=True):
            if config == "damaged" and grey in (60, 140):
                assert instead != grey
            else:
                assert instead == grey


def test_tfds_part_of_a_split(data_dir):
    source = Photos("tfds:toy_photos/2014:train[:50%]", SIZE, batch_size=6, data_dir=data_dir)
    assert len(source) == 6
    first, second, _ = map(sorted, greys(source, 3))
    assert first == second and len(set(first)) == 6


def test_tfds_damaged_records_are_skipped_counted_and_logged_once(data_dir, caplog):
    source = Photos("tfds:toy_photos/damaged", SIZE, batch_size=10, data_dir=data_dir)
    good = [value for value in VALUES if value not in (60, 140)]
    assert [sorted(batch) for batch in greys(source, 5)] == [good] * 5  # five epochs
    assert source.skipped == 2
    warnings = warnings_of(caplog)
    assert len(warnings) == 2
    assert all("tfds:toy_photos/damaged: toy_photos-train" in warning for warning in warnings)


@pytest.mark.parametrize(
    "name, message",
    [
        ("no_such_thing", r"tfds:no_such_thing: no such TFDS dataset \(.*/datasets/catalog$"),
        ("coco/1066:train", r"tfds:coco/1066: no such TFDS dataset \(.*/datasets/catalog$"),
        ("", r"tfds:: no such TFDS dataset \(.*/datasets/catalog$"),
        ("toy_photos/2014:dev", "tfds:toy_photos/2014: no split 'dev'; write one of .*train"),
        ("toy_photos/2014:train[:0%]", r"split 'train\[:0%\]' is empty$"),
        ("toy_pictures/2014", "tfds:toy_pictures/2014: has no image feature .* picture.* a folder"),
    ],
)
def test_tfds_errors(data_dir, name, message):
    with pytest.raises(ValueError, match=message) as caught:
        Photos(f"tfds:{name}", data_dir=data_dir)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["coco/2014", "coco/2014:train", "coco/2014:train[:50%]"])
def test_tfds_dataset_that_is_not_prepared(tmp_path, name):
    with pytest.raises(ValueError) as caught:
        Photos(f"tfds:{name}", data_dir=tmp_path)
    message = str(caught.value)
    assert message.startswith(f"tfds:coco/2014: not prepared under {tmp_path}/coco/2014")
    assert "run python -m data.prepare coco/2014 DIR and give --data_dir=DIR, or" in message
    assert list(tmp_path.iterdir()) == []  # nothing is downloaded
