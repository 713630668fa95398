"""Ten thousands of changed files, each reader in a process of its own with bounded memory."""

import re
import sys

import pytest

from tests import fuzz
from tests.scripts import run_script

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's"),
]


@pytest.mark.parametrize("reader", sorted(set(fuzz.READERS) - {"tensorflow"}))
def test_nothing_else_is_raised_and_memory_is_bounded(reader, tmp_path):
    arguments = (f"--reader={reader}", "--count=20000", "--seed=100000")
    process = run_script("tests.fuzz", *arguments, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    read, refused, grown = map(int, re.findall(r"\d+", process.stdout.partition(":")[2]))
    assert read + refused == 20_000
    assert read > 200
    assert grown < 64  # MiB


def test_tensorflow_survives_what_passes_the_check(tmp_path):
    """It ends the process where the description of an array is damaged, even behind a checksum."""
    process = run_script("tests.fuzz", "--reader=tensorflow", "--count=500", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    read, refused, _ = map(int, re.findall(r"\d+", process.stdout.partition(":")[2]))
    assert read + refused == 500
    assert read > 10
