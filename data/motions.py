"""Random motions of crops, for networks that are to paint films without flicker."""

import numpy as np
from PIL import Image

SPACING = 100  # pixels from one support of the flow to the next: it is smooth below that
BEND = 8.0  # pixels, standard deviation of the flow at its supports
SHIFT = 10.0  # pixels, the largest shift of a whole crop along each axis
NOISE = (0.255, 0.51)  # range of the noise's standard deviation: 0.001 to 0.002 of white


def draw_motions(places, size, seed):
    """A smooth flow and weak noise for each of some crops.

    As in compound regularization (Wang et al., *Consistent Video Style Transfer via Compound
    Regularization*, AAAI 2020): what happens to a frame until the next one, drawn by chance.

    Args:
        places: int `[N]`, of the crops in the order of the photographs.
        size: int, side of the crops, pixels.
        seed: int.

    Returns:
        The flows, float32 `[N, size, size, 2]`: down and right from a pixel to the place that it
        shows, pixels. The noise, float32 `[N, size, size, 3]`, in pixel values.
    """
    # The third number tells these draws from those of the crops and of the styles.
    generators = [np.random.default_rng((seed, int(place), 1)) for place in places]
    flows = np.stack([_flow(size, rng) for rng in generators])
    return flows, np.stack([_noise(size, rng) for rng in generators])


def _flow(size, rng):
    supports = size // SPACING + 3
    corner = rng.uniform(0, SPACING, 2)
    # The cubic interpolation of an image of supports, seen through a window at a random place.
    window = (corner[1], corner[0], corner[1] + size, corner[0] + size)
    box = [SPACING / 2 + side for side in window]
    scale = 1 / SPACING
    bends = [
        Image.fromarray(rng.normal(0, BEND, (supports, supports)).astype(np.float32)).resize(
            (size, size), Image.Resampling.BICUBIC, box=[scale * side for side in box]
        )
        for _ in range(2)
    ]
    shift = rng.uniform(-SHIFT, SHIFT, 2)
    return (np.stack([np.asarray(bend) for bend in bends], axis=-1) + shift).astype(np.float32)


def _noise(size, rng):
    deviation = rng.uniform(*NOISE)
    return rng.normal(0, deviation, (size, size, 3)).astype(np.float32)
