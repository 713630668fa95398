"""Where photographs come from: a folder, or TensorFlow Datasets."""

from data.folder_source import FolderSource

TFDS_PREFIX = "tfds:"


def open_source(source, data_dir, seed):
    """The source that a text names.

    Args:
        source: a folder, or "tfds:NAME[:SPLIT]".
        data_dir: TFDS's data_dir; its default if None.
        seed: int, of the order.

    Returns:
        `FolderSource` or `TfdsSource`.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError: from these.
    """
    if not source.startswith(TFDS_PREFIX):
        return FolderSource(source, seed)
    # TFDS takes seconds to import; only those who ask for it wait for it.
    from data.tfds_source import TfdsSource

    return TfdsSource(source.removeprefix(TFDS_PREFIX), data_dir, seed)
