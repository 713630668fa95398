"""What the programs in benchmarks/ need is asked for before they work."""

import subprocess
import sys

import pytest

from tests.scripts import ROOT


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("benchmarks.runtimes", ["nowhere"]),
        pytest.param(
            "benchmarks.gatys_objective",
            ["nowhere", "style.jpg", "photo.jpg"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_chart_without_matplotlib_is_refused_at_once(program, arguments, tmp_path):
    code = (
        "import runpy, sys; sys.modules['matplotlib'] = None\n"  # an import of it fails
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"sys.argv = {[program, *arguments, '--chart=x.png']!r}\n"
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
    assert process.stderr.splitlines()[-1] == (
        "error: --chart needs matplotlib: pip install matplotlib"
    )
    assert "nowhere" not in process.stdout + process.stderr
