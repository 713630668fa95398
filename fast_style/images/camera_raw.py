"""Camera raw files, which are told from pictures: what they show is a small preview."""

import os

# fmt: off
SUFFIXES = frozenset((
    ".3fr", ".ari", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq",
    ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl",
    ".sr2", ".srf", ".srw", ".x3f",
))
# fmt: on
"""Suffixes, in lower case, of files of such a kind."""

_SIGNATURES = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_CANON = b"HEAPCCDR"  # at byte 6
_CR2, _CR3 = b"CR\x02", b"ftypcrx "  # at byte 8; at byte 4
_SUBFILE_TYPE, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 262, 271, 330, 50706
_REDUCED = 1  # bit of the subfile type: a smaller copy of another picture of the file
_SENSOR = (32803, 34892)  # photometric interpretations: a colour filter array, linear raw


class CameraRaw(ValueError):
    """A file is a camera raw file."""


def is_raw(prefix):
    """Whether the first 16 bytes of a file are those of a camera raw file (bool)."""
    return (
        prefix.startswith(_SIGNATURES)
        or prefix[6:14] == _CANON
        or prefix[8:11] == _CR2
        or prefix[4:12] == _CR3
    )


def is_raw_tiff(tags):
    """Whether a TIFF is a camera raw file: DNG, NEF, ARW and others (bool).

    Args:
        tags: dict of the tags of its first directory, which in most of them describes a preview.
    """
    if _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in _SENSOR:
        return True
    kind = tags.get(_SUBFILE_TYPE)
    preview = isinstance(kind, int) and kind & _REDUCED
    return bool(preview and _SUB_DIRECTORIES in tags and _MAKE in tags)


def describe(name):
    """What to say of a camera raw file called `name` (str)."""
    suffix = os.path.splitext(name)[1].lower()
    kind = f" ({suffix[1:].upper()})" if suffix in SUFFIXES else ""
    return f"a camera raw file{kind}, not a picture yet; develop it to JPEG, PNG or TIFF first"
