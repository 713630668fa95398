"""The wheel as a user meets it: installed elsewhere, run from a folder with modules of its own."""

import pathlib
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import numpy as np
import pytest

from fast_style import Stylizer, images

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGES = ("data", "fast_style", "gatys")
COMES_ALONG = {
    **{
        f"fast_style/pretrained/{name}.{suffix}": "checkpoints"
        for name in ("ckpt-done", "gallery")
        for suffix in ("data-00000-of-00001", "index", "json")
    },
    **{f"fast_style/samples/{name}.jpg": "img" for name in ("test", "chelsea", "coffee", "rocket")},
    **{
        f"fast_style/samples/paintings/{path.name}": "img/paintings"
        for path in ROOT.glob("img/paintings/*.jpg")
    },
}
PAGE = {
    str(path.relative_to(ROOT))
    for folder in ("page", "browser")
    for path in ROOT.glob(f"fast_style/web/{folder}/*")
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel's file, built from a copy, since setuptools leaves build/ in what it builds."""
    source = tmp_path_factory.mktemp("source")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in (*PACKAGES, "checkpoints", "img", "tests"):
        # Of the checkpoints those of the repository, not a developer's runs.
        unwanted = shutil.ignore_patterns("__pycache__", "ckpt-[0-9]*", "log", "previous-*")
        shutil.copytree(ROOT / name, source / name, ignore=unwanted)
    target = tmp_path_factory.mktemp("dist")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", target)
    subprocess.run([*pip, source], check=True)
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory):
    """The folder with the programs of an environment in which the wheel is installed.

    The other packages are those of the environment that runs the tests: installing them again
    takes minutes. What a .pth file names is searched, its own .pth files are not, so that a
    checkout installed there with pip install -e stays out.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
    subprocess.run([*pip, wheel], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python.parent


@pytest.fixture
def run(programs, tmp_path, monkeypatch):
    """Runs a program of the environment in a folder whose data.py and images.py must stay alone."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for name in ("data", "images"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('the {name}.py of the folder')\n")

    def run(program, *arguments, status=0):
        process = subprocess.run(
            [programs / program, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert process.returncode == status, process.stderr
        return process

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    images.save(path, images.resize(images.read(ROOT / "img" / "test.jpg"), 64, 48))
    return path


def test_it_holds_every_module_and_what_comes_along(wheel):
    modules = {
        str(path.relative_to(ROOT)) for name in PACKAGES for path in (ROOT / name).rglob("*.py")
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert held == modules | set(COMES_ALONG) | PAGE
        for name, folder in COMES_ALONG.items():
            assert archive.read(name) == (ROOT / folder / pathlib.Path(name).name).read_bytes()


def test_it_is_the_wheel_that_runs(run, programs):
    code = "import fast_style, fast_style.painting as p; print(fast_style.__file__, p.__file__)"
    for path in run("python", "-c", code).stdout.split():
        assert pathlib.Path(path).is_relative_to(programs.parent)


def test_the_command_lists_its_commands(run):
    shown = run("fast-style", "--help").stdout
    for name in ("paint", "train", "serve", "gatys", "export", "convert", "score"):
        assert f"\n  {name} " in shown


def test_the_command_hands_on_the_exit_status_and_its_name(run):
    assert "is not a command" in run("fast-style", "pant", status=2).stderr
    assert "argument is expected: IMAGE" in run("fast-style", "paint", status=2).stderr
    missing = run("fast-style", "paint", "no.jpg", status=1)
    assert missing.stderr == "error: no.jpg: no such file or folder\n"
    assert "fast-style paint IMAGE" in run("fast-style", "paint", "--help").stdout


def test_it_paints_with_the_network_that_comes_along(run, photo, tmp_path):
    run("fast-style", "paint", photo)
    painted = images.read(tmp_path / "generated" / "res.jpg")
    run("fast-style", "paint", photo, ROOT / "checkpoints" / "ckpt-done", "--output=named.jpg")
    np.testing.assert_array_equal(painted, images.read(tmp_path / "named.jpg"))
    assert painted.shape == (64, 48, 3)
    assert np.abs(painted.astype(int) - images.read(photo)).mean() > 10


def test_it_paints_with_a_network_from_outside(run, photo, prefix, tmp_path):
    run("fast-style", "paint", photo, prefix, "--output=painted.png")
    painted = images.read(tmp_path / "painted.png")
    np.testing.assert_array_equal(painted, Stylizer.load(prefix)(images.read(photo)))


def test_a_program_paints_an_array(run, prefix, tmp_path):
    array = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    np.save(tmp_path / "array.npy", array)
    code = (
        "import numpy as np; from fast_style import Stylizer;"
        f"painted = Stylizer.load({str(prefix)!r})(np.load('array.npy'));"
        "np.save('painted.npy', painted)"
    )
    run("python", "-c", code)
    painted = np.load(tmp_path / "painted.npy")
    np.testing.assert_array_equal(painted, Stylizer.load(prefix)(array))


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        (("python", "-m", "fast_style.export"), "python -m fast_style.export CHECKPOINT"),
        (("python", "-m", "gatys"), "python -m gatys"),
        (("fast-style", "train"), "fast-style train"),
    ],
)
def test_the_other_programs_start(run, program, shown):
    assert shown in run(*program, "--help").stdout
