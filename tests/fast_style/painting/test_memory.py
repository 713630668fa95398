import types

import pytest

from fast_style.networks.architecture import Architecture
from fast_style.painting import memory

RUNTIME = types.SimpleNamespace(
    architecture=Architecture(), bytes_per_pixel=400, bytes_per_band_pixel=1000
)
MIB = 2**20


@pytest.fixture(autouse=True)
def small_process(monkeypatch):
    monkeypatch.setattr(memory, "resident", lambda: 200 * MIB)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("900", 900 * MIB), ("2GiB", 2**31), ("1.5 g", 3 * 2**29), ("512MiB", 2**29)],
)
def test_sizes(text, expected):
    assert memory.parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "much", "-1", "0", "2TiB", "1e3"])
def test_anything_but_a_size_is_refused(text):
    with pytest.raises(ValueError, match="`max_memory` must be"):
        memory.parse_size(text)


def test_small_images_are_painted_at_once():
    assert memory.plan_bands(RUNTIME, (1000, 1000, 3), 2**30).rows == 0


def test_large_images_are_cut_as_memory_allows():
    less, more = (memory.plan_bands(RUNTIME, (4000, 6000, 3), size * 2**30) for size in (1, 4))
    assert 16 <= less.rows < more.rows
    assert less.rows % 4 == 0
    assert (less.in_memory, more.in_memory) == (False, True)


def test_what_is_available_decides_without_a_limit(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 2**34)
    assert memory.plan_bands(RUNTIME, (4000, 4000, 3)).rows == 0
    monkeypatch.setattr(memory, "available", lambda: 2**30)
    assert memory.plan_bands(RUNTIME, (4000, 4000, 3)).rows > 0


def test_a_tile_overrules_the_estimate():
    assert memory.plan_bands(RUNTIME, (9000, 9000, 3), 2**30, tile=0).rows == 0
    assert memory.plan_bands(RUNTIME, (100, 100, 3), 2**30, tile=64).rows == 64
    with pytest.raises(ValueError, match="`tile` must be 0 .* or at least 16"):
        memory.plan_bands(RUNTIME, (100, 100, 3), 2**30, tile=8)


def test_too_little_memory_for_any_band_is_refused():
    with pytest.raises(ValueError, match="`max_memory` is too small .* 10000 x 8000 .* MiB"):
        memory.plan_bands(RUNTIME, (8000, 10000, 3), 300 * MIB)


def test_the_machine_tells_what_is_available():
    assert MIB < memory.available() < 2**50
