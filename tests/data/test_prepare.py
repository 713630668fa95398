"""python -m data.prepare; nothing is downloaded."""

import os

import numpy as np
import pytest

from data import prepare
from tests.scripts import assert_one_line_error, run_script


def test_a_dataset_is_prepared_once(tmp_path, monkeypatch):
    import io

    import tensorflow_datasets as tfds
    from PIL import Image

    class LocalPhotos(tfds.core.GeneratorBasedBuilder):
        code_path = None
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict({"image": tfds.features.Image()})
            )

        def _split_generators(self, _):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for number in range(3):
                stream = io.BytesIO()
                Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(stream, "PNG")
                yield number, {"image": io.BytesIO(stream.getvalue())}

    assert prepare.prepare("local_photos", tmp_path / "data") == {"train": 3}
    assert prepare.prepare("local_photos", tmp_path / "data") == {"train": 3}

    def fail(self, **_):
        raise tfds.download.DownloadError("Failed to get url http://images:\nno connection")

    monkeypatch.setattr(LocalPhotos, "download_and_prepare", fail)
    with pytest.raises(OSError, match="Failed to get url .*no connection.*copy .* here") as caught:
        prepare.prepare("local_photos", tmp_path / "other")
    downloads = os.path.join(tmp_path, "other", "downloads")
    assert f"put the archives that it fetches into {downloads}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_usage(tmp_path):
    process = run_script("data.prepare", "coco/2014", cwd=tmp_path)
    assert process.returncode == 2
    process = run_script("data.prepare", "coco/2014:train", "data", cwd=tmp_path)
    assert process.returncode == 2
    assert "without a split" in process.stderr
    process = run_script("data.prepare", "no_such_thing", "data", cwd=tmp_path)
    assert_one_line_error(process, "tfds:no_such_thing: no such TFDS dataset")
