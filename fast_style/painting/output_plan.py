"""Which files are painted, and the paths of their results."""

import collections
import os
from dataclasses import dataclass, field

from fast_style import images
from fast_style.errors import InvalidValue
from fast_style.images import finding, identity

ONE_OUTPUT = os.path.join("generated", "res.jpg")
SEVERAL_OUTPUT = "generated"
_SUFFIXES_NAMED = 5  # of the files that are left out


@dataclass(frozen=True)
class PlannedFile:
    """One picture to be painted: paths of the photograph and of the result."""

    source: str
    target: str

    @property
    def is_done(self):
        """Whether the result exists already (bool)."""
        return os.path.exists(self.target)


@dataclass(frozen=True)
class Plan:
    """What is painted, and what is not.

    Attributes:
        files: list of `PlannedFile`.
        errors: dict from the path of an input that is missing, or of a folder that can't be
            listed, to the `OSError`.
        left_out: `collections.Counter` of the files in folders that are no images, by suffix.
    """

    files: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    left_out: collections.Counter = field(default_factory=collections.Counter)

    @property
    def missing(self):
        """Number of inputs that are missing (int)."""
        return sum(not os.path.isdir(path) for path in self.errors)


def plan(inputs, output=None, suffix=None):
    """Finds the photographs and names the results.

    Args:
        inputs: paths of image files and folders (searched recursively), and glob patterns such as
            "photos/*.jpg" or "photos/**/*.png".
        output: for one file, the result's path, or a folder, which has no suffix; for several a
            folder, in which names and sub-folders are kept. For a pattern it is a folder, too, if
            it does not end as an image does, however many files match. None: `ONE_OUTPUT` or
            `SEVERAL_OUTPUT`.
        suffix: such as ".png", of results that `output` does not name; None: the photographs' own,
            or .jpg for formats that can't be written.

    Returns:
        `Plan`.

    Raises:
        ValueError: no image file, two inputs with the same result, a result that would replace an
            input, `suffix` although `output` names the file, or an output folder inside an input
            folder, where the next run would take results for photographs.
        OSError: an output can't be written.
    """
    expanded = [path for given in inputs for path in images.expand(given)]
    made = Plan()
    paths = [path for path in expanded if _is_there(path, made.errors)]
    if len(expanded) == 1 and paths and not os.path.isdir(paths[0]):
        target = _target_of_one(paths[0], output, suffix, expanded != list(inputs))
        made.files.append(PlannedFile(paths[0], target))
    elif paths:
        folder = output or SEVERAL_OUTPUT
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise NotADirectoryError(
                f"{folder}: is a file, a folder is expected for several images"
            )
        for path in paths:
            for source, name in _photographs(path, folder, made):
                target = os.path.join(folder, output_name(name, suffix))
                made.files.append(PlannedFile(source, target))
    made.files[:] = dict.fromkeys(made.files)  # once each, also where inputs overlap
    _check(made.files)
    return made


def _is_there(path, errors):
    """Whether a path exists; adds to `errors` if not."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        errors[path] = FileNotFoundError(f"{path}: no such file or folder")
    except OSError as error:
        errors[path] = error
    return path not in errors


def _target_of_one(source, output, suffix, is_pattern):
    if output and (
        os.path.isdir(output)
        or output.endswith(tuple(filter(None, (os.sep, os.altsep))))
        or not os.path.splitext(output)[1]
        or (is_pattern and not images.can_write(output))
    ):
        return os.path.join(output, output_name(os.path.basename(source), suffix))
    if output and suffix:
        raise InvalidValue(
            f"{output}: its suffix says the format already; --format is for a folder or a pipe"
        )
    return output or os.path.splitext(ONE_OUTPUT)[0] + (suffix or ".jpg")


def _photographs(given, output, made):
    """Pairs of path and name, relative to the folder, for one input: a file or a folder.

    What can't be listed, and what is left out, is added to the plan.
    """
    if not os.path.isdir(given):
        return [(given, os.path.basename(given))]
    if identity.lies_in(output, given):
        raise InvalidValue(
            f"{output}: the output folder lies in the input folder {given}, where the next run "
            "would take results for photographs (--output names another)"
        )
    try:
        found = finding.search(given)
    except OSError as error:
        made.errors[given] = error
        return []
    made.errors.update((error.filename, error) for error in found.unreadable)
    made.left_out.update(found.left_out)
    if not found.images and not found.unreadable:
        others = describe_left_out(found.left_out)
        raise InvalidValue(
            f"{given}: no image file in this folder or below it{f' ({others})' if others else ''}"
        )
    return [(os.fspath(path), os.fspath(path.relative_to(given))) for path in found.images]


def describe_left_out(left_out):
    """Such as "3 other files left out: .heic, .mov"; an empty text if there are none."""
    count = sum(left_out.values())
    if not count:
        return ""
    names = [suffix or "no suffix" for suffix, _ in left_out.most_common(_SUFFIXES_NAMED)]
    more = ", ..." if len(left_out) > len(names) else ""
    return f"{count} other file{'s' * (count > 1)} left out: {', '.join(names)}{more}"


def _check(planned):
    """Raises unless every result can be written and leaves every photograph as it is."""
    sources = {}  # by target
    for file in planned:
        sources.setdefault(file.target, file.source)
    identity.check_kept(sources, [file.source for file in planned])
    for file in planned:
        _check_alone(file.target, sources[file.target], file.source)
    for target in {os.path.dirname(target): target for target in sources}.values():
        images.check_writable(target)
    for target, other in identity.twins(sources):
        _check_alone(target, sources[target], sources[other])


def _check_alone(target, source, other):
    if other != source:
        raise InvalidValue(f"{source} and {other} would both be written to {target}")


def output_name(name, suffix=None):
    """The name of a result: the photograph's, with .jpg where its format can't be written.

    Args:
        name: of the photograph, as a path or not.
        suffix: such as ".png", that the result has in any case; None: see above.
    """
    if suffix:
        return os.path.splitext(name)[0] + suffix
    if images.can_write(name):
        return name
    stem, given = os.path.splitext(name)
    return f"{stem}{given.replace('.', '_')}.jpg"
