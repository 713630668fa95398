"""The flags of the command train."""

from absl import flags

from data import cache
from data.degradation import DEGRADATIONS
from fast_style import command_line, images
from fast_style.commands import provided
from fast_style.commands.task_flags import TASKS
from fast_style.commands.task_flags import define as _define
from fast_style.losses import loss_network
from fast_style.losses.loss_settings import REDUCTIONS
from fast_style.networks import architecture
from fast_style.networks.super_resolution_net import FACTORS
from fast_style.training.distribution import STRATEGIES, Distribution
from fast_style.training.settings import OPTIMIZERS, SCHEDULES
from fast_style.training.trainer import TaskTrainer


def define():
    """Defines all flags."""
    task = next(iter(TASKS))
    flags.DEFINE_enum("task", task, TASKS, "What the network is trained for.")
    _define_run()
    _define_losses()
    _define_network()
    _define_checkpoints_and_logs()


def trainer_options(values):
    """The arguments of `TaskTrainer` that are flags (dict)."""
    options = {name: values[name].value for name in _trainer_defaults()}
    steps = command_line.numbers("profile_steps", options["profile_steps"], int)
    return {**options, "profile_steps": steps}


def _trainer_defaults():
    defaults = command_line.defaults(TaskTrainer)
    names = ("checkpoint_dir", "save_every", "log_every", "keep", "profile_steps")
    return {name: defaults[name] for name in (*names, "jit_compile", "resume")}


def _define_run():
    trainer = _trainer_defaults()
    _define(flags.DEFINE_integer, "steps", "Parameter updates in all.")
    _define(flags.DEFINE_integer, "image_size", "Side of the training crops, pixels.")
    _define(flags.DEFINE_integer, "batch_size", "Crops in a step.")
    _define(
        flags.DEFINE_enum,
        "optimizer",
        "Adam as in the paper, or Muon, which needs fewer steps.",
        OPTIMIZERS,
    )
    _define(
        flags.DEFINE_float,
        "learning_rate",
        "Learning rate of the optimizer; Muon wants about ten times Adam's.",
    )
    _define(
        flags.DEFINE_enum,
        "learning_rate_schedule",
        "The learning rate is constant, or falls along a cosine to 0 at the last step.",
        SCHEDULES,
    )
    _define(
        flags.DEFINE_bool,
        "mixed_precision",
        "Compute convolutions in bfloat16: faster on GPUs and CPUs that have it.",
    )
    _define(flags.DEFINE_integer, "seed", "Seed of weights, order, crops and flips.")
    _define(
        flags.DEFINE_float,
        "zoom",
        "Before a crop is taken, the photograph's shorter side is resized to --image_size times "
        "a factor drawn from 1 to this.",
    )
    _define(
        flags.DEFINE_integer,
        "factor",
        f"How many times as large the network makes an image: {', '.join(map(str, FACTORS))}.",
    )
    _define(
        flags.DEFINE_enum,
        "degradation",
        "How crops are downscaled: blur, a Gaussian of sigma 1 and bicubic interpolation, or "
        "bicubic, antialiased, as the test sets of the literature.",
        DEGRADATIONS,
    )
    _define(
        command_line.define_path, "init_from", "Prefix of a trained network to start from, if any."
    )
    command_line.define_path(
        "add_to",
        None,
        "Prefix of a network of several styles to which STYLE is added: its scales and shifts "
        "alone are trained, all else stays as it is.",
    )
    command_line.define_path(
        "teacher",
        None,
        "Prefix of the trained network that a smaller one (--width, --residual_blocks) learns to "
        "paint like. For --task=distillation alone.",
    )
    flags.DEFINE_bool(
        "resume",
        trainer["resume"],
        "Go on from the last checkpoint in --checkpoint_dir. With --noresume a run starts afresh "
        "and the earlier one's checkpoints move into previous-N/.",
    )
    flags.DEFINE_enum(
        "strategy",
        command_line.defaults(Distribution.make)["kind"],
        STRATEGIES,
        "What computes the steps: one device; mirrored, all GPUs of this machine; multiworker, the "
        "processes that TF_CONFIG names; auto, whatever is available.",
    )
    flags.DEFINE_bool("jit_compile", trainer["jit_compile"], "Compile the step with XLA.")
    command_line.define_path(
        "data_dir", None, "Where TFDS keeps its datasets (default: TFDS's own default)."
    )
    command_line.define_path(
        "cache",
        None,
        f'Keep decoded photographs for the next epoch: "{cache.MEMORY}", or a folder, which later '
        "runs use as well.",
    )
    flags.DEFINE_float("cache_gigabytes", cache.DEFAULT_GIGABYTES, "What --cache may hold, GB.")
    flags.DEFINE_integer(
        "max_pixels", images.MAX_PIXELS, "Images with more pixels than this are not read."
    )


def _define_losses():
    for kind, meaning in (
        ("content", "content (feature reconstruction) loss"),
        ("style", "style loss"),
        ("pixel", "pixel loss (mean squared difference)"),
        ("tv", "total variation loss (mean absolute difference of neighbouring pixels)"),
        ("checkerboard", "loss against a weave (what repeats with the network's 4 x 4 grid)"),
        ("stability", "stability loss (painting and moving change places: films hold still)"),
    ):
        _define(flags.DEFINE_float, f"{kind}_weight", f"Weight of the {meaning}.")
    for kind in ("content", "style"):
        _define(flags.DEFINE_list, f"{kind}_layers", f"Layers of the {kind} loss.")
    for kind in ("content", "style"):
        _define(flags.DEFINE_list, f"{kind}_layer_weights", "A weight a layer (default 1 each).")
    _define(
        flags.DEFINE_enum,
        "style_reduction",
        "How the squared differences of Gram matrices are reduced: sum (as the paper), mean "
        "(balances layers by width), or relative (each layer's mean divided by what it is for "
        "unpainted photographs: then one weight suits all paintings).",
        REDUCTIONS,
    )
    _define(
        flags.DEFINE_integer,
        "style_size",
        "Long side to which the painting is resized, pixels; larger gives larger strokes; "
        "0 keeps its own size.",
    )
    _define(
        flags.DEFINE_integer,
        "loss_border",
        "Pixels by which pictures are continued, by reflection, before the loss network sees them: "
        "its zeros beyond the border leave no frame then; 0 for none.",
    )
    _define(flags.DEFINE_enum, "loss_network", "Network of the losses.", loss_network.ARCHITECTURES)
    _define(command_line.define_path, "vgg_weights", loss_network.WEIGHTS_HELP)


def _define_network():
    _define(flags.DEFINE_integer, "width", "Channels of the first convolution.")
    _define(flags.DEFINE_integer, "residual_blocks", "Number of residual blocks.")
    _define(flags.DEFINE_enum, "normalization", "Normalization.", architecture.NORMALIZATIONS)
    _define(flags.DEFINE_enum, "padding", "Padding.", architecture.PADDINGS)
    _define(flags.DEFINE_enum, "upsampling", "Upsampling.", architecture.UPSAMPLINGS)
    _define(
        flags.DEFINE_enum,
        "output_activation",
        "What follows the last convolution: tanh scaled to 0..255, or nothing.",
        architecture.OUTPUTS,
    )
    _define(
        flags.DEFINE_bool, "skip", "Add the network's output to the bicubically enlarged image."
    )


def _define_checkpoints_and_logs():
    trainer = _trainer_defaults()
    command_line.define_path(
        "checkpoint_dir", trainer["checkpoint_dir"], "Where checkpoints, ckpt-done and log/ go."
    )
    flags.DEFINE_integer("save_every", trainer["save_every"], "Steps between checkpoints.")
    flags.DEFINE_integer("log_every", trainer["log_every"], "Steps between summaries.")
    flags.DEFINE_list(
        "profile_steps",
        list(trainer["profile_steps"]),
        "FIRST,LAST: record a profile of these steps in log/.",
    )
    flags.DEFINE_integer("keep", trainer["keep"], "Number of checkpoints that are kept.")
    command_line.define_paths(
        "validation_images",
        [path] if (path := provided.sample_photo()) else [],
        "Photographs that TensorBoard shows beside what the network makes of them at each "
        "checkpoint.",
    )
