"""Random crops of photographs."""

from fast_style import images


def random_crop(photo, size, zoom, rng):
    """A random square crop of a photograph at a random scale, mirrored half of the time.

    The same as resizing the photograph so that its shorter side is `size` times a factor from
    1..zoom and cropping a square of `size`, but only the crop is resized.

    Args:
        photo: uint8 RGB `[H, W, 3]`.
        size: int, pixels.
        zoom: float >= 1, or None for the photograph's own scale (no side may then be below
            `size`).
        rng: `numpy.random.Generator`.

    Returns:
        uint8 RGB `[size, size, 3]`.
    """
    height, width = photo.shape[:2]
    short = min(height, width)
    side = size
    if zoom is not None:
        resized = min(size * rng.uniform(1, zoom), max(short, size))
        side = min(short, max(1, round(size * short / resized)))
    top = rng.integers(height - side + 1)
    left = rng.integers(width - side + 1)
    crop = photo[top : top + side, left : left + side]
    if zoom is not None:
        crop = images.resize(crop, size, size)
    return crop[:, ::-1] if rng.random() < 0.5 else crop
