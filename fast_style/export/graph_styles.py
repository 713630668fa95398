"""Names of styles inside a TensorFlow graph, for exported networks of several.

What `fast_style.checkpoints.styles.parse_mixture` does with a text, here as graph operations.
"""

import tensorflow as tf


def parse_mixtures(texts, names):
    """How much of each style each of some texts asks for.

    Args:
        texts: string tensor `[N]`, each such as "wave" or "starry_night:2,wave:1".
        names: list of str, the styles that there are.

    Returns:
        float32 `[N, len(names)]`, parts of 1 in each row.

    Raises:
        tf.errors.InvalidArgumentError: (when the graph runs) an unknown name, one twice, or weights
            that are no numbers, negative, not finite or all 0.
    """
    known = tf.constant(list(names))
    listed = ", ".join(names)

    def parse(text):
        parts = tf.strings.strip(tf.strings.split(text, ","))
        # With a weight of 1 where none is given; the second colon of "a:1:2" breaks the number.
        given = tf.strings.join([parts, ":1"])
        parts = tf.where(tf.strings.regex_full_match(parts, "[^:]*"), given, parts)
        found = tf.strings.regex_replace(parts, ":.*", "")
        weights = tf.strings.to_number(tf.strings.regex_replace(parts, "^[^:]*:", "", False))
        matches = tf.cast(found[:, None] == known[None], tf.float32)
        checks = [
            _check(
                tf.reduce_sum(matches, 1) == 1,
                f"` names an unknown style; there are {listed}",
                text,
            ),
            _check(tf.reduce_sum(matches, 0) <= 1, "` names a style twice", text),
            _check(
                (weights >= 0) & (weights < float("inf")),
                "` has a weight that is negative or not finite",
                text,
            ),
            _check(tf.reduce_sum(weights) > 0, "` has no weight that is not 0", text),
        ]
        with tf.control_dependencies(checks):
            mixture = tf.linalg.matvec(matches, weights, transpose_a=True)
        return mixture / tf.reduce_sum(mixture)

    return tf.map_fn(parse, texts, fn_output_signature=tf.TensorSpec([len(names)], tf.float32))


def _check(condition, reason, text):
    message = tf.strings.join(["style `", text, reason])
    return tf.debugging.Assert(tf.reduce_all(condition), [message])
