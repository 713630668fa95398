"""The model card: a page beside an exported network that says what it is."""

import os

import keras
import numpy as np
import tensorflow as tf

from fast_style import images
from fast_style.checkpoints.styles import style_names
from fast_style.images.grid import grid, in_rows
from fast_style.painting.stylizer import Stylizer

CARD = "MODEL_CARD.md"
SAMPLE = "sample.jpg"
_SAMPLE_SIDE = 384  # pixels, long side of each half: both fit the width of a rendered page
_SAMPLE_QUALITY = 85  # of a picture to look at once: about half the bytes of 95
_SAMPLE_COLUMNS = 4  # of several styles, at half that side


def write(folder, network, metadata, facts, photo=None, licence=""):
    """Writes MODEL_CARD.md into the folder of an exported network, and sample.jpg beside it.

    Args:
        folder: path of the folder, the network's files already in it.
        network: the `TransformNet`.
        metadata: dict from the network's JSON.
        facts: dict of str by name, the rows of the card about this export.
        photo: uint8 RGB `[H, W, 3]` to paint for the sample, or None for no sample.
        licence: str, "" if it was not stated.
    """
    names = style_names(metadata) if network.styles > 1 else []
    style = ", ".join(names) or _mapping(metadata, "style").get("name", "unknown")
    picture = ""
    if photo is not None:
        images.save(
            os.path.join(folder, SAMPLE), _sample(network, photo, names), quality=_SAMPLE_QUALITY
        )
        picture = f"![a photograph, and the same painted by the network]({SAMPLE})\n\n"
    own = {"names": names} if names else {"image": style}
    own |= _without(_mapping(metadata, "style"), "name", "crc32", "distances")
    sections = [
        ("Styles" if names else "Style", own),
        ("This export", {**facts, "files": _sizes(folder)}),
        ("Network", {**metadata["network"], "parameters": f"{network.count_params():,}"}),
        ("Training", _training(metadata)),
        ("Losses", _mapping(metadata, "losses")),
        ("Licence", {"licence": licence or "not stated: ask whoever trained the network"}),
        (
            "Made with",
            {**_versions(), **_prefixed("trained with ", _mapping(metadata, "versions"))},
        ),
    ]
    text = f"# Network: {_cell(style)}\n\n{picture}"
    text += (
        "An image transformation network after Johnson, Alahi and Fei-Fei (ECCV 2016): it repaints "
        "photographs in the style of one image.\n"
    )
    for title, rows in sections:
        if rows:
            text += f"\n## {title}\n\n| | |\n|---|---|\n"
            text += "".join(f"| {_cell(name)} | {_cell(value)} |\n" for name, value in rows.items())
    path = os.path.join(folder, CARD)
    # Names of files may be no UTF-8.
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


def _sample(network, photo, names):
    """A photograph beside what the network makes of it; of several styles, in each of them."""
    stylizer = Stylizer(network)
    if not names:
        photo = images.fit(photo, _SAMPLE_SIDE)
        return np.concatenate([photo, stylizer(photo)], axis=1)
    photo = images.fit(photo, _SAMPLE_SIDE // 2)
    pictures = [photo, *stylizer.in_styles(photo, range(len(names)))]
    captions = ["", *names]
    return grid(in_rows(pictures, _SAMPLE_COLUMNS), captions=in_rows(captions, _SAMPLE_COLUMNS))


def _training(metadata):
    """Rows about the network's training or conversion (dict)."""
    rows = {**_mapping(metadata, "converted"), **_mapping(metadata, "training")}
    if "step" in metadata:
        rows["steps done"] = metadata["step"]
    origin = metadata.get("init_from")
    if isinstance(origin, dict):
        before = _mapping(origin, "training")
        rows["started from"] = ", ".join(
            f"{name} {value}"
            for name, value in (
                ("a network for", _mapping(origin, "style").get("name")),
                ("steps", origin.get("step")),
                ("image_size", before.get("image_size")),
            )
            if value is not None
        )
    return rows


def _mapping(metadata, name):
    """A part of metadata, which may be untrusted: {} unless it is a dict."""
    part = metadata.get(name)
    return part if isinstance(part, dict) else {}


def _without(mapping, *names):
    return {name: value for name, value in mapping.items() if name not in names}


def _prefixed(prefix, mapping):
    return {f"{prefix}{name}": value for name, value in mapping.items()}


def _versions():
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def _sizes(folder):
    """Names and sizes of the files in a folder, in one line."""
    found = []
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(root, name)
            found.append(f"{os.path.relpath(path, folder)} ({os.path.getsize(path):,} bytes)")
    return ", ".join(sorted(found))


def _cell(value):
    """A value of metadata as text for a cell of a Markdown table, escaped."""
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value)) or "-"
    text = " ".join(str(value).split())
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return text
