"""The packages stand on floors, and imports run downwards only."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# From the bottom up. Packages on one floor do not import each other.
FLOORS = (
    ("fast_style.errors", "fast_style.atomic_files", "fast_style.lazy"),
    ("fast_style.array_files", "fast_style.machine"),
    ("fast_style.images", "fast_style.networks", "fast_style.losses"),
    ("fast_style.checkpoints",),
    ("fast_style.painting", "fast_style.convert", "data"),
    ("fast_style.training", "fast_style.export"),
    ("fast_style.score",),
    ("gatys", "fast_style.video", "fast_style.bulk", "fast_style.web"),
)
# The commands, above all floors. `fast_style` itself hands on names of every floor.
TOP = (
    "fast_style",
    "fast_style.command_line",
    "fast_style.commands",
    "fast_style.sheet",
    "gatys.command",
    "gatys.figures.command",
    "gatys.options",
    "train",
    "eval",
)


def modules():
    """dict from the dotted name of each module of the library to its file."""
    files = [ROOT / "train.py", ROOT / "eval.py"]
    for package in ("fast_style", "data", "gatys"):
        files += (ROOT / package).rglob("*.py")
    names = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


MODULES = modules()


def is_entry(node):
    """Whether a statement is `if __name__ == "__main__":`, whose body is a command."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def imported(tree):
    """Dotted names of what a module imports, also inside functions."""
    found = set()
    nodes = [node for node in tree.body if not is_entry(node)]
    for node in (child for top in nodes for child in ast.walk(top)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
    return found & set(MODULES)


IMPORTS = {name: imported(ast.parse(file.read_text("utf-8"))) for name, file in MODULES.items()}


def package_of(name):
    """(floor, package) that a module belongs to; the commands are one package."""
    if name in TOP or name.startswith("fast_style.commands.") or name.endswith("__main__"):
        return len(FLOORS), "commands"
    for floor, packages in enumerate(FLOORS):
        for package in packages:
            if name == package or name.startswith(f"{package}."):
                return floor, package
    raise AssertionError(f"{name} stands on no floor")


def test_imports_run_downwards_only():
    upwards = []
    for name, others in IMPORTS.items():
        floor, package = package_of(name)
        for other in others:
            beneath, theirs = package_of(other)
            if package != theirs and beneath >= floor:
                upwards.append(f"{name} imports {other}")
    assert not upwards


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("fast_style.painting", ("data", "fast_style.training")),
        ("fast_style.networks", ("fast_style.checkpoints",)),
        ("gatys", ("fast_style.painting",)),
        ("data", ("fast_style.networks", "fast_style.losses")),
    ],
)
def test_what_a_package_has_no_use_for_is_not_imported(package, forbidden):
    for name, others in IMPORTS.items():
        if f"{name}.".startswith(f"{package}."):
            assert not [o for o in others if o.startswith(tuple(forbidden))], name


def test_every_module_is_reached():
    """An `if` that hides imports, or a package that no floor names, would pass unseen."""
    assert {"fast_style.painting.bands", "gatys.figures.drawing", "data.photos"} <= set(MODULES)
    assert IMPORTS["fast_style.painting.runtimes"] >= {"fast_style.painting.openvino_runtime"}
    assert IMPORTS["fast_style.commands.paint"] >= {"fast_style.images"}


def test_files_stay_few_and_short():
    assert len(list((ROOT / "fast_style").glob("*.py"))) <= 6
    lengths = {name: len(file.read_text("utf-8").splitlines()) for name, file in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 300} == {}
