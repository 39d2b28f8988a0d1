"""Pytest plug-in: what notebook cells show, as nbval runs them, is compared as by a reader.

nbval compares strings and no figures, and passes a notebook that was never run. Loaded by
``-p regression`` in ``pyproject.toml``, this plug-in keeps nbval's running of the cells and takes
over the comparison (rules: ``README.md`` beside this file) and the messages.
"""

import json
import re
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell
from notebook_compare import (
    PICTURES,
    Tolerance,
    compare_pictures,
    compare_shapes,
    compare_text,
    open_picture,
    without_widgets,
)
from PIL import ImageChops
from refresh import neutral_environment

OUTPUT = Path("build", "regression")


class OutputsDiffer(Exception):
    """A reader would see something else than the notebook shows."""


def pytest_configure() -> None:
    """Run cells in the same environment as ``refresh.py``."""
    neutral_environment()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Take over the comparison and the message of each notebook cell."""
    if isinstance(item, IPyNbCell):
        item.compare_outputs = partial(compare_cell, item)
        item.repr_failure = partial(describe_failure, item, item.repr_failure)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a cell that was never run: nbval has nothing to compare and would pass it."""
    if isinstance(item, IPyNbCell) and item.cell.execution_count is None:
        raise OutputsDiffer("the notebook stores no run of this cell")


def compare_cell(item: IPyNbCell, computed: list, stored: list) -> bool:
    """Compare the outputs of a cell, in nbval's order of arguments.

    Raises
    ------
    OutputsDiffer
        With all the differences found.
    """
    tolerance = Tolerance.of(item.cell.metadata)
    folder = item.config.rootpath / OUTPUT / item.path.stem
    differences = compare_outputs(
        stored, computed, tolerance, folder / f"cell-{item.cell.execution_count:02}"
    )
    if differences:
        allowed = f"{tolerance} ({tolerance.why})" if tolerance else "none, compared exactly"
        raise OutputsDiffer("\n\n".join([*differences, f"tolerance: {allowed}"]))
    return True


def compare_outputs(
    stored: list, computed: list, tolerance: Tolerance | None, save_as: Path
) -> list[str]:
    """Compare all the outputs of a cell, in their order; save the figures that differ.

    Parameters
    ----------
    stored, computed : list of nbformat.NotebookNode
        Outputs. Widgets are left out: a notebook does not store their views.
    tolerance : Tolerance or None
        That of the cell.
    save_as : Path
        What the names of the saved figures begin with; ``-1-expected.png`` and so on follow.

    Returns
    -------
    list of str
        What differs, one text for each part of an output.
    """
    stored, computed = (
        [_parts(output) for output in without_widgets(outputs)] for outputs in (stored, computed)
    )
    differences = []
    for number, (before, now) in enumerate(zip_longest(stored, computed, fillvalue={}), start=1):
        for part in sorted({*before, *now}):
            contents = before.get(part), now.get(part)
            detail = part in ("alt text", "kind", "shapes", "words")
            if contents[0] == contents[1] or (detail and {} in (before, now)):
                continue
            if part in PICTURES:
                reason = _compare_figures(*contents, tolerance, f"{save_as}-{number}")
            elif part == "shapes":
                reason = compare_shapes(*(shapes or [] for shapes in contents), tolerance)
            elif None in contents:
                expected, got = ("nothing" if text is None else text[:500] for text in contents)
                reason = f"expected: {expected}\ngot:      {got}"
            else:
                exact = part != "words" and set(PICTURES) & set(before)  # as alternative texts
                html = part == "text/html"
                reason = compare_text(*contents, None if exact else tolerance, html)
            if reason:
                differences.append(f"output {number}, {part}: {reason}")
    return differences


def _parts(output: dict) -> dict[str, str | list[str]]:
    """Name everything that an output shows, and what a figure says and shows."""
    if output["output_type"] == "stream":
        return {output["name"]: output["text"]}
    if output["output_type"] == "error":
        return {"error": f"{output['ename']}: {output['evalue']}"}
    parts = {
        mime: data.strip()
        if mime in PICTURES
        else data
        if isinstance(data, str)
        else json.dumps(data, sort_keys=True)
        for mime, data in output["data"].items()
    }
    parts["kind"] = output["output_type"]
    # Of an interactive figure the picture is compared and not the state in the metadata: trained
    # weights differ from machine to machine, and the picture is drawn from the same data.
    for mime in set(parts) & set(PICTURES):
        notes = output["metadata"].get(mime, {})
        parts |= {"alt text": notes.get("alt", ""), "words": "\n".join(notes.get("words", []))}
        parts["shapes"] = notes.get("shapes", [])
    return parts


def _compare_figures(
    stored: str | None, computed: str | None, tolerance: Tolerance | None, save_as: str
) -> str:
    pictures = {}
    for name, encoded in (("expected", stored), ("actual", computed)):
        try:
            pictures |= {name: open_picture(encoded)} if encoded else {}
        except (OSError, ValueError) as error:
            return f"the {name} picture cannot be read: {error}"
    if len(pictures) == 2:
        reason = compare_pictures(*pictures.values(), tolerance)
        pictures["difference"] = ImageChops.difference(*pictures.values())
    else:
        reason = f"a figure is {'missing' if stored else 'extra'}"
    if not reason:
        return ""
    Path(save_as).parent.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(f"{save_as}-{name}.png")
    return f"{reason}\nsee {save_as}-{{{','.join(pictures)}}}.png"


def describe_failure(item: IPyNbCell, nbval_describes, failure: pytest.ExceptionInfo) -> str:
    """Say which cell failed, as a person finds it in the notebook, and what the matter is."""
    cells = item.parent.nb.cells
    heading = "the top"
    for cell in cells[: cells.index(item.cell)]:
        if cell.cell_type == "markdown":
            heading = next(iter(re.findall(r"^#+ +(.+)", cell.source, re.MULTILINE)[::-1]), heading)
    notebook = item.nodeid.partition("::")[0]
    place = f"{notebook}, section '{heading}', cell [{item.cell_num + 1}]"
    if isinstance(failure.value, OutputsDiffer):
        fix = f"if this is what it should show: python tests/regression/refresh.py {notebook}"
        return f"{place}\n\n{item.cell.source}\n\n{failure.value}\n\n{fix}"
    return f"{place}\n\n{nbval_describes(failure)}"
