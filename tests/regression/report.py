"""What a reader would now see differently: two runs of a notebook, cell by cell.

`refresh.py` prints it and writes it as a page with the figures side by side.
"""

import re
from dataclasses import dataclass, field
from html import escape
from itertools import zip_longest
from pathlib import Path

from notebook_compare import PICTURES, Tolerance, _pieces, open_picture
from PIL import ImageChops
from regression import _parts, compare_outputs

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>What changed</title>
<style>
body {{ font: 15px system-ui, sans-serif; margin: 2em; max-width: 75em }}
img {{ max-width: 32%; border: 1px solid #bbb }}
pre {{ background: #f3f3f3; padding: .6em; overflow-x: auto }}
.outside {{ color: #a00; font-weight: bold }}
</style>
<h1>What changed</h1>
<table>{rows}</table>
{cells}
</html>
"""


@dataclass
class Change:
    """A cell whose outputs changed."""

    notebook: str
    section: str
    cell: int
    tolerance: str
    outside: bool
    """Whether a test would have found it: the change is larger than the tolerance."""
    numbers: list[str] = field(default_factory=list)
    """Such as ``"98.57 % -> 98.60 %"``."""
    lines: list[str] = field(default_factory=list)
    pictures: list[list[Path]] = field(default_factory=list)
    """Of each figure that changed before, after and difference."""

    def __str__(self) -> str:
        verdict = "beyond the tolerance" if self.outside else "within the tolerance"
        figures = f"{len(self.pictures)} figures" if self.pictures else ""
        what = "; ".join(filter(None, [", ".join(self.numbers[:6]), *self.lines[:2], figures]))
        return f"  [{self.cell}] {self.section}: {what} ({verdict}: {self.tolerance})"


def changes(before, after, folder: Path) -> list[Change]:
    """Compare two runs of the same notebook.

    Parameters
    ----------
    before, after : nbformat.NotebookNode
        The stored notebook, and the one that was run now, with the same cells.
    folder : pathlib.Path
        Gets the figures that changed, as ``03-cell-12-1-before.png`` and so on.

    Returns
    -------
    list of Change
        One for each cell with other outputs; other durations alone are no change.
    """
    found, section = [], "the top"
    for old, new in zip(before.cells, after.cells, strict=True):
        if new.cell_type == "markdown":
            section = next(iter(re.findall(r"^#+ +(.+)", new.source, re.MULTILINE)[::-1]), section)
        elif new.outputs != old.outputs:
            tolerance = Tolerance.of(old.metadata)
            name = folder / f"cell-{new.execution_count:02}"
            outside = bool(compare_outputs(old.outputs, new.outputs, tolerance, name))
            change = Change(
                folder.name, section, new.execution_count, str(tolerance or "none"), outside
            )
            pairs = zip_longest(map(_parts, old.outputs), map(_parts, new.outputs), fillvalue={})
            for number, (stored, computed) in enumerate(pairs, start=1):
                _note(change, stored, computed, f"{name}-{number}")
            if change.numbers or change.lines or change.pictures:
                found.append(change)
    return found


def _note(change: Change, stored: dict, computed: dict, name: str) -> None:
    """Note what differs between the parts of two outputs."""
    for part in sorted({*stored, *computed} - {"kind", "shapes", "words", "text/html"}):
        old, new = stored.get(part), computed.get(part)
        if old == new:
            continue
        if part in PICTURES and old and new:
            pictures = {"before": open_picture(old), "after": open_picture(new)}
            if pictures["before"].size == pictures["after"].size:
                pictures["difference"] = ImageChops.difference(*pictures.values())
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            change.pictures.append([Path(f"{name}-{each}.png") for each in pictures])
            for path, picture in zip(change.pictures[-1], pictures.values(), strict=True):
                picture.save(path)
        elif old is None or new is None:
            change.lines.append(f"{part} is {'new' if old is None else 'gone'}")
        elif part not in PICTURES:
            _note_text(change, old, new)


def _note_text(change: Change, old: str, new: str) -> None:
    for one, other in zip_longest(old.splitlines(), new.splitlines(), fillvalue=""):
        pieces = [_pieces(line, False) for line in (one, other)]
        words = [["".join(words.split()) for _, words, _ in line] for line in pieces]
        if words[0] == words[1]:
            for (*_, before), (*_, now) in zip(*pieces, strict=True):
                if before and before["number"] != now["number"] and before["duration"] is None:
                    change.numbers.append(f"{before['number']} -> {now['number']}")
        else:
            change.lines.append(f"{one.strip()!r} -> {other.strip()!r}")


def write_page(found: list[Change], path: Path) -> None:
    """Write all changes as one HTML page, with the figures before, after and their difference."""
    rows, cells = ["<tr><th>notebook<th>cells changed<th>beyond the tolerance"], []
    for notebook in dict.fromkeys(change.notebook for change in found):
        here = [change for change in found if change.notebook == notebook]
        outside = sum(change.outside for change in here)
        rows.append(f"<tr><td>{escape(notebook)}<td>{len(here)}<td>{outside}")
    for change in found:
        kind = "outside" if change.outside else "within"
        cells.append(
            f"<h2>{escape(change.notebook)} [{change.cell}] {escape(change.section)}</h2>"
            f"<p class={kind}>tolerance: {escape(change.tolerance)}"
            f"{', and beyond it' if change.outside else ''}</p>"
        )
        if change.numbers or change.lines:
            cells.append(f"<pre>{escape(chr(10).join([*change.numbers, *change.lines]))}</pre>")
        for pictures in change.pictures:
            links = (p.relative_to(path.parent).as_posix() for p in pictures)
            cells += [f'<img src="{escape(link)}" alt="{escape(link)}">' for link in links]
    path.parent.mkdir(parents=True, exist_ok=True)
    page = PAGE.format(rows="\n".join(rows), cells="\n".join(cells))
    path.write_text(page, encoding="utf-8")
