"""Trains a network for a painting: `python train.py --help`; the same as `fast-style train`."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.train", "python train.py", tensorflow=True)
