"""Pages from all over the repository: Sphinx reads them from one folder, laid out like it.

What stands in ``docs/`` comes to the top of the site; all else keeps its path.
"""

import os
import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "docs/*.md",
    "*.md",
    "data/README.md",
    "tests/README.md",
    "notebooks/*.ipynb",
    "notebooks/assignments/README.md",
    "notebooks/assignments/release/*/*.ipynb",
]
LINK = re.compile(r"\]\(([^)\s#:]+)")


def gather(app, config):
    """Copy the pages, and the files that they link to, to where Sphinx then reads them."""
    folder = Path(app.doctreedir) / "source"
    shutil.rmtree(folder, ignore_errors=True)
    pages = [path for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    for page in pages:
        text = page.read_text("utf-8")
        for link in LINK.findall(text):
            file = (page.parent / link).resolve()
            if file.is_file() and file not in pages and file.is_relative_to(ROOT):
                copy = folder / file.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, copy)
        text = re.sub(r"(\]\((?:\.\./)*)docs/", r"\1", text)
        copy = folder / page.relative_to(ROOT)
        if page.parent == ROOT / "docs":
            text, copy = text.replace("](../", "]("), folder / page.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, "utf-8")
        os.utime(copy, (page.stat().st_atime, page.stat().st_mtime))  # unchanged: not read again
    app.srcdir = type(app.srcdir)(folder)


class NotebookList(SphinxDirective):
    """The notebooks with what each promises: its title and its first sentence."""

    def run(self):
        """Return an ordered list of links."""
        items = []
        for path in sorted((Path(self.env.srcdir) / "notebooks").glob("*.ipynb")):
            opening = nbformat.read(path, as_version=4).cells[0].source
            title, _, rest = opening.lstrip("# ").partition("\n")
            promise = re.split(r"(?<=[.!?])\s", rest.strip())[0]
            name = title.partition("·")[2].strip() or title
            items.append(f"1. [{name}](notebooks/{path.name})\\\n   {promise}")
            self.env.note_dependency(str(path))
        return self.parse_text_to_nodes("\n".join(items)) or [nodes.paragraph()]


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", gather, priority=0)
    app.add_directive("notebook-list", NotebookList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
