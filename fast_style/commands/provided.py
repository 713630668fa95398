"""The sample photograph and the trained network that come with the project."""

from pathlib import Path

# In a wheel both lie inside the package (setup.cfg), in a checkout beside it.
_PACKAGE = Path(__file__).resolve().parents[1]


def sample_photo():
    """Path of the sample photograph (str), or None where it is missing."""
    return _first("samples/test.jpg", "img/test.jpg", suffix="")


def checkpoint():
    """Prefix of the trained network (str), or None where it is missing."""
    return _first("pretrained/ckpt-done", "checkpoints/ckpt-done", suffix=".index")


def _first(packaged, checked_out, suffix):
    for path in (_PACKAGE / packaged, _PACKAGE.parent / checked_out):
        if Path(f"{path}{suffix}").is_file():
            return str(path)
    return None
