"""Paints photographs: `python eval.py --help`; the same as `fast-style paint`."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.paint", "python eval.py")
