"""`python -m gatys`."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("gatys.command", "python -m gatys", tensorflow=True)
