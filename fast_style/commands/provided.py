"""The sample photograph, the paintings and the trained networks that come with the project."""

from pathlib import Path

# In a wheel both lie inside the package (setup.cfg), in a checkout beside it.
_PACKAGE = Path(__file__).resolve().parents[1]


def sample_photo():
    """Path of the sample photograph (str), or None where it is missing."""
    return _first("samples/test.jpg", "img/test.jpg", suffix="")


def checkpoint(style=None):
    """Prefix of the network that paints where none is named (str), or None where it is missing.

    Args:
        style: of --style; where one is asked for, the network of several styles paints.
    """
    if style:
        return gallery()
    return _first("pretrained/ckpt-done", "checkpoints/ckpt-done", suffix=".index")


def gallery():
    """Prefix of the network of several styles (str), or None where it is missing."""
    return _first("pretrained/gallery", "checkpoints/gallery", suffix=".index")


def paintings():
    """Path of the folder of small paintings (str), or None where it is missing."""
    for path in (_PACKAGE / "samples/paintings", _PACKAGE.parent / "img/paintings"):
        if path.is_dir():
            return str(path)
    return None


def _first(packaged, checked_out, suffix):
    for path in (_PACKAGE / packaged, _PACKAGE.parent / checked_out):
        if Path(f"{path}{suffix}").is_file():
            return str(path)
    return None
