"""How near a network's pictures come to its painting, on photographs that it was not trained on.

    python -m benchmarks.style_losses CHECKPOINT STYLE PHOTO [PHOTO ...] [--vgg_weights=PATH]

Prints, for each photograph, the content loss of the stylized picture, the style loss of the
photograph and of the stylized picture, and the totals, with the loss settings that the network was
trained with, and the weave: what repeats with the network's grid, of 255, before and after.
"""

import os

from absl import app, flags

from benchmarks import machine, trained_losses
from fast_style import images
from fast_style.painting.stylizer import Stylizer

flags.DEFINE_string("style", None, "Which style of a network of several.")
flags.DEFINE_string("vgg_weights", "imagenet", '"imagenet" or the path of a Keras weights file.')
flags.DEFINE_integer("image_size", 512, "Long side of the photographs, pixels; 0 keeps theirs.")


def main(argv):
    if len(argv) < 4:
        raise app.UsageError("CHECKPOINT, STYLE and at least one PHOTO are expected")
    _, prefix, style, *photos = argv
    stylizer = Stylizer.load(prefix, style=flags.FLAGS.style)
    loss = trained_losses.load(stylizer.metadata, style, flags.FLAGS.vgg_weights, flags.FLAGS.style)
    rows = []
    for path in photos:
        photo = images.read(path)
        if flags.FLAGS.image_size:
            photo = images.fit(photo, flags.FLAGS.image_size)
        painted = stylizer(photo)
        (before, parts_before), (after, parts_after) = trained_losses.compare(loss, photo, painted)
        share = float(parts_after["style"]) / float(parts_before["style"])
        rows.append(
            (
                os.path.basename(path),
                f"{photo.shape[1]} x {photo.shape[0]}",
                f"{float(parts_after['content']):.3g}",
                f"{float(parts_before['style']):.3g}",
                f"{float(parts_after['style']):.3g}",
                f"{share:.1%}",
                f"{float(before):.3g}",
                f"{float(after):.3g}",
                f"{trained_losses.weave(photo):.1f}, {trained_losses.weave(painted):.1f}",
            )
        )
    machine.table(
        (
            "photograph",
            "size",
            "content",
            "style before",
            "style after",
            "share",
            "total before",
            "total after",
            "weave",
        ),
        rows,
    )


if __name__ == "__main__":
    app.run(main)
