"""`python -m fast_style.web`: the command that serves the page."""

from fast_style import command_line

if __name__ == "__main__":
    command_line.run("fast_style.commands.serve", "python -m fast_style.web")
