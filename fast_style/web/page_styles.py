"""The files of the page, and the styles as it shows them."""

import os
import re
from pathlib import Path
from urllib.parse import quote

from fast_style import images

PAGE = Path(__file__).with_name("page")
"""Folder of the page's files."""

_ROMAN = re.compile("[ivx]+")
_SHOWN = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif")  # by every browser


def find_paintings(folder):
    """The paintings in a folder: dict from the name of the style to the `Path`; empty for None."""
    found = images.find(folder) if folder else []
    return {path.stem: path for path in found if path.suffix.lower() in _SHOWN}


def describe(name, paintings):
    """A style as the page shows it.

    Args:
        name: str, as its network calls it.
        paintings: dict as `find_paintings` returns it.

    Returns:
        dict of name, title, thumbnail (address at a server, or None) and stem, which names its
        painting.
    """
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in images.SUFFIXES:
        stem = name
    words = [word.upper() if _ROMAN.fullmatch(word) else word for word in stem.split("_")]
    title = " ".join(words).strip()
    thumbnail = f"api/thumbnails/{quote(stem, safe='')}" if stem in paintings else None
    title = title[:1].upper() + title[1:]
    return {"name": name, "title": title, "thumbnail": thumbnail, "stem": stem}
