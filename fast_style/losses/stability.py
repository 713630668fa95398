"""The stability loss: painting and moving change places (Wang et al., AAAI 2020).

A network whose strokes stay where they are when a photograph moves a little, and changes a little,
paints films without flicker. It is asked for that on photographs alone: no film is needed.
"""

from keras import ops


def warp(images, flows):
    """Images as they are seen after a motion, interpolated bilinearly.

    Args:
        images: float32 `[N, H, W, C]`.
        flows: float32 `[N, H, W, 2]`, down and right from a pixel of the result to the place in the
            image that it shows, pixels.

    Returns:
        float32 `[N, H, W, C]`, in which the border goes on beyond itself, and where the flow stays
        within the image, float32 `[N, H, W, 1]`, 1 there and 0 elsewhere.
    """
    count, height, width, channels = ops.shape(images)
    rows = ops.cast(ops.arange(height), "float32")[None, :, None] + flows[..., 0]
    columns = ops.cast(ops.arange(width), "float32")[None, None, :] + flows[..., 1]
    inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
    rows = ops.clip(rows, 0, height - 1)
    columns = ops.clip(columns, 0, width - 1)
    top = ops.clip(ops.floor(rows), 0, max(height - 2, 0))
    left = ops.clip(ops.floor(columns), 0, max(width - 2, 0))
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
    first = height * ops.arange(count, dtype="int32")[:, None, None]
    pixels = ops.reshape(images, (count * height * width, channels))

    def at(row, column):
        row, column = ops.minimum(row, height - 1), ops.minimum(column, width - 1)
        return ops.take(pixels, (first + row) * width + column, axis=0)

    above = (1 - right) * at(top, left) + right * at(top, left + 1)
    below = (1 - right) * at(top + 1, left) + right * at(top + 1, left + 1)
    return (1 - down) * above + down * below, ops.cast(inside, "float32")[..., None]


def stability_loss(painted, painted_after, flows):
    """How much a painting differs from the painting before a motion, moved likewise.

    Args:
        painted: float32 RGB `[N, H, W, 3]`, the paintings of some photographs.
        painted_after: float32 of the same shape, those of the photographs after the motion.
        flows: float32 `[N, H, W, 2]`, the motions, as `warp` takes them.

    Returns:
        float32 scalar: the mean over the images of each one's mean absolute difference, in pixel
        values, over what can be seen before and after.
    """
    moved, seen = warp(painted, flows)
    differences = ops.mean(ops.abs(moved - painted_after), axis=-1, keepdims=True) * seen
    pixels = ops.maximum(ops.sum(seen, axis=(1, 2, 3)), 1.0)
    return ops.mean(ops.sum(differences, axis=(1, 2, 3)) / pixels)
