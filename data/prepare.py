"""Prepares a TensorFlow Datasets dataset for training: downloads it and writes its records.

    python -m data.prepare coco/2014 DIR

Afterwards `train.py STYLE tfds:coco/2014 --data_dir=DIR` trains on it.
"""

import os

from fast_style import command_line


def prepare(name, data_dir):
    """Downloads a TFDS dataset, unless it is there, and writes it under a folder.

    Args:
        name: of the dataset and its config, such as "coco/2014".
        data_dir: path; made if missing.

    Returns:
        dict of the number of photographs by split.

    Raises:
        ValueError: no such dataset.
        OSError: it can't be downloaded, or the folder can't be written.
    """
    import tensorflow_datasets as tfds

    from data.tfds_source import make_builder

    data_dir = os.fspath(data_dir)
    os.makedirs(data_dir, exist_ok=True)
    builder = make_builder(name, data_dir)
    try:
        builder.download_and_prepare()
    # What downloads raise comes from half a dozen libraries.
    except (OSError, tfds.download.DownloadError, RuntimeError, ValueError, KeyError) as error:
        downloads = os.path.join(data_dir, "downloads")
        raise OSError(
            f"tfds:{name} could not be prepared ({command_line.one_line(error)[:300]}); prepare it "
            f"where there is a connection and copy {data_dir} here, put the archives that it "
            f"fetches into {downloads}, or train on a folder of photographs"
        ) from error
    return {split: info.num_examples for split, info in builder.info.splits.items()}


def main(argv):
    if len(argv) != 3:
        command_line.usage_error("two arguments are wanted: NAME, such as coco/2014, and DIR")
    name = argv[1].removeprefix("tfds:")
    if ":" in name:
        command_line.usage_error(
            f"the name is wanted without a split, such as {name.split(':')[0]}"
        )
    splits = prepare(name, argv[2])
    counts = ", ".join(f"{count:,} in {split}" for split, count in splits.items())
    print(f"tfds:{name}: {counts}; train with --data_dir={argv[2]}")
    return 0


if __name__ == "__main__":
    command_line.import_tensorflow()
    command_line.run(main)
