import types

import pytest

from fast_style.errors import OutOfMemory
from fast_style.machine import resources
from fast_style.networks.architecture import Architecture
from fast_style.painting import memory

MIB = 2**20


def make_runtime(**options):
    defaults = {
        "architecture": Architecture(),
        "network_width": 32,
        "factor": 1,
        "reach": None,
        "bytes_per_pixel": 400,
        "bytes_per_band_pixel": 1000,
        "bytes_per_enlarged_pixel": 1000,
        "most_numbers": None,
        "device_memory": lambda: None,
    }
    return types.SimpleNamespace(**{**defaults, **options})


RUNTIME = make_runtime()
ENLARGING = {"architecture": None, "network_width": 64, "factor": 4}


@pytest.fixture(autouse=True)
def small_process(monkeypatch):
    monkeypatch.setattr(resources, "resident_memory", lambda: 200 * MIB)


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
    assert memory.plan(RUNTIME, (1000, 1000, 3), 2**30).rows == 0


def test_large_images_are_cut_as_memory_allows():
    sizes = (600 * MIB, 4 * 2**30)
    less, more = (memory.plan(RUNTIME, (4000, 6000, 3), size) for size in sizes)
    assert 16 <= less.rows < more.rows
    assert less.rows % 4 == 0
    assert (less.in_memory, more.in_memory) == (False, True)


def test_what_is_available_decides_without_a_limit(monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: 2**34)
    assert memory.plan(RUNTIME, (4000, 4000, 3)).rows == 0
    monkeypatch.setattr(resources, "available_memory", lambda: 2**30)
    assert memory.plan(RUNTIME, (4000, 4000, 3)).rows > 0


def test_a_tile_overrules_the_estimate():
    assert memory.plan(RUNTIME, (9000, 9000, 3), 2**30, tile=0).rows == 0
    assert memory.plan(RUNTIME, (100, 100, 3), 2**30, tile=64).rows == 64
    with pytest.raises(ValueError, match="`tile` must be 0 .* or at least 16"):
        memory.plan(RUNTIME, (100, 100, 3), 2**30, tile=8)


def test_too_little_memory_for_any_band_is_refused():
    with pytest.raises(ValueError, match="`max_memory` is too small .* 10000 x 8000 .* MiB"):
        memory.plan(RUNTIME, (8000, 10000, 3), 300 * MIB)


def test_without_a_limit_what_is_available_is_named_and_no_flag(monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: 100 * MIB)
    with pytest.raises(OutOfMemory, match="10000 x 8000 .* 60 MiB are available") as caught:
        memory.plan(RUNTIME, (8000, 10000, 3))
    assert "max_memory" not in str(caught.value)


def test_on_a_gpu_its_memory_decides(monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: 2**36)
    shape = (4000, 6000, 3)  # 9 GiB at once
    small, large = (make_runtime(device_memory=lambda n=n: n * 2**30) for n in (4, 32))
    assert memory.plan(large, shape).rows == 0
    assert 16 <= memory.plan(small, shape).rows <= 128
    assert memory.plan(large, shape, 2**32).rows > 0  # a limit holds there, too
    monkeypatch.setattr(resources, "available_memory", lambda: 2**30)
    assert memory.plan(large, shape).rows == 0  # whatever the machine has
    assert not memory.plan(small, shape).in_memory  # where features wait


def test_more_numbers_than_a_runtime_counts_are_cut():
    assert memory.plan(make_runtime(), (9000, 9000, 3), 2**40).rows == 0
    counting = make_runtime(most_numbers=2**31 - 1, name="tensorflow")
    assert memory.plan(counting, (9000, 9000, 3), 2**40).rows > 0
    with pytest.raises(OutOfMemory, match="9000 x 9000 .*--tile=auto"):
        memory.plan(counting, (9000, 9000, 3), tile=0)
    enlarging = {**ENLARGING, "factor": 16, "most_numbers": 2**31 - 1}
    side = memory.plan(make_runtime(**enlarging, reach=16), (1000, 1000, 3), 2**40).rows
    assert 64 * 16**2 * (side + 32) ** 2 < 2**31
    with pytest.raises(OutOfMemory, match="1000 x 1000"):
        memory.plan(make_runtime(**enlarging, name="tensorflow"), (1000, 1000, 3), 2**40)


def test_tiles_of_a_network_that_enlarges_fit_the_limit():
    runtime = make_runtime(**ENLARGING, reach=16)
    assert memory.plan(runtime, (100, 100, 3), 2**30).rows == 0
    sides = [memory.plan(runtime, (2500, 2500, 3), n * MIB).rows for n in (800, 1500, 3000)]
    assert sides == sorted(set(sides))
    for side, limit in zip(sides, (800, 1500, 3000), strict=True):
        tile = 16 * 1000 * (side + 32) ** 2
        assert 200 * MIB + 3 * 16 * 2500**2 + tile <= limit * MIB
    with pytest.raises(ValueError, match="`max_memory` is too small .* 2500 x 2500 .* MiB"):
        memory.plan(runtime, (2500, 2500, 3), 400 * MIB)


def test_a_network_that_needs_the_whole_image_is_refused_what_cannot_fit(monkeypatch):
    runtime = make_runtime(**ENLARGING)
    with pytest.raises(ValueError, match="`max_memory` is too small"):
        memory.plan(runtime, (2500, 2500, 3), 2**31)
    monkeypatch.setattr(resources, "available_memory", lambda: 2**33)
    with pytest.raises(OutOfMemory, match="2500 x 2500"):
        memory.plan(runtime, (2500, 2500, 3))
    assert memory.plan(runtime, (500, 500, 3)).rows == 0


def test_smaller_plans_end():
    for options in ({}, {**ENLARGING, "reach": 16}, ENLARGING):
        runtime, plan, seen = make_runtime(**options), memory.Plan(0), []
        while (plan := memory.smaller(runtime, plan)) is not None:
            seen.append(plan.rows)
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == (0 if options is ENLARGING else 2)
