"""`python -m fast_style.score`: the command that scores a super-resolution network."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.score", "python -m fast_style.score", tensorflow=True)
