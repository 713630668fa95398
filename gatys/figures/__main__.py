"""`python -m gatys.figures`."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("gatys.figures.command", "python -m gatys.figures", tensorflow=True)
