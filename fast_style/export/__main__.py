"""`python -m fast_style.export`: the command that exports a network."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.export", "python -m fast_style.export", tensorflow=True)
