"""TIFF files of more than 8 bits, or in planes, that Pillow does not read right."""

import io
import itertools
import struct

import numpy as np
from PIL import Image, TiffImagePlugin, TiffTags

from fast_style.images.array_files import ArrayFile, Unsupported
from fast_style.images.samples import to_uint8

# Pillow's names of the compressions that turn bytes into bytes.
_COMPRESSIONS = (
    "raw", "tiff_lzw", "packbits", "tiff_deflate", "tiff_adobe_deflate", "lzma", "zstd"
)  # fmt: skip
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_DEPTHS = {_UNSIGNED: (8, 16, 32), _FLOAT: (16, 32, 64)}
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3  # predictors
_PREMULTIPLIED, _ALPHA = 1, 2  # extra samples
_REDUCED, _MASK = 1, 4  # bits of the subfile type
_MAX_SAMPLES = 16  # a pixel
_MAX_TILE = 16 << 20  # bytes of a tile, which may reach beyond a small picture
_EXTRA = TiffImagePlugin.EXTRASAMPLES
_SUBFILE_TYPE, _FILL_ORDER = 254, 266
_STRIPS, _STRIP_BYTES = TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.STRIPBYTECOUNTS
_TILES, _TILE_BYTES = TiffImagePlugin.TILEOFFSETS, TiffImagePlugin.TILEBYTECOUNTS


def read_tags(stream, offset=None):
    """The tags of one picture of a TIFF, a dict-like object, without reading pixels.

    Args:
        stream: seekable binary file.
        offset: of the picture's directory in the file, bytes; None for the first one.
    """
    stream.seek(0)
    head = stream.read(8)
    if head[2:4] in (b"+\0", b"\0+"):  # BigTIFF
        head += stream.read(8)
    tags = TiffImagePlugin.ImageFileDirectory_v2(head)
    stream.seek(tags.next if offset is None else offset)
    tags.load(stream)
    return tags


def has_pages(stream, tags):
    """Whether another picture of its own follows that of `tags` in a TIFF (bool).

    The directory right behind it is looked at: a chain of them may have any length.
    """
    if not tags.next:
        return False
    try:
        kind = read_tags(stream, tags.next).get(_SUBFILE_TYPE, 0)
        return not kind & (_REDUCED | _MASK)
    except (OSError, SyntaxError, TypeError, ValueError, struct.error):
        return False  # it is damaged, which the first picture need not be


def reads_right(tags):
    """Whether Pillow reads the pixels of a TIFF with such tags as they are meant (bool)."""
    bits, formats, samples, planar, photometric = _layout(tags)
    chunky = planar == 1 or samples == 1
    if len(bits) != 1 or len(formats) != 1:
        return False
    bits, kind = min(bits), min(formats)
    is_packed = tags.get(TiffImagePlugin.COMPRESSION, 1) != 1
    if kind == _FLOAT:
        # Pillow swaps the bytes of numbers that the decompressor has swapped.
        swapped = is_packed and tags.prefix == b"MM"
        return bits == 32 and samples == 1 and photometric == _BLACK_IS_ZERO and not swapped
    if kind != _UNSIGNED:
        return False
    if photometric == _WHITE_IS_ZERO:
        return bits <= 8 and samples == 1
    if bits <= 8:
        extra = samples > _COLOURS.get(photometric, samples)
        if photometric == _BLACK_IS_ZERO:  # with alpha, but not with samples of no meaning
            extra = extra and not set(tags.get(_EXTRA, ())) & {_PREMULTIPLIED, _ALPHA}
        if photometric == _RGB and chunky:
            return True
        return not extra and (chunky or (bits == 8 and photometric in (_RGB, _CMYK)))
    if bits in (12, 16) and samples == 1:
        return photometric == _BLACK_IS_ZERO
    # It cuts 16 bits to 8, whose error grows where inks or alpha are multiplied.
    multiplied = _PREMULTIPLIED in tags.get(_EXTRA, ())
    return bits == 16 and chunky and photometric == _RGB and not multiplied


def _layout(tags):
    """Sets of bits and sample formats; samples, planar configuration, photometric."""

    def values(tag, default):
        value = tags.get(tag, default)
        return set(value) if isinstance(value, tuple) else {value}

    return (
        values(TiffImagePlugin.BITSPERSAMPLE, 1),
        values(TiffImagePlugin.SAMPLEFORMAT, _UNSIGNED),
        tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1),
        tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1),
        tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, _WHITE_IS_ZERO),
    )


class DeepTiffFile(ArrayFile):
    """A TIFF's first picture, of integers or floats, in planes or not."""

    format = "TIFF"
    format_description = "TIFF of many bits"

    def _open(self):
        self.tag_v2 = tags = read_tags(self.fp)
        self._size = tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH]
        _check(tags)
        _, _, samples, _, self._photometric = _layout(tags)
        self._colours = _COLOURS[self._photometric]
        extra = tags.get(_EXTRA, (0,))
        self._extra = extra[0] if samples > self._colours else 0
        if TiffImagePlugin.ICCPROFILE in tags:
            self.info["icc_profile"] = tags[TiffImagePlugin.ICCPROFILE]
        dpi = [
            tags.get(tag) for tag in (TiffImagePlugin.X_RESOLUTION, TiffImagePlugin.Y_RESOLUTION)
        ]
        inches = {2: 1, 3: 2.54}.get(tags.get(TiffImagePlugin.RESOLUTION_UNIT, 2))
        if all(dpi) and inches:
            self.info["dpi"] = tuple(float(value) * inches for value in dpi)
        if self._photometric == _CMYK:
            self._mode = "CMYK" if "icc_profile" in self.info else "RGB"
        else:
            alpha = self._extra in (_PREMULTIPLIED, _ALPHA)
            self._mode = ("L" if self._colours == 1 else "RGB") + ("A" if alpha else "")

    def getexif(self):
        if self._exif is None:
            self._exif = Image.Exif()
            self.fp.seek(0)
            self._exif.load_from_fp(self.fp)
        return self._exif

    def _pixels(self):
        wanted = self._colours + (self._mode[-1] == "A")
        values = _read_samples(self.fp, self.tag_v2, self.size, wanted)
        colours = values[..., : self._colours]
        if self._photometric == _CMYK and self._mode == "RGB":
            # Inks that no profile describes, before they are rounded.
            light = 1 - colours.astype(np.float32) / np.iinfo(colours.dtype).max
            return to_uint8(light[..., :3] * light[..., 3:], 1.0)
        colours = to_uint8(colours)
        if self._photometric == _WHITE_IS_ZERO:
            colours = 255 - colours
        if self._mode[-1] == "A":
            # Of floats, white of the colours may be another number, and opaque is 1.
            alpha = values[..., self._colours]
            alpha = to_uint8(alpha, 1.0 if alpha.dtype.kind == "f" else None)
            if self._extra == _PREMULTIPLIED:
                colours = _divided(values[..., : self._colours], values[..., self._colours])
            colours = np.dstack([colours, alpha])
        return colours


def _check(tags):
    """Raises `Unsupported` unless the samples can be read and mean something."""
    bits, formats, samples, _, photometric = _layout(tags)
    if _SIGNED in formats:
        raise Unsupported("a TIFF of signed integers, of which none is white; store it unsigned")
    kind = min(formats)
    depth = "/".join(map(str, sorted(bits)))
    if len(formats) > 1 or len(bits) > 1 or min(bits) not in _DEPTHS.get(kind, ()):
        raise Unsupported(f"a TIFF of {depth} bits in sample format {kind}; store 8 or 16 bits")
    if photometric not in _COLOURS or (kind == _FLOAT and photometric == _CMYK):
        names = TiffTags.lookup(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION).enum
        name = next((n for n, number in names.items() if number == photometric), photometric)
        raise Unsupported(f"a TIFF in {name} of {depth} bits and this layout; store it as RGB")
    if not _COLOURS[photometric] <= samples <= _MAX_SAMPLES:
        raise Unsupported(f"a TIFF of {samples} values a pixel")
    if _PREMULTIPLIED in tags.get(_EXTRA, ()) and photometric != _RGB:
        raise Unsupported("a TIFF of grey or inks multiplied by alpha; store it as RGB")
    compression = tags.get(TiffImagePlugin.COMPRESSION, 1)
    name = TiffImagePlugin.COMPRESSION_INFO.get(compression, compression)
    if name not in _COMPRESSIONS or tags.get(_FILL_ORDER, 1) != 1:
        raise Unsupported(f"a TIFF of {depth} bits, compressed ({name}); store it uncompressed")


def _read_samples(stream, tags, size, wanted):
    """The first `wanted` samples of each pixel of a TIFF's picture, [H, W, wanted]."""
    width, height = size
    bits, formats, samples, planar, _ = _layout(tags)
    kind = "f" if formats == {_FLOAT} else "u"
    dtype = np.dtype(f"{'<' if tags.prefix == b'II' else '>'}{kind}{min(bits) // 8}")
    planes = samples if planar == 2 else 1
    if _TILES in tags:
        offsets, counts = tags[_TILES], tags[_TILE_BYTES]
        across, down = tags[TiffImagePlugin.TILEWIDTH], tags[TiffImagePlugin.TILELENGTH]
    else:
        offsets, counts = tags[_STRIPS], tags.get(_STRIP_BYTES)
        across, down = width, min(height, tags.get(TiffImagePlugin.ROWSPERSTRIP, height))
    pixel_bytes = samples // planes * dtype.itemsize
    if across < 1 or down < 1:
        raise ValueError("strips or tiles without pixels")
    if across * down * pixel_bytes > max(_MAX_TILE, 4 * width * height * pixel_bytes):
        raise ValueError("tiles that are larger than the picture")
    counts = counts or (None,) * len(offsets)
    if not len(counts) == len(offsets) == planes * -(-height // down) * -(-width // across):
        raise ValueError("strips or tiles are missing")
    corners = itertools.product(range(planes), range(0, height, down), range(0, width, across))
    stored = np.float32 if dtype == np.float64 else dtype.newbyteorder("=")
    values = np.empty((height, width, wanted), stored)
    for (plane, top, left), place in zip(corners, zip(offsets, counts, strict=True), strict=True):
        channels = slice(plane, plane + 1) if planes > 1 else slice(None)
        target = values[top : top + down, left : left + across, channels]
        if target.size:  # not a plane of no meaning
            rows = down if _TILES in tags else min(down, height - top)
            data = _segment(stream, tags, place, rows, across * pixel_bytes)
            part = _undone(data, tags, dtype, (rows, across, samples // planes))
            target[:] = part[: target.shape[0], : target.shape[1], : target.shape[2]]
    return values


def _segment(stream, tags, place, rows, row_bytes):
    """A strip or tile, uint8 [rows, row_bytes], decompressed by Pillow to no more than that."""
    offset, count = place
    compression = tags.get(TiffImagePlugin.COMPRESSION, 1)
    count = rows * row_bytes if compression == 1 else count
    stream.seek(offset)
    data = stream.read(count)
    if not offset or len(data) < count:
        raise OSError("image file is truncated")
    if compression == 1:
        return np.frombuffer(data, np.uint8).reshape(rows, row_bytes)
    # As an 8-bit grey picture of one strip, whose bytes nobody changes.
    made = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\b\0\0\0")
    made[TiffImagePlugin.IMAGEWIDTH], made[TiffImagePlugin.IMAGELENGTH] = row_bytes, rows
    made[TiffImagePlugin.BITSPERSAMPLE] = 8
    made[TiffImagePlugin.COMPRESSION] = compression
    made[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = _BLACK_IS_ZERO
    made[TiffImagePlugin.ROWSPERSTRIP] = rows
    made[_STRIPS], made[_STRIP_BYTES] = 0, count  # Pillow counts from the directory's end
    file = b"II*\0" + struct.pack("<I", 8) + made.tobytes(8) + data
    return np.asarray(TiffImagePlugin.TiffImageFile(io.BytesIO(file), ""))


def _undone(data, tags, dtype, shape):
    """A decompressed strip or tile as samples, with the predictor undone.

    Args:
        data: uint8 [rows, bytes of a row].
        tags: of the TIFF.
        dtype: of the samples as stored.
        shape: rows, pixels of a row, samples of a pixel.
    """
    predictor = tags.get(TiffImagePlugin.PREDICTOR, 1)
    if tags.get(TiffImagePlugin.COMPRESSION, 1) == 1 or predictor == 1:
        return data.view(dtype).reshape(shape)
    if predictor == _DIFFERENCES and dtype.kind == "u":
        native = data.view(dtype).reshape(shape).astype(dtype.newbyteorder("="))
        return np.cumsum(native, axis=1, dtype=native.dtype)
    if predictor == _FLOAT_DIFFERENCES and dtype.kind == "f":
        # Adobe's technical note 3: the bytes of a row's floats by significance, as differences.
        rows, across, samples = shape
        summed = data.reshape(rows, across * dtype.itemsize, samples)
        summed = np.cumsum(summed, axis=1, dtype=np.uint8)
        ordered = summed.reshape(rows, dtype.itemsize, across * samples).transpose(0, 2, 1)
        return np.ascontiguousarray(ordered).view(dtype.newbyteorder(">")).reshape(shape)
    raise Unsupported(f"a TIFF of this layout with predictor {predictor}; store it uncompressed")


def _divided(colours, alpha):
    """Colours that were multiplied by alpha as they were before, uint8."""
    alpha = alpha[..., None].astype(np.float32)
    divided = np.divide(colours, alpha, out=np.zeros(colours.shape, np.float32), where=alpha > 0)
    return to_uint8(divided, 1.0)
