"""`python -m fast_style.bulk`: the command that paints on many machines."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.bulk", "python -m fast_style.bulk")
