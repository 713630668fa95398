"""The photographs of a prepared TensorFlow Datasets dataset, for `data.photos`."""

import hashlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from fast_style.errors import InvalidValue, first_line

SHUFFLE_BUFFER = 2048  # encoded photographs, about 300 MB of COCO
# Larger than the crops of both tasks, 256 and 288 pixels.
_GREY = tf.io.encode_png(np.full((512, 512, 3), 127, np.uint8)).numpy()


class TfdsSource:
    """Encoded images of a prepared TFDS dataset, shuffled anew in each epoch.

    Args:
        name: "NAME[:SPLIT]", such as "coco/2014:train[:50%]".
        data_dir: TFDS's data_dir; its default if None.
        seed: int, of the order.

    Raises:
        ValueError: a dataset or split that is missing, not prepared, or without images.
    """

    def __init__(self, name, data_dir, seed):
        name, _, split = name.partition(":")
        split = split or "train"
        self.name = f"tfds:{name}"
        self.seed = seed
        self.split = split
        builder = make_builder(name, data_dir)
        if not builder.data_path.exists():
            raise InvalidValue(
                f"{self.name}: not prepared under {builder.data_dir}; run "
                f"python -m data.prepare {name} DIR and give --data_dir=DIR, or give a folder"
            )
        self.version = str(builder.version)
        features, splits = builder.info.features, builder.info.splits
        if "image" not in features or not isinstance(features["image"], tfds.features.Image):
            raise InvalidValue(
                f'{self.name}: has no image feature named "image", its features are '
                f"{', '.join(features)}; take another dataset, or give a folder"
            )
        try:
            self.count = splits[split].num_examples
        except (KeyError, ValueError) as error:
            raise InvalidValue(
                f"{self.name}: no split {split!r}; write one of {', '.join(splits)} after the "
                'name, or a part such as "train[:50%]"'
            ) from error
        if not self.count:
            raise InvalidValue(f"{self.name}: split {split!r} is empty")
        # The seed sets one order of the files for all epochs; `records` shuffles further.
        self._dataset = builder.as_dataset(
            split=split,
            shuffle_files=not builder.info.disable_shuffling,
            decoders=tfds.decode.PartialDecoding(
                {"image": True}, decoders={"image": tfds.decode.SkipDecoding()}
            ),
            read_config=tfds.ReadConfig(
                add_tfds_id=True,
                shuffle_seed=seed,
                shuffle_reshuffle_each_iteration=False,
                try_autocache=False,
            ),
        )

    def __len__(self):
        return self.count

    @property
    def fingerprint(self):
        """SHA-256 (str) of the dataset's name, version and split, and of its number of images."""
        text = f"{self.name} {self.version} {self.split} {self.count}"
        return hashlib.sha256(text.encode()).hexdigest()

    def record(self, index):
        """A grey image for an unreadable record: TFDS can't read a single one at an index."""
        return f"{self.name}: grey, place {index}".encode(), _GREY

    def records(self, position):
        """Dataset of (index, name, encoded image) from `position` on; nothing is decoded."""

        def epoch(number):
            return self._dataset.shuffle(
                min(self.count, SHUFFLE_BUFFER),
                seed=self.seed + number,
                reshuffle_each_iteration=False,
            )

        first, passed = divmod(position, self.count)
        dataset = tf.data.Dataset.range(first, np.iinfo(np.int64).max).flat_map(epoch).skip(passed)
        return dataset.enumerate(position).map(
            lambda index, example: (
                index,
                tf.strings.join([self.name, example["tfds_id"]], ": "),
                example["image"],
            )
        )


def make_builder(name, data_dir):
    """The TFDS builder of a dataset.

    Args:
        name: such as "coco/2014".
        data_dir: TFDS's data_dir; its default if None.

    Raises:
        ValueError: no such dataset.
    """
    try:
        return tfds.builder(name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, KeyError, ValueError) as error:
        reason = first_line(error)
        raise InvalidValue(
            f"tfds:{name}: no such TFDS dataset ({reason}); their names are listed at "
            "https://www.tensorflow.org/datasets/catalog"
        ) from error
