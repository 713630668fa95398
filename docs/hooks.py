"""What MkDocs calls while it makes the site: adds what pages link to outside docs/.

On GitHub a page finds ../img/test.jpg and ../fast_style/errors.py where they are. MkDocs knows the
files of docs/ alone, so those that pages name are added to the site, and the links lead there.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs/"
_TARGET = re.compile(r'(\]\(|src=")([^)"#\s]+)')  # of Markdown's links and pictures, and of HTML's


def on_files(files, config):
    """Adds the files that pages name outside docs/, and those that these pages name in turn."""
    waiting = [file for file in files if file.is_documentation_page()]
    while waiting:
        page = waiting.pop()
        for path in sorted(set(_targets(page).values())):
            if path.startswith(DOCS) or files.get_file_from_path(path) is not None:
                continue
            file = _file(path, config)
            files.append(file)
            if file.is_documentation_page():
                waiting.append(file)
    return files


def on_page_markdown(markdown, page, **_):
    """Rewrites links: in the site docs/ is the top folder, and what lay beside it is below it."""
    paths = _targets(page.file)
    folder = posixpath.dirname(page.file.src_uri)

    def rewrite(match):
        if match[2] not in paths:
            return match[0]
        return match[1] + posixpath.relpath(paths[match[2]].removeprefix(DOCS), folder)

    return _TARGET.sub(rewrite, markdown)


def _targets(page):
    """The files of the checkout that a page names: dict from its words to paths from the top."""
    source = Path(page.abs_src_path)
    targets = {match[2] for match in _TARGET.finditer(source.read_text(encoding="utf-8"))}
    found = {target: (source.parent / target).resolve() for target in targets}
    return {
        target: path.relative_to(ROOT).as_posix()
        for target, path in found.items()
        if path.is_file() and path.is_relative_to(ROOT)
    }


def _file(path, config):
    """A file of the checkout as one of the site's."""
    # Browsers show texts whose names end so, and save those of other names.
    as_text = Path(path).suffix in ("", ".py")
    return File(
        path,
        str(ROOT),
        config.site_dir,
        config.use_directory_urls,
        dest_uri=f"{path}.txt" if as_text else None,
    )
