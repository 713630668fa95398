"""Image files of every sample format, depth, layout and colour space, with the right pixels.

Made from numbers by other code than the program's: tifffile, and the specifications of PNG, PNM and
PFM. `benchmarks.odd_files` paints them, and tests read them.
"""

import io
import itertools
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import tifffile

HEIGHT, WIDTH = 19, 27
CHANNELS = {  # of TIFF's photometric interpretations
    "miniswhite": 1,
    "minisblack": 1,
    "rgb": 3,
    "palette": 1,
    "separated": 4,
    "cielab": 3,
    "ycbcr": 3,
}
TYPES = ("u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8")
EXTRA = (None, "unassalpha", "assocalpha", "unspecified")
_PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A file.

    Attributes:
        name: str, of the file.
        data: bytes.
        rgb: float `[H, W, 3]`, 0..255, what it shows; None where readers differ by their choice.
        alpha: float `[H, W]`, 0..255; None if it is opaque.
        tolerance: how far a right reading may be away.
    """

    name: str
    data: bytes
    rgb: np.ndarray | None
    alpha: np.ndarray | None = None
    tolerance: float = 1.01


def parts(channels, alpha=False):
    """Smooth numbers from 0 to 1, float64 [H, W, channels]; `alpha` adds one that is never 0."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = x / (WIDTH - 1), y / (HEIGHT - 1)
    colours = [x, y, 1 - x, (x + y) / 2][:channels]
    return np.stack(colours + [0.25 + 0.75 * y] * alpha, -1)


def samples_of(channels, dtype, alpha=False):
    """`parts` as numbers of a type, floats or integers that fill its range."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return parts(channels, alpha).astype(dtype)
    return np.rint(parts(channels, alpha) * np.iinfo(dtype).max).astype(dtype)


def tiff(values, planar="contig", photometric="rgb", **options):
    """A TIFF file of values [H, W, C]; `options` are tifffile's."""
    data = np.moveaxis(values, -1, 0) if planar == "separate" else values
    if values.shape[-1] == 1:
        data, planar = values[..., 0], None
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, data, photometric=photometric, planarconfig=planar, metadata=None, **options
    )
    return stream.getvalue()


def tiff_combinations():
    """Triples of photometric interpretation, type and extra sample."""
    for photometric, dtype, extra in itertools.product(CHANNELS, TYPES, EXTRA):
        if extra and photometric in ("palette", "cielab", "ycbcr"):
            continue
        if photometric == "palette" and dtype not in ("u1", "u2"):
            continue
        yield photometric, dtype, extra


def tiff_cases(photometric, dtype, extra):
    """Cases of one combination in both byte orders, both layouts, packed and not."""
    options = {"extrasamples": [extra]} if extra else {}
    if photometric == "palette":
        colours = np.random.default_rng(0)
        shape = 3, 256 ** np.dtype(dtype).itemsize
        options["colormap"] = colours.integers(0, 65536, shape, np.uint16)
    if photometric == "ycbcr":
        options["subsampling"] = (1, 1)
    # What 8 bits held after multiplication with a quarter, they hold no better afterwards.
    tolerance = 2.01 if (dtype, extra) == ("u1", "assocalpha") else 1.01
    for planar, order, compression in itertools.product(
        ("contig", "separate"), "<>", (None, "zlib")
    ):
        values = samples_of(CHANNELS[photometric], order + dtype, alpha=extra is not None)
        if values.shape[-1] == 1 and planar == "separate":
            continue
        kind = {"<": "little", ">": "big"}[order]
        name = f"{photometric}-{dtype}-{extra}-{planar}-{kind}-{compression}.tif"
        data = tiff(
            values, planar, photometric, byteorder=order, compression=compression, **options
        )
        yield Case(name, data, *_shown(data, photometric, extra), tolerance)


def _shown(data, photometric, extra):
    """(RGB, alpha) by the formulas of the TIFF specification, from what tifffile reads."""
    values, alpha = _read_by_tifffile(data), None
    if extra is not None:
        values, last = values[..., :-1], values[..., -1]
        alpha = None if extra == "unspecified" else last * 255
        if extra == "assocalpha":
            values = np.clip(values / np.maximum(last[..., None], 1e-9), 0, 1)
    if photometric == "cielab":
        return None, None
    if photometric == "miniswhite":
        values = 1 - values
    elif photometric == "separated":
        values, alpha = (1 - values[..., :3]) * (1 - values[..., 3:4]), None
    elif photometric == "ycbcr":
        luma, blue, red = values[..., 0], values[..., 1] - 128 / 255, values[..., 2] - 128 / 255
        green = luma - 0.344136 * blue - 0.714136 * red
        values = np.clip(np.stack([luma + 1.402 * red, green, luma + 1.772 * blue], -1), 0, 1)
    return np.broadcast_to(values * 255, (HEIGHT, WIDTH, 3)), alpha


def _read_by_tifffile(data):
    """Parts of white, float64 [H, W, C]."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        values = page.asarray()
        if page.planarconfig == 2 and values.ndim == 3:
            values = np.moveaxis(values, 0, -1)
        values = values.reshape(HEIGHT, WIDTH, -1)
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            return np.moveaxis(page.colormap[:, values[..., 0]], 0, -1) / 65535
    white = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    return values.astype(np.float64) / white


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values, kind, depth, interlaced, *chunks):
    """A PNG of integers [H, W, C] of a colour type and depth, with more chunks."""
    views = [values]
    if interlaced:
        views = [values[top::down, left::right] for left, top, right, down in _PASSES]
    rows = [b"\0" + _packed(row.ravel(), depth) for view in views for row in view if row.size]
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    body = png_chunk(b"IDAT", zlib.compress(b"".join(rows))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks) + body


def _packed(row, depth):
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = row[:, None] >> np.arange(depth - 1, -1, -1) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def png_cases():
    """Every colour type and depth, with and without a transparent colour, interlaced or not."""
    rng = np.random.default_rng(0)
    types = {
        0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)),
        6: (4, (8, 16)),
    }  # fmt: skip
    for kind, (channels, depths) in types.items():
        for depth, key, interlaced in itertools.product(depths, (False, True), (0, 1)):
            if key and kind in (4, 6):
                continue
            values = rng.integers(0, 2**depth, (HEIGHT, WIDTH, channels))
            if kind == 2:
                values[0, 1] = values[0, 0]
                values[0, 1, 2] ^= 1  # nearly the transparent colour
            rgb, alpha = values / (2**depth - 1) * 255, None
            chunks = []
            if kind == 3:
                palette = rng.integers(0, 256, (2**depth, 4), np.uint8)
                chunks.append(png_chunk(b"PLTE", palette[:, :3].tobytes()))
                rgb, alpha = palette[values[..., 0]][..., :3], palette[values[..., 0]][..., 3]
                alpha = alpha if key else None
                if key:
                    chunks.append(png_chunk(b"tRNS", palette[:, 3].tobytes()))
            elif key:
                chosen = values[0, 0]
                chunks.append(png_chunk(b"tRNS", chosen.astype(">u2").tobytes()))
                alpha = np.where((values == chosen).all(-1), 0, 255)
            elif kind in (4, 6):
                rgb, alpha = rgb[..., :-1], rgb[..., -1]
            data = png(values, kind, depth, interlaced, *chunks)
            name = f"type{kind}-{depth}-{'key' if key else 'plain'}-{interlaced}.png"
            yield Case(name, data, np.broadcast_to(rgb, (HEIGHT, WIDTH, 3)), alpha)


def netpbm_cases():
    """PBM, PGM and PPM, as text and packed, of several largest values; PFM of both byte orders."""
    rng = np.random.default_rng(0)
    for kind, white in itertools.product(range(1, 7), (1, 3, 255, 256, 1023, 65535)):
        if kind in (1, 4) and white > 1:
            continue
        values = rng.integers(0, white + 1, (HEIGHT, WIDTH, 3 if kind in (3, 6) else 1))
        head = f"P{kind}\n# a remark\n{WIDTH} {HEIGHT}\n"
        head += "" if kind in (1, 4) else f"{white}\n"
        if kind <= 3:
            body = " ".join(map(str, values.ravel())).encode()
        elif kind == 4:
            body = np.packbits(values[..., 0].astype(np.uint8), axis=1).tobytes()
        else:
            body = values.astype("u1" if white < 256 else ">u2").tobytes()
        rgb = np.broadcast_to(values / white * 255, (HEIGHT, WIDTH, 3))
        rgb = 255 - rgb if kind in (1, 4) else rgb
        suffix = {0: "ppm", 1: "pbm", 2: "pgm"}[kind % 3]
        yield Case(f"p{kind}-{white}.{suffix}", head.encode() + body, rgb)
    for order, channels in itertools.product("<>", (1, 3)):
        yield Case(
            f"pfm-{channels}-{'little' if order == '<' else 'big'}.pfm",
            pfm(parts(channels), order),
            np.broadcast_to(parts(channels) * 255, (HEIGHT, WIDTH, 3)),
        )


def pfm(values, order="<"):
    """A portable float map of values [H, W, 1 or 3]."""
    height, width, channels = values.shape
    kind, sign = "F" if channels == 3 else "f", "-" if order == "<" else ""
    head = f"P{kind}\n{width} {height}\n{sign}1.0\n".encode()
    return head + values[::-1].astype(f"{order}f4").tobytes()


def all_cases():
    """Every `Case`."""
    for combination in tiff_combinations():
        yield from tiff_cases(*combination)
    yield from png_cases()
    yield from netpbm_cases()
