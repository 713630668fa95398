"""Camera raw files, whose previews are no photographs."""

import numpy as np
import pytest
from PIL import TiffImagePlugin

from fast_style import images
from tests.pictures import encoded


def tiff(tags):
    """A preview of 32 x 24 with more tags."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info.update(tags)
    return encoded(np.full((24, 32, 3), 90, np.uint8), "TIFF", tiffinfo=info)


MAKE = {271: "A maker of cameras"}
SUB_DIRECTORIES = {330: 8}
REDUCED = {254: 1}
DNG = {50706: b"\1\4\0\0"}


def box(kind, brand):
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\1" + kind + brand + bytes(200)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "name, data",
    [
        ("a.dng", tiff(DNG)),
        ("renamed.tif", tiff(DNG)),
        ("a.nef", tiff(MAKE | SUB_DIRECTORIES | REDUCED)),
        ("a.arw", tiff(MAKE | SUB_DIRECTORIES | REDUCED)),
        ("a.cr2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(200)),
        ("a.cr3", box(b"isom", b"crx ")),
        ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(200)),
        ("a.orf", b"IIRO\x08\0\0\0" + bytes(200)),
        ("a.rw2", b"IIU\0\x18\0\0\0" + bytes(200)),
        ("a.pef", b"MM\0*\0\0\0\x08\0\0"),  # whose content alone does not tell
    ],
)
def test_raw_files_are_called_so(name, data):
    with pytest.raises(images.ImageError) as caught:
        images.decode(data, name)
    assert str(caught.value).startswith(f"{name}: a camera raw file")
    assert "\n" not in str(caught.value)
    kind = name.rpartition(".")[2]
    assert kind == "tif" or kind.upper() in str(caught.value)


@pytest.mark.parametrize("tags", [MAKE, MAKE | SUB_DIRECTORIES, SUB_DIRECTORIES | REDUCED])
def test_photographs_by_cameras_are_not(tags):
    assert images.decode(tiff(tags), "a.tif").rgb.shape == (24, 32, 3)
