"""Prepares a TensorFlow Datasets dataset for training: downloads it and writes its records.

    python -m data.prepare coco/2014 DIR

Afterwards `train.py STYLE tfds:coco/2014 --data_dir=DIR` trains on it.
"""

import os

from fast_style.errors import one_line


def prepare(name, data_dir):
    """Downloads a TFDS dataset, unless it exists, and writes its records under a folder.

    Args:
        name: of the dataset and its config, such as "coco/2014".
        data_dir: path; made if missing.

    Returns:
        dict from the name of each split to its number of photographs.

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
    # Downloads raise the errors of several libraries.
    except (OSError, tfds.download.DownloadError, RuntimeError, ValueError, KeyError) as error:
        downloads = os.path.join(data_dir, "downloads")
        raise OSError(
            f"tfds:{name} could not be prepared ({one_line(error)[:300]}); prepare it "
            f"where there is a connection and copy {data_dir} here, put the archives that it "
            f"fetches into {downloads}, or train on a folder of photographs"
        ) from error
    return {split: info.num_examples for split, info in builder.info.splits.items()}


if __name__ == "__main__":
    from fast_style import command_line

    command_line.run("fast_style.commands.prepare", "python -m data.prepare", tensorflow=True)
