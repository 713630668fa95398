"""README.md and docs/: what they tell a reader to type, to open and to click is there."""

import configparser
import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest

from fast_style import images
from fast_style.__main__ import COMMANDS
from tests import foreign_files, pages
from tests.pages import PAGES, ROOT

ALL = [command for page in PAGES for command in pages.commands(page)]
# Programs of the system and of other projects, which pages show beside ours.
FOREIGN = {
    *(".", "base64", "cat", "curl", "docker", "echo", "export", "paste", "scontrol", "sed", "srun"),
    "npm",
    "mkdocs",  # of the extra docs, which tests do without
    "mount-s3",
}
PYTHON_MODULES = {"pytest", "venv"}
# Files of the reader's own.
PLACEHOLDERS = {
    *("photo.jpg", "style.jpg", "other.jpg", "another.jpg", "small.png", "10000x8000.jpg"),
    *("holiday/", "photos/", "photos/train", "photos/**/*.jpg", "/path/to/train/", "Set5/"),
    *("starry_night.jpg", "the_scream.jpg", "grande_jatte.jpg", "/data/photos", "candy.pth"),
    *("vgg16.weights.h5", "deep.keras"),
    *("coco/2014", "tfds:coco/2014"),
    *("paintings/", "starry_night/"),
    *("clip.mp4", "dance.gif", "frames/", "node_modules/onnxruntime-web"),
    "s3://bucket/photos",
}
# What commands write.
OUTPUTS = {
    *("painted.png", "painted/", "large.png", "/data/checkpoints"),
    *("checkpoints/small", "checkpoints/small/ckpt-done", "checkpoints/large", "checkpoints/candy"),
    *(
        "checkpoints/many",
        "checkpoints/many/ckpt-done",
        "checkpoints/more",
        "checkpoints/small",
        "sheet.jpg",
    ),
    *("checkpoints/taught", "checkpoints/taught/ckpt-done", "checkpoints/moons/ckpt-done"),
    *("exported/scream",),
    *("painted.mp4", "painted.webp", "site/"),
    *("s3://bucket/painted", "/var/tmp/photos"),
    *("exported/starry_night", "exported/phone", "exported/keras"),
    *("exported/onnx", "exported/edge", "exported/wave"),
}
_SUFFIXES = (".jpg", ".png", ".h5", ".pth", ".keras")


def _python_module(command):
    """The module whose flags an own program has; None for other programs."""
    program, arguments = command.program, command.arguments
    if program == "fast-style":
        if not arguments or arguments[0] == "--help" or arguments[0].isupper():
            return None
        return COMMANDS[arguments[0]][0]
    if program != "python" or "-c" in arguments[:1] or set(arguments[1:2]) & PYTHON_MODULES:
        return None
    name = arguments[1] if arguments[0] == "-m" else arguments[0].removesuffix(".py")
    if name == "fast_style":
        return COMMANDS[arguments[2]][0]
    found = ROOT / f"{name.replace('.', '/')}.py"
    source = (found if found.is_file() else found.with_suffix("") / "__main__.py").read_text()
    runs = re.search(r'command_line\.run\(\s*"([\w.]+)"', source)
    return runs[1] if runs else name


def _arguments(command):
    """The arguments of a command without what names it."""
    if command.program == "fast-style":
        return command.arguments[1:]
    first = 1 if command.arguments[0].endswith(".py") else 2
    return command.arguments[first + (command.arguments[:2] == ("-m", "fast_style")) :]


OWN = [command for command in ALL if command.program in ("fast-style", "python")]


def test_commands_are_found():
    script = (
        "A=1 python eval.py a \\\n    --b=c > d.jpg && ruff check  # not this\n"
        "echo $(cat e) |\n  sh -c 'fast-style paint f'\n"
    )
    assert pages.split(script) == [
        ("cat", ("e",)),
        ("python", ("eval.py", "a", "--b=c", "d.jpg")),
        ("ruff", ("check",)),
        ("echo", ("OUTPUT",)),
        ("sh", ("-c", "fast-style paint f")),
        ("fast-style", ("paint", "f")),
    ]
    assert len(OWN) > 80


@pytest.mark.parametrize("command", ALL, ids=str)
def test_programs_exist(command):
    program, arguments = command.program, command.arguments
    if program == "fast-style":
        assert not arguments or arguments[0] in {*COMMANDS, "--help", "COMMAND"}
    elif program in ("python", "python3"):
        _check_python(*arguments[:2])
    elif program == "pip":
        _check_pip(arguments)
    elif program not in FOREIGN:
        assert (pathlib.Path(sys.executable).parent / program).exists()


def _check_python(first, second=None):
    if first == "-c":
        compile(second, "page", "exec")
    elif first == "-m":
        assert second in PYTHON_MODULES or importlib.util.find_spec(second) is not None
    else:
        assert (ROOT / first).is_file()


def _check_pip(arguments):
    assert arguments[0] == "install"
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    for argument in arguments[1:]:
        extras = re.fullmatch(r"\.(?:\[(.*)\])?", argument)
        assert extras or argument == "-e"
        if extras and extras[1]:
            assert set(extras[1].split(",")) <= set(config["options.extras_require"])


def test_flags_exist_and_take_their_values():
    modules = [(command, module) for command in OWN if (module := _python_module(command))]
    lines = [
        # Square brackets are around what may be left out.
        [module, [argument.strip("[]") for argument in _arguments(command)]]
        for command, module in modules
    ]
    process = subprocess.run(
        [sys.executable, "-m", "tests.program_flags"],
        input=json.dumps(lines),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    errors = zip(modules, found["errors"], strict=True)
    assert [f"{command}: {error}" for (command, _), error in errors if error] == []
    _check_flags_in_text({*found["names"], *(f"no{name}" for name in found["names"])})


def _check_flags_in_text(known):
    unknown = {
        f"{page.name}: --{name}"
        for page in PAGES
        for code in pages.inline_code(page)
        if not code.startswith("mkdocs")
        for name in re.findall(r"(?<![\w-])--([a-z]\w*)", code)
        if name not in known
    }
    assert not unknown


def _files(command):
    """The arguments of a command that are files."""
    for argument in map(lambda text: text.strip("[]"), _arguments(command)):
        value = argument
        if argument.startswith("--"):
            value = argument.partition("=")[2]
            if "/" not in value and not value.endswith(_SUFFIXES):
                continue
        elif argument.startswith("-"):  # a short flag, or a standard stream
            continue
        if not re.fullmatch(r"[A-Z]\w*(\.\.\.)?", value):
            yield value


def test_files_exist_or_are_known_placeholders():
    named = {(file, str(c)) for c in OWN if _python_module(c) for file in _files(c)}
    own = {file for file, _ in named}
    missing = [
        command
        for file, command in named
        if file not in PLACEHOLDERS | OUTPUTS
        and not (ROOT / file).exists()
        and not (ROOT / f"{file}.index").exists()
    ]
    assert missing == []
    assert own >= PLACEHOLDERS | OUTPUTS  # none is left over


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_exist(page):
    for path, anchor in pages.links(page):
        target = (page.parent / path.replace("\\", "")).resolve() if path else page
        assert target.is_file(), path
        assert target.is_relative_to(ROOT), path
        assert not anchor or anchor in pages.anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_modules_and_files_that_the_text_names_exist(page):
    for code in pages.inline_code(page):
        if re.fullmatch(r"(benchmarks|data|fast_style|gatys|tests)(/[\w.]+)+", code):
            assert (ROOT / code).exists(), code
        elif re.fullmatch(r"(benchmarks|data|fast_style|gatys|tests)(\.\w+)+", code):
            path = ROOT / code.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file(), code


def test_every_page_is_in_the_sites_menu_and_in_the_index():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    linked = {path for path, _ in pages.links(ROOT / "docs" / "index.md")}
    for page in ROOT.glob("docs/*.md"):
        assert re.search(rf"[ /]{page.name}$", menu, re.M), page.name
        assert page.name in linked | {"index.md"}


def test_python_blocks_compile():
    found = [block for page in PAGES for block in pages.blocks(page, "python")]
    assert len(found) >= 3
    for block in found:
        compile(block, "page", "exec")


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_readme_has_the_command_that_ci_runs():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if re.search("^python3 -m venv .*pytest$", line)]) == 1


def test_the_table_of_changes_names_files():
    rows = pages.table(ROOT / "docs" / "internals.md", "I want to change X")
    assert len(rows) >= 15
    assert len({what for what, _ in rows}) == len(rows)
    for what, files in rows:
        paths = re.findall(r"\[([^\]]+)\]\(\.\./([^)]+)\)", files)
        assert paths, what
        for shown, path in paths:
            assert shown.replace("\\", "") == path
            assert (ROOT / path).is_file(), path


@pytest.fixture
def workspace(tmp_path):
    """A folder as a reader's: a copy of what commands read, small files for the placeholders.

    Returns:
        function that runs one line of a page there as it is, and returns the finished process,
        which must have succeeded; its attribute `folder` is the folder.
    """
    shutil.copytree(ROOT / "img", tmp_path / "img", ignore=shutil.ignore_patterns("figures"))
    (tmp_path / "checkpoints").mkdir()
    for file in (*ROOT.glob("checkpoints/ckpt-done.*"), *ROOT.glob("checkpoints/sr-x4.*")):
        shutil.copy(file, tmp_path / "checkpoints")
    for script in ("eval.py", "train.py"):
        shutil.copy(ROOT / script, tmp_path)
    small = images.resize(images.read(ROOT / "img" / "test.jpg"), 32, 40)
    names = ("photo.jpg", "another.jpg", "small.png", "holiday/1.jpg", "holiday/deep/2.jpg")
    for name in (*names, "photos/a/1.jpg", "photos/2.jpg"):
        images.save(tmp_path / name, small)
    (tmp_path / "bin").mkdir()
    for name, arguments in (("python", []), ("fast-style", ["-m", "fast_style"])):
        program = tmp_path / "bin" / name
        words = shlex.join([sys.executable, *arguments])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    path = (tmp_path / "bin", pathlib.Path(sys.executable).parent, os.environ["PATH"])

    def run(line):
        pairs = pages.split(line)
        known = {(command.program, command.arguments) for command in ALL}
        assert set(pairs) <= known, "no page has this command"
        process = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": os.pathsep.join(map(str, path))},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        return process

    run.folder = tmp_path
    return run


def test_painting_as_the_pages_say(workspace):
    ending = r"\(seconds without .* took [\d.]+ s; runtime \w+ on .+\)"
    process = workspace("fast-style paint photo.jpg")
    assert re.fullmatch(rf"generated/res\.jpg: [\d.]+ s\n{ending}\n", process.stdout)
    assert images.read(workspace.folder / "generated" / "res.jpg").shape == (32, 40, 3)
    workspace("fast-style paint photo.jpg checkpoints/ckpt-done --output painted.png")
    assert images.read(workspace.folder / "painted.png").shape == (32, 40, 3)
    process = workspace(
        "fast-style paint holiday/ another.jpg checkpoints/ckpt-done --output painted/"
    )
    assert "3 of 3 images painted" in process.stdout
    for name in ("1.jpg", "deep/2.jpg", "another.jpg"):
        assert (workspace.folder / "painted" / name).is_file()
    process = workspace(
        'fast-style paint "photos/**/*.jpg" checkpoints/ckpt-done --output painted/ --skip_existing'
    )
    assert "1 of 2 images painted, 1 " in process.stdout  # and 1 was there


def test_the_four_pictures_are_what_the_command_makes(workspace):
    four = ("test.jpg", "coffee.jpg", "chelsea.jpg", "rocket.jpg")
    for name in four:
        os.remove(workspace.folder / "img" / "painted" / name)
    workspace(
        "fast-style paint img/test.jpg img/coffee.jpg img/chelsea.jpg img/rocket.jpg "
        "checkpoints/ckpt-done --output img/painted"
    )
    for name in four:
        made = images.read(workspace.folder / "img" / "painted" / name).astype(float)
        shown = images.read(ROOT / "img" / "painted" / name)
        assert np.abs(made - shown).mean() < 2


def test_help_as_the_pages_say(workspace):
    process = workspace("fast-style --help")
    for name, (_, _, text) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", process.stdout, re.M)
    process = workspace("fast-style paint --help")
    for flag in ("--strength", "--max_memory", "--runtime"):
        assert flag in process.stdout


def test_the_python_block_of_the_readme_runs(monkeypatch):
    (block,) = pages.blocks(ROOT / "README.md", "python")
    monkeypatch.chdir(ROOT)
    names = {"photograph": images.read(ROOT / "img" / "test.jpg")[:40, :48]}
    exec(block, names)
    assert names["painted"].shape == (40, 48, 3)
    assert names["painted"].dtype == np.uint8


@pytest.mark.slow
def test_what_starts_tensorflow_as_the_pages_say(workspace):
    process = workspace(
        "python -c \"import tensorflow as tf; print(tf.config.list_physical_devices('GPU'))\""
    )
    assert process.stdout.startswith("[")
    assert "--style_weight" in workspace("fast-style train --help").stdout
    workspace("fast-style paint small.png checkpoints/sr-x4 --output large.png")
    assert images.read(workspace.folder / "large.png").shape == (128, 160, 3)


@pytest.mark.slow
def test_converting_as_the_page_says(workspace):
    foreign_files.write_torch(workspace.folder / "candy.pth", foreign_files.example_arrays(), "zip")
    workspace("fast-style convert candy.pth checkpoints/candy")
    workspace("fast-style paint img/test.jpg checkpoints/candy")
    assert (workspace.folder / "generated" / "res.jpg").is_file()


@pytest.mark.slow
def test_exporting_as_the_page_says(workspace):
    page = ROOT / "docs" / "export.md"
    export = pages.blocks(page, "sh")[0].splitlines()[0]
    assert "exported/starry_night/1: savedmodel" in workspace(export).stdout
    # A line that goes on ends in a backslash.
    (lines,) = [block for block in pages.blocks(page, "sh") if "saved_model_cli" in block]
    write, show, run, read = lines.replace("\\\n", " ").splitlines()
    workspace(write)
    (shown,) = [block for block in pages.blocks(page, "text") if "SignatureDef" in block]
    assert shown in workspace(show).stdout
    workspace(run)
    workspace(read)
    assert images.read(workspace.folder / "painted.jpg").shape == (512, 512, 3)
    for format, name in (("tflite", "phone"), ("keras", "keras"), ("openvino", "edge")):
        (line,) = [
            line
            for block in pages.blocks(page, "sh")
            for line in block.splitlines()
            if f"exported/{name} --format={format}" in line
        ]
        assert f"exported/{name}/1: {format}" in workspace(line).stdout
