"""Training on prepared TFDS datasets."""

import io
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import subprocess
import sys

import numpy as np
import pytest

from data import tfds_source
from data.photos import Photos
from tests.photographs import (
    SIZE,
    assert_resumes,
    assert_same,
    flat,
    greys,
    parts,
    take,
    warnings_of,
)
from tests.pictures import encoded

VALUES = [20 * i for i in range(12)]


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
