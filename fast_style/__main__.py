"""The command fast-style, which starts all others: fast-style COMMAND [arguments]."""

import sys

from fast_style import command_line

COMMANDS = {  # name: module, whether it starts TensorFlow at once, help
    "paint": (
        "fast_style.commands.paint",
        False,
        "paint photographs with a trained network, or enlarge",
    ),
    "train": ("fast_style.commands.train", True, "train a network for a painting, or to enlarge"),
    "sheet": ("fast_style.commands.sheet", False, "paint a photograph in every style of a network"),
    "video": ("fast_style.commands.video", False, "paint a film, an animation, or its frames"),
    "bulk": ("fast_style.commands.bulk", False, "paint any number of photographs on many machines"),
    "serve": ("fast_style.commands.serve", False, "serve a page to paint with, and HTTP for it"),
    "gatys": ("gatys.command", True, "paint one photograph at the best quality, without a network"),
    "export": (
        "fast_style.commands.export",
        True,
        "write a network for TF Serving, TFLite, ONNX, Keras",
    ),
    "convert": (
        "fast_style.commands.convert",
        True,
        "make a checkpoint of a network trained elsewhere",
    ),
    "score": ("fast_style.commands.score", True, "PSNR and SSIM of a network that enlarges"),
}


def main():
    """Entry point of the console script: runs the command that is named."""
    name, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("--help", [])
    if name in ("--help", "-h", "help"):
        print(_help())
        return 0
    if name not in COMMANDS:
        print(
            f"error: {name!r} is not a command; there are {', '.join(COMMANDS)}\n"
            "Pass --help to see what they do.",
            file=sys.stderr,
        )
        return 2
    sys.argv[1:] = rest
    module, tensorflow, _ = COMMANDS[name]
    command_line.run(module, f"fast-style {name}", tensorflow)


def _help():
    lines = [f"  {name:9}{text}" for name, (*_, text) in COMMANDS.items()]
    usage = "fast-style COMMAND [arguments]\n"
    return "\n".join([usage, *lines, "", "fast-style COMMAND --help explains its arguments."])


if __name__ == "__main__":
    sys.exit(main())
