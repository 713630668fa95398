"""`python -m fast_style.convert`: the command that converts a network trained elsewhere."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.convert", "python -m fast_style.convert", tensorflow=True)
