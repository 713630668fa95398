"""Numbered versions of an exported network in one folder, as TensorFlow Serving watches them."""

import os

from fast_style.atomic_files import folder_aside, make_folder


def write_version(folder, write):
    """Adds a version to a folder, complete or not at all.

    It is written under a hidden name, which TensorFlow Serving passes over, and then renamed to
    the number after the highest one present.

    Args:
        folder: path of the folder; made if missing.
        write: function that is called with the path of an empty folder, and fills it.

    Returns:
        str, the path of the version, such as "exported/starry_night/1".

    Raises:
        NotADirectoryError: `folder` is a file.
        OSError: it can't be written.
    """
    folder = os.fspath(folder)
    make_folder(folder, "versions")
    with folder_aside(folder) as aside:
        write(aside)
        return _rename_to_next(aside, folder)


def _rename_to_next(aside, folder):
    while True:
        present = [int(name) for name in os.listdir(folder) if name.isascii() and name.isdigit()]
        path = os.path.join(folder, str(max(present, default=0) + 1))
        try:
            os.rename(aside, path)
        except OSError:
            if not os.path.exists(path):
                raise
            continue  # another export took the number meanwhile
        return path
