"""Which files are painted, and the paths of their results."""

import os
from dataclasses import dataclass

from fast_style import images
from fast_style.errors import InvalidValue

ONE_OUTPUT = os.path.join("generated", "res.jpg")
SEVERAL_OUTPUT = "generated"


@dataclass(frozen=True)
class PlannedFile:
    """One picture to be painted: paths of the photograph and of the result."""

    source: str
    target: str

    @property
    def is_done(self):
        """Whether the result exists already (bool)."""
        return os.path.exists(self.target)


def plan(inputs, output=None):
    """Finds the photographs and names the results.

    Args:
        inputs: paths of image files and folders (searched recursively), and glob patterns such as
            "photos/*.jpg" or "photos/**/*.png".
        output: for one file, the result's path, or a folder; for several a folder, in which names
            and sub-folders are kept. None: `ONE_OUTPUT` or `SEVERAL_OUTPUT`.

    Returns:
        list of `PlannedFile`.

    Raises:
        ValueError: no image file, two inputs with the same result, a result that would replace its
            photograph, or an output folder inside an input folder, where the next run would take
            results for photographs.
        OSError: a folder that can't be listed, or an output that can't be written.
    """
    inputs = [path for given in inputs for path in images.expand(given)]
    if len(inputs) == 1 and not os.path.isdir(inputs[0]):
        output = output or ONE_OUTPUT
        if os.path.isdir(output) or output.endswith(os.sep):
            output = os.path.join(output, _output_name(os.path.basename(inputs[0])))
        planned = [PlannedFile(inputs[0], output)]
    else:
        folder = output or SEVERAL_OUTPUT
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise NotADirectoryError(
                f"{folder}: is a file, a folder is expected for several images"
            )
        planned = []
        for given in inputs:
            planned += [
                PlannedFile(path, os.path.join(folder, _output_name(name)))
                for path, name in _photographs(given, folder)
            ]
    _check(planned)
    return planned


def _photographs(given, output):
    """Pairs of path and name, relative to the folder, for one input: a file or a folder."""
    if not os.path.isdir(given):
        return [(given, os.path.basename(given))]
    inside, outside = os.path.realpath(output), os.path.realpath(given)
    if os.path.commonpath([inside, outside]) == outside:
        raise InvalidValue(
            f"{output}: the output folder lies in the input folder {given}, where the next run "
            "would take results for photographs (--output names another)"
        )
    found = [os.fspath(path) for path in images.find(given)]
    if not found:
        raise InvalidValue(f"{given}: no image file in this folder or below it")
    return [(path, os.path.relpath(path, given)) for path in found]


def _check(planned):
    sources = {}
    for file in planned:
        other = sources.setdefault(os.path.abspath(file.target), file.source)
        if other != file.source:
            raise InvalidValue(f"{other} and {file.source} would both be written to {file.target}")
        if (
            os.path.exists(file.target)
            and os.path.exists(file.source)
            and os.path.samefile(file.source, file.target)
        ):
            raise InvalidValue(f"{file.target}: --output would replace the photograph itself")
    for target in {os.path.dirname(file.target): file.target for file in planned}.values():
        images.check_writable(target)


def _output_name(name):
    """The same name, with .jpg where the input's format can't be written."""
    stem, suffix = os.path.splitext(name)
    return name if images.can_write(name) else f"{stem}{suffix.replace('.', '_')}.jpg"
