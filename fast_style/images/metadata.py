"""What an image file says besides pixels: EXIF, XMP, IPTC, resolution. Read, mended, written."""

import dataclasses
import re
import struct
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

_MAX_BYTES = 1 << 20  # of EXIF, XMP or IPTC; more than cameras write is dropped
_MAX_SEGMENT = 65533  # bytes of a JPEG segment
_XMP_SIGNATURE = 29  # bytes in front of XMP in its segment
_MAX_DPI = 100_000
_TIFF_XMP, _TIFF_IPTC = 700, 33723
_IPTC_RESOURCE = 0x0404  # of Photoshop's resources, in a JPEG
_IPTC_MARK = b"\x1c"  # each record begins with it
_PNG_IPTC = "Raw profile type iptc"  # as ImageMagick and ExifTool keep it in a PNG
_Base, _IFD = ExifTags.Base, ExifTags.IFD
_SRGB = 1  # EXIF's ColorSpace
_INTEROPERABILITY = 1  # tag of the directory of this name
_ADOBE_RGB = "R03"  # "DCF option file", whose colours are Adobe RGB without a profile that says so
# A TIFF's "EXIF" is its own directory, with the place and layout of its pixels. Only these tags
# describe the photograph: description, make, model, software, date, artist, copyright, EXIF, GPS.
_TIFF_TAGS = frozenset({270, 271, 272, 305, 306, 315, 33432, 34665, 34853})
_XMP_ORIENTATION = re.compile(
    rb'\s*tiff:Orientation="\d*"|<tiff:Orientation>\d*</tiff:Orientation>'
)
# Of the schema for EXIF, as attributes and as elements.
_XMP_POSITION = re.compile(
    rb"""\s*exif:GPS\w+\s*=\s*("[^"]*"|'[^']*')|<exif:GPS(\w+)\b[^>]*(/>|>.*?</exif:GPS\2\s*>)""",
    re.S,
)
_XMP_SIZE = rb'((?:exif:Pixel|tiff:Image)%s(?:="|>))\d+'


@dataclass(frozen=True)
class Metadata:
    """What is kept of a photograph's file.

    Attributes:
        exif: EXIF as bytes, without orientation and thumbnail, in sRGB; None if there is none.
        xmp: XMP packet as bytes, or None.
        iptc: IPTC-IIM records as bytes; or None.
        dpi: pixels per inch, across and down, two floats; or None.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None


def read(image, damaged):
    """Reads what a decoded image's file says; what is damaged or too large is left out.

    Args:
        image: Pillow image.
        damaged: exception classes that Pillow raises for damaged files.

    Returns:
        (EXIF's orientation 1..8, whether EXIF says that the colours are Adobe RGB, `Metadata`).
    """
    orientation, adobe_rgb, exif, dpi = 1, False, None, None
    try:
        tags = image.getexif()
        orientation = tags.pop(_Base.Orientation, 1)
        dpi = _resolution(image, tags)
        if image.format == "TIFF":
            for tag in set(tags) - _TIFF_TAGS:
                del tags[tag]
        adobe_rgb = _say_srgb(tags)
        exif = _bounded(tags.tobytes()) if len(tags) else None
    except damaged:
        pass
    return orientation, adobe_rgb, Metadata(exif, _xmp(image), _iptc(image), dpi)


def without_position(metadata, damaged):
    """`Metadata` that does not say where the photograph was taken by satellite navigation.

    What can't be searched for it is left out as a whole: the maker's own notes, and XMP that still
    speaks of a position, or is not in UTF-8, when its known places are emptied.

    Args:
        metadata: `Metadata`.
        damaged: exception classes that Pillow raises for damaged files.

    Returns:
        `Metadata`; names of places that a person wrote into IPTC stay.
    """
    exif, xmp = metadata.exif, metadata.xmp
    if exif is not None:
        try:
            tags = Image.Exif()
            tags.load(exif)
            details = tags.get_ifd(_IFD.Exif)  # read before, as `tobytes` reads them not
            details.pop(_IFD.MakerNote, None)
            if _IFD.GPSInfo in tags:
                del tags[_IFD.GPSInfo]
            exif = tags.tobytes() if len(tags) else None
        except damaged:
            exif = None
    if xmp is not None:
        xmp = _XMP_POSITION.sub(b"", xmp)
        if b"GPS" in xmp or b"\0" in xmp:
            xmp = None
    return dataclasses.replace(metadata, exif=exif, xmp=xmp)


def _say_srgb(tags):
    """Sets the colour space, if EXIF states any, to sRGB; returns whether it was Adobe RGB."""
    details = tags.get_ifd(_IFD.Exif)
    if _Base.ColorSpace in details:
        details[_Base.ColorSpace] = _SRGB
    other = tags.get_ifd(_IFD.Interop) if _IFD.Interop in details else {}
    adobe_rgb = other.get(_INTEROPERABILITY) == _ADOBE_RGB
    if adobe_rgb:
        other[_INTEROPERABILITY] = "R98"
    return adobe_rgb


def _bounded(data):
    return data if isinstance(data, bytes) and 0 < len(data) <= _MAX_BYTES else None


def _resolution(image, tags):
    stated = "dpi" in image.info
    if image.format in ("JPEG", "MPO"):  # for which Pillow makes one up
        stated = image.info.get("jfif_unit") in (1, 2) or _Base.XResolution in tags
    dpi = image.info.get("dpi") if stated else None
    if dpi is None:
        return None
    dpi = tuple(map(float, dpi))
    return dpi if len(dpi) == 2 and all(1 <= value <= _MAX_DPI for value in dpi) else None


def _xmp(image):
    xmp = image.info.get("xmp")
    if xmp is None and image.format == "TIFF":
        xmp = image.tag_v2.get(_TIFF_XMP)
    return _bounded(xmp)


def _iptc(image):
    if image.format == "TIFF":
        # As stored: some writers call it numbers of 32 bits, of which `tag_v2` hands on the first.
        iptc = image.tag_v2._tagdata.get(_TIFF_IPTC, b"")
        if not iptc.startswith(_IPTC_MARK):
            iptc = np.frombuffer(iptc[: len(iptc) // 4 * 4], ">u4").astype("<u4").tobytes()
        return _bounded(iptc if iptc.startswith(_IPTC_MARK) else None)
    if image.format == "PNG":
        try:
            text = str(image.info.get(_PNG_IPTC, "")).split("\n", 3)[3]
            return _bounded(_record(bytes.fromhex(text)))
        except (IndexError, ValueError):
            return None
    resources = image.info.get("photoshop")
    return _bounded(resources.get(_IPTC_RESOURCE)) if isinstance(resources, dict) else None


def _resource(iptc):
    """IPTC as a Photoshop resource."""
    return (
        b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    )


def _record(data):
    """The IPTC of a Photoshop resource, or of bare records."""
    if not data.startswith(b"8BIM"):
        return data
    kind, name, length = struct.unpack(">HHI", data[4:12].ljust(8, b"\xff"))
    return data[12 : 12 + length] if (kind, name) == (_IPTC_RESOURCE, 0) else b""


def options(metadata, format, width, height):
    """Options of Pillow's Image.save that write metadata, as far as a format holds it.

    Args:
        metadata: `Metadata`.
        format: Pillow's name of the format.
        width, height: of the picture that is written, in pixels.

    Returns:
        dict; for a PNG it has a "pnginfo".
    """
    exif = _exif_for(metadata, format, width, height)
    iptc, dpi = metadata.iptc, metadata.dpi
    xmp = metadata.xmp and _XMP_ORIENTATION.sub(b"", metadata.xmp)  # pictures are upright
    for pixels, sides in ((width, (b"XDimension", b"Width")), (height, (b"YDimension", b"Length"))):
        for side in sides:
            xmp = xmp and re.sub(_XMP_SIZE % side, rb"\g<1>%d" % pixels, xmp)
    made = {}
    if exif and format in ("PNG", "WEBP", "AVIF"):
        made["exif"] = exif
    if dpi and format in ("JPEG", "PNG", "TIFF", "BMP"):
        made["dpi"] = dpi
    if format == "PNG":
        made["pnginfo"] = info = PngImagePlugin.PngInfo()
        if xmp:
            info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        if iptc:
            data = _resource(iptc)
            lines = "\n".join(re.findall(".{1,72}", data.hex()))
            info.add_text(_PNG_IPTC, f"\niptc\n{len(data):8d}\n{lines}\n", zip=True)
    elif format == "TIFF":
        made["exif"] = tags = Image.Exif()
        if exif:
            tags.load(exif)
        for tag in set(tags) - _TIFF_TAGS:
            del tags[tag]
        if _IFD.Exif in tags or _IFD.GPSInfo in tags:
            made["compression"] = None  # with which libtiff could not write these directories
        tags.update({tag: data for tag, data in ((_TIFF_XMP, xmp), (_TIFF_IPTC, iptc)) if data})
    elif format == "JPEG":
        if exif and len(exif) <= _MAX_SEGMENT:
            made["exif"] = exif
        if xmp and len(xmp) <= _MAX_SEGMENT - _XMP_SIGNATURE:
            made["xmp"] = xmp
        segment = b"Photoshop 3.0\0" + _resource(iptc) if iptc else b""
        if 0 < len(segment) <= _MAX_SEGMENT:
            made["extra"] = b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment
    elif format in ("WEBP", "AVIF") and xmp:
        made["xmp"] = xmp
    return made


def _exif_for(metadata, format, width, height):
    """EXIF that states this size and, where the format has no other place, the resolution."""
    places_dpi = metadata.dpi is not None and format in ("WEBP", "AVIF")
    if metadata.exif is None and not places_dpi:
        return None
    tags = Image.Exif()
    if metadata.exif is not None:
        tags.load(metadata.exif)
    details = tags.get_ifd(_IFD.Exif)
    for directory, tag, pixels in (
        (details, _Base.ExifImageWidth, width),
        (details, _Base.ExifImageHeight, height),
        (tags, _Base.ImageWidth, width),
        (tags, _Base.ImageLength, height),
    ):
        if tag in directory:
            directory[tag] = pixels
    if places_dpi:
        tags[_Base.ResolutionUnit] = 2  # inches
        tags[_Base.XResolution], tags[_Base.YResolution] = metadata.dpi
    return tags.tobytes()
