"""`python -m fast_style.video`: the command that paints films."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.video", "python -m fast_style.video")
