"""`python -m fast_style.sheet`: the command that paints a photograph in every style."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.sheet", "python -m fast_style.sheet")
