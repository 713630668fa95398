"""Reads README.md and docs/*.md: commands, links, names."""

import dataclasses
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "benchmarks" / "README.md", *sorted(ROOT.glob("docs/*.md")))

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.S | re.M)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_TARGET = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
_HEADING = re.compile(r"^#+ +(.*)$", re.M)
_OWN = ("fast-style ", "python ", "pip ")  # what inline code begins with that is a command
_SHELLS = ("sh", "bash")


@dataclasses.dataclass(frozen=True)
class Command:
    """One command of a page.

    Attributes:
        page: str, its file's name.
        program: str, without the folder of the environment it is in.
        arguments: tuple of str.
    """

    page: str
    program: str
    arguments: tuple

    def __str__(self):
        return f"{self.page}: {shlex.join([self.program, *self.arguments])}"


def blocks(page, *languages):
    """The texts of a page's fenced blocks in some language, without their indentation."""
    text = page.read_text(encoding="utf-8")
    return [
        "".join(line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True))
        for match in _FENCED.finditer(text)
        if match[2] in languages
    ]


def prose(page):
    """A page's text without its fenced blocks."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def inline_code(page):
    """What stands between backticks, each on one line."""
    return [" ".join(match.split()) for match in _INLINE.findall(prose(page))]


def commands(page):
    """All `Command`s of a page: of its shell blocks, other blocks and inline code."""
    scripts = blocks(page, *_SHELLS)
    for block in blocks(page, "yaml", "text", ""):
        scripts += [line.strip() for line in block.splitlines() if line.strip().startswith(_OWN)]
    scripts += [code for code in inline_code(page) if code.startswith(_OWN)]
    return [
        Command(page.relative_to(ROOT).as_posix(), program, arguments)
        for script in scripts
        for program, arguments in split(script)
    ]


def split(script):
    """The commands of a shell script: pairs of program and arguments, a tuple."""
    script = re.sub(r"(^|\s)#.*$", "", script.replace("\\\n", " "), flags=re.M)
    found = [pair for inner in _SUBSTITUTION.findall(script) for pair in split(inner)]
    lexer = shlex.shlex(_SUBSTITUTION.sub("OUTPUT", script), posix=True, punctuation_chars="|&;>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words = []
    for token in [*lexer, "\n"]:
        if token == ">":
            continue  # the file is an argument as others are
        if set(token) - set("|&;\n"):
            if words or not re.match(r"\w+=", token):  # an environment variable
                words.append(token)
        elif words:
            found.append((words[0].removeprefix(".venv/bin/"), tuple(words[1:])))
            if "sh" in words and "-c" in words:
                found += split(words[words.index("-c") + 1])
            words = []
    return found


def links(page):
    """Targets of a page's links and pictures: pairs of path, which may be empty, and anchor."""
    targets = [one or other for one, other in _TARGET.findall(prose(page))]
    return [
        target.partition("#")[::2]
        for target in targets
        if not re.match(r"(https?|mailto):", target)
    ]


def anchors(page):
    """What links may name behind #, by GitHub's rule."""
    titles = _HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def table(page, heading):
    """The rows of the table below a heading, each a list of cells; without its header."""
    text = prose(page).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
