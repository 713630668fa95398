"""Sheets of pictures: a photograph in every style of a network, and in mixtures of some."""

import numpy as np

from fast_style import images
from fast_style.checkpoints.metadata import read_metadata
from fast_style.checkpoints.styles import style_names
from fast_style.errors import InvalidValue
from fast_style.images.grid import GAP, grid, in_rows
from fast_style.painting.stylizer import Stylizer

BLEND_STEPS = 5


def style_sheet(photo, prefix, columns=3, paintings=None, done=lambda: None, **loading):
    """A photograph painted in every style of a network, their names beneath.

    Args:
        photo: uint8 RGB `[H, W, 3]`.
        prefix: checkpoint prefix of a network of several styles.
        columns: int, pictures side by side.
        paintings: folder with an image named as each style, which is shown beside the picture; or
            None.
        done: called after each picture.
        **loading: of `Stylizer.load`, such as runtime.

    Returns:
        uint8 RGB.

    Raises:
        ValueError: a network of one style.
        FileNotFoundError, CheckpointError: no such network, or it is damaged.
    """
    names = check_several(prefix)
    found = {} if paintings is None else find_paintings(paintings)
    pictures = []
    for name in names:
        painted = Stylizer.load(prefix, style=name, **loading)(photo)
        pictures.append(_beside(found.get(name), painted))
        done()
    captions = [name.replace("_", " ") for name in names]
    return grid(in_rows(pictures, columns), captions=in_rows(captions, columns))


def blend_sheet(photo, prefix, styles, steps=BLEND_STEPS, done=lambda: None, **loading):
    """A photograph painted in mixtures: a strip from one style to another, or a grid of four.

    Args:
        photo: uint8 RGB `[H, W, 3]`.
        prefix: checkpoint prefix of a network of several styles.
        styles: two names, of the ends, or four, of the corners: top left and right, bottom left
            and right.
        steps: int, at least 2, pictures along a side.
        done, **loading: as in `style_sheet`.

    Returns:
        uint8 RGB.

    Raises:
        ValueError: another number of styles, an unknown one, or a network of one style.
    """
    check_several(prefix)
    if len(styles) not in (2, 4) or len(set(styles)) != len(styles):
        raise InvalidValue(
            f"`blend` must name two or four different styles; received {', '.join(styles)}"
        )
    rows = []
    along = np.linspace(0, 1, steps)
    for down in along if len(styles) == 4 else (0,):
        rows.append([])
        for right in along:
            weights = np.outer((1 - down, down), (1 - right, right)).ravel()[: len(styles)]
            mixture = ",".join(f"{n}:{w:g}" for n, w in zip(styles, weights, strict=True))
            rows[-1].append(Stylizer.load(prefix, style=mixture, **loading)(photo))
            done()
    return grid(rows)


def check_several(prefix):
    """The names of a network's styles; raises `ValueError` where it has one."""
    metadata = read_metadata(prefix)
    names = style_names(metadata)
    if metadata["network"].get("styles", 1) == 1:
        raise InvalidValue(f"{prefix} has one style; a sheet shows those of a network of several")
    return names


def find_paintings(folder):
    """The paintings of styles in a folder: dict from the name of the style to the `Path`."""
    return {path.stem: path for path in images.find(folder)}


def _beside(painting, painted):
    """A picture with the painting left of it, at a third of its width."""
    if painting is None:
        return painted
    height, width = painted.shape[:2]
    style = images.read(painting)
    scale = min(width / 3 / style.shape[1], height / style.shape[0])
    style = images.resize(style, *(max(1, round(side * scale)) for side in style.shape[:2]))
    left = np.full((height, style.shape[1] + GAP, 3), 255, np.uint8)
    left[: style.shape[0], : style.shape[1]] = style
    return np.concatenate([left, painted], axis=1)
