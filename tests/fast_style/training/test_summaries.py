"""The summaries of a run, read as TensorBoard does."""

import contextlib
import os
import resource

import numpy as np
import pytest
import tensorflow as tf

from fast_style import images
from fast_style.training.summaries import Summaries


@contextlib.contextmanager
def file_size_limit(size):
    """No file grows beyond `size` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_full_of_summaries_is_an_os_error(tmp_path):
    summaries = Summaries(tmp_path)
    with (
        pytest.raises(OSError, match="could not be written .*File too large"),
        file_size_limit(2000),
    ):
        for step in range(1000):
            summaries.scalars(step, {"loss": 1.0})


def test_names_that_are_no_utf8_are_shown_escaped_or_refused(tmp_path):
    summaries = Summaries(tmp_path)
    summaries.settings({"data": {"photos": "bad\udcff"}})
    summaries.close()
    [name] = os.listdir(tmp_path)
    [_, record] = tf.data.TFRecordDataset(str(tmp_path / name)).as_numpy_iterator()
    assert rb"| data.photos | bad\udcff |" in record
    with pytest.raises(ValueError, match="UTF-8"):
        Summaries(tmp_path / "bad\udcff")


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
