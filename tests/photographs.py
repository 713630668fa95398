"""Photographs to train on, and the batches that are made of them."""

import numpy as np

from data.photos import Photos

SIZE = 8


def flat(value, height=12, width=16):
    """A photograph of one grey, which tells whose crop it is."""
    return np.full((height, width, 3), value, np.uint8)


def noise(seed, height=20, width=30):
    """A photograph of which no two crops are alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def gradient(height, width, axis):
    """A photograph that goes from 0 to 255 along an axis."""
    ramp = np.rint(np.linspace(0, 255, (height, width)[axis])).astype(np.uint8)
    ramp = ramp[:, None] if axis == 0 else ramp[None, :]
    return np.repeat(np.broadcast_to(ramp, (height, width))[:, :, None], 3, axis=2)


def take(source, count, position=0):
    """The first batches from a position on: a list of (crops, position after)."""
    return list(source.batches(position).take(count).as_numpy_iterator())


def greys(source, count, position=0):
    """The greys of the flat photographs behind each batch, a list of lists."""
    result = []
    for crops, _ in take(source, count, position):
        assert (crops == crops[:, :1, :1, :1]).all()
        result.append(crops[:, 0, 0, 0].tolist())
    return result


def assert_same(batches, expected):
    assert len(batches) == len(expected) > 0
    for (crops, after), (expected_crops, expected_after) in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(crops, expected_crops)
        assert after == expected_after


def assert_resumes(source, count):
    """Each batch is followed by the same batches as in a run that was never stopped."""
    whole = take(source, count)
    for number in range(count - 1):
        position = int(whole[number][1])
        rest = whole[number + 1 : number + 4]
        assert_same(take(source, len(rest), position), rest)


def warnings_of(caplog):
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("skipped: ")]


def parts(folder, workers, batch_size, count, position=0, **options):
    """Each worker's first batches: a list, by worker, of (crops, position after)."""
    return [
        take(
            Photos(folder, SIZE, batch_size, worker=worker, workers=workers, **options),
            count,
            position,
        )
        for worker in range(workers)
    ]
