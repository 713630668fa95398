"""What the programs in benchmarks/ need is asked for before they work."""

import subprocess
import sys

import pytest

from tests.scripts import ROOT


@pytest.mark.parametrize(
    ("program", "arguments", "package"),
    [
        ("benchmarks.runtimes", ["nowhere", "--chart=x.png"], "matplotlib"),
        ("benchmarks.export_formats", ["nowhere", "photo.jpg"], "ai_edge_litert"),
        pytest.param(
            "benchmarks.gatys_objective",
            ["nowhere", "style.jpg", "photo.jpg", "--chart=x.png"],
            "matplotlib",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_package_that_is_missing_is_named_at_once(program, arguments, package, tmp_path):
    code = (
        f"import runpy, sys; sys.modules[{package!r}] = None\n"  # an import of it fails
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"sys.argv = {[program, *arguments]!r}\n"
        f"runpy.run_module({program!r}, run_name='__main__')\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1].startswith(f"error: needs the package {package}: ")
    assert "nowhere" not in process.stdout + process.stderr
