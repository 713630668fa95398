"""Makes a checkpoint of this project from a network that was trained elsewhere.

    %s FILE PREFIX [flags]

FILE is a PyTorch state dict of pytorch/examples fast_neural_style (.pth, .model), or an HDF5 file
(hickle) of the network c1 c2 c3 r1..r5 d1 d2 d3. PREFIX, such as checkpoints/candy, is then what
eval.py, fast_style.export and train.py --init_from take. Nothing in FILE is ever executed.
"""

from absl import flags

from fast_style import command_line
from fast_style.convert import foreign_networks
from fast_style.convert.conversion import convert


def define_flags():
    """Defines the flags of the command."""
    defaults = command_line.defaults(convert)
    flags.DEFINE_string(
        "style", defaults["style"], "Name of the network's style (default: FILE's name)."
    )
    flags.DEFINE_enum(
        "order",
        defaults["order"],
        foreign_networks.ORDERS,
        "HDF5: order of colours for which the network was trained (default: bgr).",
    )


def main(argv):
    """Runs the command; returns its exit status."""
    if len(argv) != 3:
        command_line.usage_error("two arguments are expected: FILE and PREFIX")
    values = flags.FLAGS
    metadata = convert(argv[1], argv[2], style=values.style, order=values.order)
    network = ", ".join(f"{name} {value}" for name, value in metadata["network"].items())
    print(f"{argv[2]}: {metadata['converted']['kind']} ({network})")
    return 0
