"""Decoding and encoding images inside a TensorFlow graph, for exported networks.

The counterpart of `fast_style.images` in graph operations, so that an exported network needs no
Python. Headers are read before anything is decoded: the size that an image claims is checked before
memory is allocated.
"""

import tensorflow as tf

JPEG, PNG, WEBP = range(3)
_UNKNOWN = 3
_HEADER = 32  # bytes that hold the size of a PNG or WebP
_MAX_EXIF_OFFSET = 1 << 17  # bytes: two JPEG segments; EXIF further inside is not found
_MAX_SEGMENTS = 64  # before EXIF; cameras write it first or second
_MAX_EXIF_ENTRIES = 256  # cameras write some 20
_ORIENTATION = 0x0112


def read_header(data, name):
    """Format and size of an encoded image, without decoding it.

    Args:
        data: scalar string tensor, a JPEG, PNG or WebP file.
        name: scalar string tensor, name of the image in errors.

    Returns:
        int32 scalar `JPEG`, `PNG` or `WEBP`, and height and width as stored, int64 scalars.

    Raises:
        tf.errors.InvalidArgumentError: (when the graph runs) another format, a damaged header, no
            pixels, or an animation.
    """
    head = _bytes(data, _HEADER)
    is_jpeg = _starts_with(head, 0, b"\xff\xd8\xff")
    is_png = _starts_with(head, 0, b"\x89PNG\r\n\x1a\n") & _starts_with(head, 12, b"IHDR")
    is_webp = _starts_with(head, 0, b"RIFF") & _starts_with(head, 8, b"WEBPVP8")
    kind = tf.where(is_jpeg, JPEG, tf.where(is_png, PNG, tf.where(is_webp, WEBP, _UNKNOWN)))
    # TensorFlow 2.21 writes beyond its buffer if a WebP has several frames.
    animated = is_webp & _starts_with(head, 15, b"X") & (head[20] // 2 % 2 == 1)
    checks = [
        _check(kind != _UNKNOWN, name, ": not a JPEG, PNG or WebP image"),
        _check(~animated, name, ": an animated WebP; only single images are painted"),
    ]
    with tf.control_dependencies(checks):
        kind = tf.identity(kind)
    size = tf.switch_case(
        kind,
        {
            JPEG: lambda: tf.image.extract_jpeg_shape(data, tf.int64)[:2],
            PNG: lambda: tf.stack([_number(head, 20, 4, "big"), _number(head, 16, 4, "big")]),
            WEBP: lambda: _webp_size(head),
        },
    )
    size = tf.ensure_shape(size, [2])
    with tf.control_dependencies([_check(tf.reduce_all(size > 0), name, ": has no pixels")]):
        return kind, tf.identity(size[0]), tf.identity(size[1])


def decode(data, kind):
    """Pixels of an encoded image, upright as a JPEG's EXIF says.

    Args:
        data: scalar string tensor.
        kind: its format, as `read_header` returned it.

    Returns:
        uint8 `[H, W, 4]`, RGB and alpha (255 where the image has none).

    Raises:
        tf.errors.InvalidArgumentError: (when the graph runs) damaged data.
    """
    rgba = tf.switch_case(
        kind,
        {
            JPEG: lambda: _decode_jpeg(data),
            PNG: lambda: _decode_png(data),
            WEBP: lambda: _decode_webp(data),
        },
    )
    return tf.ensure_shape(rgba, [None, None, 4])


def encode(rgb, alpha, kind):
    """Encodes an image in the format that the request's image had.

    Args:
        rgb: uint8 `[H, W, 3]`.
        alpha: uint8 `[H, W, 1]`.
        kind: `JPEG` for a JPEG of quality 95, 4:4:4, as `fast_style.images` writes; `PNG` or `WEBP`
            for a PNG, with alpha unless all is opaque (TensorFlow writes no WebP).

    Returns:
        scalar string tensor.
    """

    def png():
        rgba = tf.concat([rgb, alpha], axis=-1)
        opaque = tf.reduce_all(alpha == 255)
        return tf.cond(opaque, lambda: tf.io.encode_png(rgb), lambda: tf.io.encode_png(rgba))

    def jpeg():
        return tf.io.encode_jpeg(rgb, quality=95, chroma_downsampling=False)

    return tf.cond(kind == JPEG, jpeg, png)


def _check(condition, *parts):
    return tf.debugging.Assert(condition, [tf.strings.join(parts)])


def _bytes(data, length):
    """The first `length` bytes as int32 `[length]`, zeros beyond the end."""
    padded = tf.strings.join([tf.strings.substr(data, 0, length), b"\x00" * length])
    return tf.cast(tf.io.decode_raw(tf.strings.substr(padded, 0, length), tf.uint8), tf.int32)


def _starts_with(values, offset, text):
    return tf.reduce_all(values[offset : offset + len(text)] == list(text))


def _number(values, offset, length, order):
    """The unsigned integer of `length` bytes at `offset`, int64."""
    part = tf.cast(values[offset : offset + length], tf.int64)
    weights = [256**i for i in range(length)]
    return tf.reduce_sum(part * (weights if order == "little" else weights[::-1]))


def _webp_size(head):
    """Height and width of a WebP, lossless, lossy or extended."""
    bits = _number(head, 21, 4, "little")
    lossless = (bits // 2**14 % 2**14 + 1, bits % 2**14 + 1)
    extended = (_number(head, 27, 3, "little") + 1, _number(head, 24, 3, "little") + 1)
    lossy = (_number(head, 28, 2, "little") % 2**14, _number(head, 26, 2, "little") % 2**14)
    kind = head[15]
    return tf.where(kind == ord("L"), lossless, tf.where(kind == ord("X"), extended, lossy))


def _decode_jpeg(data):
    # The decoder's slow and exact arithmetic, which Pillow uses as well.
    rgb = tf.io.decode_jpeg(
        data, channels=3, dct_method="INTEGER_ACCURATE", fancy_upscaling=True, name="decode_JPEG"
    )
    return _upright(_opaque(rgb), _orientation(data))


def _decode_png(data):
    rgba = tf.io.decode_png(data, channels=4, name="decode_PNG")
    # For 1, 2 or 4 bits, TensorFlow leaves opaque alpha at the largest value of so many bits.
    depth = tf.minimum(_bytes(data, _HEADER)[24], 8)
    alpha = tf.cast(rgba[:, :, 3:], tf.int32)
    opaque = (depth < 8) & tf.reduce_all(alpha == 2**depth - 1)
    alpha = tf.cast(tf.where(opaque, 255, alpha), tf.uint8)
    return tf.concat([rgba[:, :, :3], alpha], axis=-1)


def _decode_webp(data):
    # Not decode_webp: servers of earlier versions know DecodeImage and load the graph.
    image = tf.io.decode_image(data, channels=0, expand_animations=False, name="decode_WebP")
    image = tf.ensure_shape(image, [None, None, None])
    return tf.cond(tf.shape(image)[2] == 4, lambda: image, lambda: _opaque(image))


def _opaque(rgb):
    alpha = tf.fill(tf.concat([tf.shape(rgb)[:2], [1]], axis=0), tf.constant(255, tf.uint8))
    return tf.concat([rgb, alpha], axis=-1)


def _upright(image, orientation):
    """Applies an EXIF orientation of 1..8."""

    def any_of(*orientations):
        return tf.reduce_any(orientation == orientations)

    image = tf.cond(
        orientation >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: tf.identity(image)
    )
    image = tf.cond(any_of(2, 3, 6, 7), lambda: image[:, ::-1], lambda: tf.identity(image))
    return tf.cond(any_of(3, 4, 7, 8), lambda: image[::-1], lambda: tf.identity(image))


def _orientation(data):
    """EXIF orientation of a JPEG, int64 1..8; 1 if it is missing or the EXIF is damaged."""
    values = tf.cast(_bytes(data, _MAX_EXIF_OFFSET), tf.int64)
    weights = [2**24, 2**16, 2**8, 1]

    def at(offsets):
        return tf.gather(values, tf.clip_by_value(offsets, 0, _MAX_EXIF_OFFSET - 1))

    def number(offset, length, little):
        """Integers of `length` bytes at `offset` (any shape), whose order is a tensor."""
        part = at(tf.expand_dims(offset, -1) + tf.range(length, dtype=tf.int64))
        part = tf.where(little, tf.reverse(part, [-1]), part)
        return tf.reduce_sum(part * weights[4 - length :], -1)

    def is_other_segment(segment):
        marker = at(segment + 1)
        named = at(segment + tf.range(4, 8, dtype=tf.int64))
        exif = (marker == 0xE1) & tf.reduce_all(named == list(b"Exif"))
        return (at(segment) == 0xFF) & (marker >= 0xE0) & (marker <= 0xEF) & ~exif

    big = tf.constant(False)
    (segment,) = tf.while_loop(
        is_other_segment,
        lambda segment: [segment + 2 + number(segment + 2, 2, big)],
        [tf.constant(2, tf.int64)],
        maximum_iterations=_MAX_SEGMENTS,
    )
    found = (at(segment) == 0xFF) & (at(segment + 1) == 0xE1)
    tiff = segment + 10
    little = at(tiff) == ord("I")
    directory = tiff + number(tiff + 4, 4, little)
    count = tf.minimum(number(directory, 2, little), _MAX_EXIF_ENTRIES)
    entries = directory + 2 + 12 * tf.range(count)
    matches = (number(entries, 2, little) == _ORIENTATION) & found
    stated = tf.reduce_max(tf.where(matches, number(entries + 8, 2, little), 0))
    return tf.where((stated >= 1) & (stated <= 8), stated, 1)
