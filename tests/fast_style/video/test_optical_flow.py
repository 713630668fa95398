"""Optical flow, warping and masks on motion that is known."""

import numpy as np
import pytest

from fast_style.errors import InvalidValue
from fast_style.video import optical_flow
from tests.films import scene, shifted


@pytest.mark.parametrize("longest", [None, 96])
def test_a_shift_is_found(longest):
    first, second = shifted(5, -3)
    field = optical_flow.flow(first, second, longest=longest)
    assert field.shape == (96, 128, 2) and field.dtype == np.float32
    np.testing.assert_allclose(np.median(field, axis=(0, 1)), [5, -3], atol=0.3)
    inside = (slice(16, -16), slice(16, -16))
    difference = optical_flow.warp(second, field)[inside].astype(int) - first[inside]
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "medium"])
def test_nothing_moves_between_equal_frames(preset):
    field = optical_flow.flow(scene(), scene(), preset)
    assert np.abs(field).max() < 0.05
    assert not optical_flow.occluded(field, field).any()
    assert not optical_flow.motion_boundaries(field).any()


def test_tiny_frames_have_a_flow():
    for size in ((1, 1), (5, 40), (31, 33)):
        assert optical_flow.flow(scene(*size), scene(*size)).shape == (*size, 2)


def test_warping_takes_values_from_where_the_flow_leads():
    image = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    field = np.zeros((3, 4, 2), np.float32)
    field[..., 0] = 1
    found = optical_flow.warp(image, field, smooth=True).reshape(3, 4)
    np.testing.assert_allclose(found, [[1, 2, 3, 3], [5, 6, 7, 7], [9, 10, 11, 11]])
    field[..., 0], field[..., 1] = 0.5, 1
    found = optical_flow.warp(image, field, smooth=True).reshape(3, 4)
    np.testing.assert_allclose(found[0, :3], [4.5, 5.5, 6.5])
    assert optical_flow.warp(scene(), np.zeros((96, 128, 2), np.float32)).dtype == np.uint8


def constant(x, y, height=20, width=30):
    return np.broadcast_to(np.float32([x, y]), (height, width, 2)).copy()


def test_flows_that_disagree_are_masked():
    forward, back = constant(3, 0), constant(-3, 0)
    back[:, 12:16] = (4, 0)
    mask = optical_flow.occluded(forward, back)
    assert mask[:, 9:13].all()  # which lead to columns 12 to 15
    assert not mask[:, :9].any() and not mask[:, 13:27].any()
    assert mask[:, 27:].all()  # which lead out of the picture


@pytest.mark.parametrize(("difference", "masked"), [(0.70, False), (0.72, True)])
def test_small_disagreements_are_within_the_papers_limit(difference, masked):
    """|f + b|^2 > 0.01 (|f|^2 + |b|^2) + 0.5, with |b| small."""
    forward, back = constant(0, 0), constant(difference, 0)
    assert optical_flow.occluded(forward, back).all() == masked


def test_edges_of_what_moves_are_motion_boundaries():
    field = constant(0, 0)
    field[:, 15:] = (4, 0)
    mask = optical_flow.motion_boundaries(field)
    assert mask[:, 14:16].all() and not mask[:, :14].any() and not mask[:, 16:].any()


def test_opencv_that_is_missing_is_said(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidValue, match=r"pip install .*\[video\]"):
        optical_flow.flow(scene(), scene())
