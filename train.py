"""Trains a network to paint photographs in the style of one painting.

    python train.py STYLE PHOTOS [flags]

STYLE is an image of the painting; PHOTOS a folder of photographs, searched recursively, or
tfds:NAME[:SPLIT] for a prepared TFDS dataset. Checkpoints, the finished network ckpt-done and
TensorBoard's log/ go to --checkpoint_dir. The same command goes on where a run stopped.
"""

import inspect
import os

from absl import flags

from fast_style import command_line

if __name__ == "__main__":
    command_line.import_tensorflow()

import tqdm

from data import images
from data.photos import Photos
from fast_style import layers, loss_net, losses, transform_net
from fast_style.settings import SCHEDULES, TrainingSettings
from fast_style.training import Trainer

RUN = TrainingSettings()
LOSSES = RUN.losses
NETWORK = transform_net.TransformNet
# Flags of the network and the arguments that they set.
NETWORK_FLAGS = {
    "width": "width",
    "residual_blocks": "residual_blocks",
    "normalization": "normalization",
    "padding": "padding",
    "upsampling": "upsampling",
    "output_activation": "output",
}
SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "img", "test.jpg")


def _default(function, name):
    """The default of an argument, stated once, where the function is."""
    return inspect.signature(function).parameters[name].default


def _define_flags():
    network = {flag: _default(NETWORK, argument) for flag, argument in NETWORK_FLAGS.items()}
    trainer = {
        name: _default(Trainer, name)
        for name in ("checkpoint_dir", "save_every", "log_every", "keep", "jit_compile", "resume")
    }
    # The run
    flags.DEFINE_integer("steps", RUN.steps, "Parameter updates in all.")
    flags.DEFINE_integer("image_size", RUN.image_size, "Side of the training crops, pixels.")
    flags.DEFINE_integer("batch_size", RUN.batch_size, "Crops in a step.")
    flags.DEFINE_float("learning_rate", RUN.learning_rate, "Learning rate of Adam.")
    flags.DEFINE_enum(
        "learning_rate_schedule",
        RUN.learning_rate_schedule,
        SCHEDULES,
        "The learning rate stays, or falls along a cosine to 0 at the last step.",
    )
    flags.DEFINE_bool(
        "mixed_precision",
        RUN.mixed_precision,
        "Compute convolutions in bfloat16: faster on GPUs and CPUs that have it.",
    )
    flags.DEFINE_integer("seed", RUN.seed, "Seed of weights, order, crops and flips.")
    flags.DEFINE_float(
        "zoom",
        RUN.zoom,
        "Before a crop is taken, the photograph's shorter side is resized to --image_size times "
        "a factor drawn from 1 to this.",
    )
    flags.DEFINE_string(
        "init_from", RUN.init_from, "Prefix of a trained network to start from, if any."
    )
    flags.DEFINE_bool(
        "resume",
        trainer["resume"],
        "Go on from the last checkpoint in --checkpoint_dir. With --noresume a run starts afresh "
        "and the earlier one's checkpoints move into previous-N/.",
    )
    flags.DEFINE_bool("jit_compile", trainer["jit_compile"], "Compile the step with XLA.")
    flags.DEFINE_string(
        "data_dir", None, "Where TFDS keeps its datasets (default: TFDS's own default)."
    )
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Images with more pixels than this are not read."
    )
    # The losses
    flags.DEFINE_float("content_weight", LOSSES.content_weight, "Weight of the content loss.")
    flags.DEFINE_float("style_weight", LOSSES.style_weight, "Weight of the style loss.")
    flags.DEFINE_float(
        "tv_weight",
        LOSSES.tv_weight,
        "Weight of the total variation loss (mean absolute difference of neighbours).",
    )
    flags.DEFINE_list("content_layers", list(LOSSES.content_layers), "Layers of the content loss.")
    flags.DEFINE_list("style_layers", list(LOSSES.style_layers), "Layers of the style loss.")
    flags.DEFINE_list(
        "content_layer_weights",
        list(LOSSES.content_layer_weights),
        "A weight a layer (default 1 each).",
    )
    flags.DEFINE_list(
        "style_layer_weights",
        list(LOSSES.style_layer_weights),
        "A weight a layer (default 1 each).",
    )
    flags.DEFINE_enum(
        "style_reduction",
        LOSSES.style_reduction,
        losses.REDUCTIONS,
        "Over the entries of a Gram difference: sum (as the paper), mean (layers balanced), or "
        "relative (the same, scaled to the painting's own energy).",
    )
    flags.DEFINE_integer(
        "style_size",
        RUN.style_size,
        "Long side to which the painting is resized, pixels; larger gives larger strokes; "
        "0 keeps its own size.",
    )
    flags.DEFINE_enum(
        "loss_network", RUN.loss_network, loss_net.ARCHITECTURES, "Network of the losses."
    )
    flags.DEFINE_string(
        "vgg_weights", RUN.vgg_weights, '"imagenet" or the path of a Keras weights file.'
    )
    # The network
    flags.DEFINE_integer("width", network["width"], "Channels of the first convolution.")
    flags.DEFINE_integer(
        "residual_blocks", network["residual_blocks"], "Number of residual blocks."
    )
    flags.DEFINE_enum(
        "normalization", network["normalization"], layers.NORMALIZATIONS, "Normalization."
    )
    flags.DEFINE_enum("padding", network["padding"], layers.PADDINGS, "Padding.")
    flags.DEFINE_enum("upsampling", network["upsampling"], layers.UPSAMPLINGS, "Upsampling.")
    flags.DEFINE_enum(
        "output_activation",
        network["output_activation"],
        transform_net.OUTPUTS,
        "What follows the last convolution: tanh scaled to 0..255, or nothing.",
    )
    # What is kept and shown
    flags.DEFINE_string(
        "checkpoint_dir", trainer["checkpoint_dir"], "Where checkpoints, ckpt-done and log/ go."
    )
    flags.DEFINE_integer("save_every", trainer["save_every"], "Steps between checkpoints.")
    flags.DEFINE_integer("log_every", trainer["log_every"], "Steps between summaries.")
    flags.DEFINE_integer("keep", trainer["keep"], "Number of checkpoints that are kept.")
    flags.DEFINE_list(
        "validation_images",
        [SAMPLE] if os.path.exists(SAMPLE) else [],
        "Photographs that TensorBoard shows beside their stylized form at each checkpoint.",
    )


def _settings(values):
    """`TrainingSettings` from the flags."""
    return TrainingSettings(
        **{
            name: values[name].value
            for name in (
                "steps",
                "image_size",
                "batch_size",
                "learning_rate",
                "learning_rate_schedule",
                "seed",
                "zoom",
                "style_size",
                "loss_network",
                "vgg_weights",
                "init_from",
                "mixed_precision",
            )
        },
        losses=losses.LossSettings(
            content_weight=values.content_weight,
            style_weight=values.style_weight,
            tv_weight=values.tv_weight,
            content_layers=tuple(values.content_layers),
            style_layers=tuple(values.style_layers),
            content_layer_weights=command_line.numbers(
                "content_layer_weights", values.content_layer_weights
            ),
            style_layer_weights=command_line.numbers(
                "style_layer_weights", values.style_layer_weights
            ),
            style_reduction=values.style_reduction,
        ),
        # Only what was asked for: a network given by --init_from brings its own options.
        network={
            argument: values[flag].value
            for flag, argument in NETWORK_FLAGS.items()
            if values[flag].present
        },
    )


def main(argv):
    if len(argv) != 3:
        command_line.usage_error("two arguments are wanted: STYLE and PHOTOS")
    values = flags.FLAGS
    _, style, source = argv
    settings = _settings(values)
    painting = images.read(style, values.max_pixels)
    validation = [
        images.fit(images.read(path, values.max_pixels), 512) for path in values.validation_images
    ]
    photos = Photos(
        source,
        image_size=settings.image_size,
        batch_size=settings.batch_size,
        seed=settings.seed,
        zoom=settings.zoom,
        max_pixels=values.max_pixels,
        data_dir=values.data_dir,
    )
    trainer = Trainer(
        settings,
        painting,
        photos,
        checkpoint_dir=values.checkpoint_dir,
        style_name=os.path.basename(style),
        photos_name=source if source.startswith("tfds:") else os.path.basename(source.rstrip("/")),
        validation_images=validation,
        save_every=values.save_every,
        log_every=values.log_every,
        keep=values.keep,
        jit_compile=values.jit_compile,
        resume=values.resume,
    )
    if trainer.step:
        print(f"going on from step {trainer.step} of {settings.steps} in {values.checkpoint_dir}")
    return _train(trainer, photos, settings)


def _train(trainer, photos, settings):
    """Runs the trainer under a progress bar; returns the exit status."""
    started = trainer.step
    with (
        command_line.StopSignals() as stop,
        tqdm.tqdm(total=settings.steps, initial=started, unit="step", dynamic_ncols=True) as bar,
    ):

        def show(progress):
            losses = " ".join(
                f"{name} {progress.losses[name]:.4g}"
                for name in ("total", "content", "style", "tv")
            )
            bar.set_postfix_str(
                f"{losses} {progress.images_per_second:.1f} images/s", refresh=False
            )
            bar.update(progress.step - bar.n)

        finished = trainer.run(show, stop)
    skipped = f" ({photos.skipped} unreadable photographs skipped)" if photos.skipped else ""
    if not finished:
        print(
            f"stopped at step {trainer.step} of {settings.steps} and saved{skipped}; "
            "the same command goes on from there"
        )
        return 128 + stop.received
    if trainer.set_aside:
        print(f"an earlier network was moved to {trainer.set_aside}")
    print(f"trained {trainer.step} steps{skipped}: {trainer.done_prefix}")
    return 0


if __name__ == "__main__":
    _define_flags()
    command_line.run(main)
