"""Prepares a TensorFlow Datasets dataset for training: downloads it and writes its records.

    %s NAME DIR

NAME is that of the dataset, such as coco/2014. Afterwards train.py trains on it, with
tfds:coco/2014 in place of a folder of photographs and --data_dir=DIR.
"""

from data.prepare import prepare
from fast_style import command_line


def define_flags():
    """Defines the flags of the command: none of its own."""


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: NAME, such as coco/2014, and DIR")
    name = argv[1].removeprefix("tfds:")
    if ":" in name:
        command_line.usage_error(
            f"a name without a split is expected, such as {name.split(':')[0]}"
        )
    splits = prepare(name, argv[2])
    counts = ", ".join(f"{count:,} in {split}" for split, count in splits.items())
    print(f"tfds:{name}: {counts}; train with --data_dir={argv[2]}")
    return 0
