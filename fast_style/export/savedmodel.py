"""A trained network as a SavedModel for TensorFlow Serving."""

import tensorflow as tf

from fast_style.errors import InvalidValue
from fast_style.export import graph_images
from fast_style.export.graph_styles import parse_mixtures
from fast_style.networks.architecture import SMALLEST
from fast_style.painting.tensorflow_runtime import to_uint8

MAX_PIXELS = 1 << 22
"""Default limit on the pixels of a request: 2048 x 2048, for which width 32 takes about 4 GB."""


def signatures(network, max_pixels=MAX_PIXELS, names=()):
    """The signatures of an exported network, the functions that answer requests.

    - `serving_default` maps `image_bytes`, strings `[N]`, each a JPEG, PNG or WebP of any size, to
      `stylized_bytes`, strings `[N]`: a JPEG for a JPEG, else a PNG, with the image's alpha.
    - `pixels` maps `pixels`, uint8 RGB `[N, H, W, 3]`, to `stylized` of the same shape and dtype.
    - `pixels_float` maps `pixels`, float32 RGB `[N, H, W, 3]`, 0..255, to `stylized`, the network's
      float32 output, neither rounded nor clipped.

    Those of a network of several styles take `style`, too, strings `[N]`, each a name or a mixture
    such as "starry_night:2,wave:1". A request that breaks a rule fails as a whole, with a message
    that names the image or the style.

    Args:
        network: a built `TransformNet`.
        max_pixels: limit on the pixels of all images of a request, each counted with sides of at
            least 8, to which the network pads; checked before anything is decoded.
        names: list of str, of the network's styles if there are several.

    Returns:
        dict of `tf.function`s by signature name.

    Raises:
        ValueError: `max_pixels` is too small for any image.
    """
    if max_pixels < SMALLEST**2:
        raise InvalidValue(f"`max_pixels` must be at least {SMALLEST**2}; received {max_pixels}")
    several = network.styles > 1

    def paint(images, weights):
        return network(images, training=False, styles=weights)

    def weights_of(count, style):
        """float32 `[N, styles]`; of a network of one style nothing is asked."""
        if not several:
            return tf.ones([count, 1])
        same = tf.debugging.Assert(
            tf.size(style[0]) == count, ["the request must have a style for each image"]
        )
        with tf.control_dependencies([same]):
            return parse_mixtures(style[0], names)

    def painted_file(argument):
        data, kind, weights = argument
        rgba = graph_images.decode(data, kind)
        images = tf.cast(rgba[None, :, :, :3], tf.float32)
        painted = to_uint8(paint(images, weights[None]))[0]
        return graph_images.encode(painted, rgba[:, :, 3:], kind)

    def files(image_bytes, *style):
        weights = weights_of(tf.size(image_bytes), style)
        kinds = _check_files(image_bytes, max_pixels)
        # One at a time: memory is that of the largest image, not of the batch.
        stylized = tf.map_fn(
            painted_file,
            (image_bytes, kinds, weights),
            fn_output_signature=tf.TensorSpec([], tf.string),
            parallel_iterations=1,
        )
        return {"stylized_bytes": stylized}

    def pixels(pixels, *style):
        images = tf.cast(_checked_pixels(pixels, max_pixels), tf.float32)
        return {"stylized": to_uint8(paint(images, weights_of(tf.shape(pixels)[0], style)))}

    def pixels_float(pixels, *style):
        images = _checked_pixels(pixels, max_pixels)
        return {"stylized": paint(images, weights_of(tf.shape(pixels)[0], style))}

    style = (tf.TensorSpec([None], tf.string, name="style"),) if several else ()
    image_bytes = tf.TensorSpec([None], tf.string, name="image_bytes")
    images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="pixels")
    floats = tf.TensorSpec([None, None, None, 3], tf.float32, name="pixels")
    return {
        "serving_default": _function(files, image_bytes, *style),
        "pixels": _function(pixels, images, *style),
        "pixels_float": _function(pixels_float, floats, *style),
    }


def _function(function, *specifications):
    return tf.function(function, input_signature=specifications, autograph=False)


def save(network, path, max_pixels=MAX_PIXELS, names=()):
    """Writes a network as a SavedModel that loads without this project and without Keras.

    Args:
        network: a built `TransformNet`.
        path: folder of the SavedModel; made if missing.
        max_pixels, names: see `signatures`.
    """
    module = tf.Module()
    # Plain variables: a Keras model would be saved with Keras's metadata as well.
    module.weights = [weight.value for weight in network.weights]
    tf.saved_model.save(module, path, signatures=signatures(network, max_pixels, names))


def _check_files(image_bytes, max_pixels):
    """Checks all headers of a request; returns the images' formats, int32 `[N]`."""

    def header(argument):
        number, data = argument
        name = tf.strings.join(["image ", tf.strings.as_string(number)])
        kind, height, width = graph_images.read_header(data, name)
        return kind, _counted(height, width)

    count = tf.size(image_bytes)
    kinds, pixels = tf.map_fn(
        header,
        (tf.range(count), image_bytes),
        fn_output_signature=(tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int64)),
        parallel_iterations=1,
    )
    with tf.control_dependencies([_check_limit(tf.reduce_sum(pixels), max_pixels)]):
        return tf.identity(kinds)


def _checked_pixels(pixels, max_pixels):
    shape = tf.shape(pixels, tf.int64)
    filled = tf.debugging.Assert(tf.reduce_all(shape > 0), ["the request has no pixels"])
    with tf.control_dependencies([filled]):
        total = shape[0] * _counted(shape[1], shape[2])
    with tf.control_dependencies([_check_limit(total, max_pixels)]):
        return tf.identity(pixels)


def _counted(height, width):
    """Pixels of an image as the network pads it, int64."""
    # A header may claim sides of 2^32; neither product nor sum over a batch may overflow.
    sides = (tf.clip_by_value(side, SMALLEST, 2**31) for side in (height, width))
    return tf.minimum(tf.math.multiply(*sides), 2**40)


def _check_limit(pixels, max_pixels):
    message = tf.strings.join(
        ["the request has ", tf.strings.as_string(pixels), f" pixels, the limit is {max_pixels}"]
    )
    return tf.debugging.Assert(pixels <= max_pixels, [message])
