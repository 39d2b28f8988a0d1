"""Run notebooks and store their outputs.

``python tests/regression/refresh.py [--prose] [notebook ...]``

Without arguments every notebook of the series is run, in order, then every assignment's source. A
second run on the same machine changes no byte: what varies from run to run (times of execution,
widgets, the machine's Python) is not stored, and where only printed durations differ (``12.3 s``)
the stored ones stay.
"""

import argparse
import base64
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from matplotlib import get_data_path
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from nbval.plugin import coalesce_streams
from notebook_compare import DURATION, claims, fingerprints, holds, without_widgets

ROOT = Path(__file__).resolve().parents[2]
README_PICTURE = ROOT / "data" / "readme.png"  # drawn by the cell with the tag "readme"
REPORT = ROOT / "build" / "refresh"
SCOREBOARD = ROOT / "data" / "scoreboard.csv"
SAVE_BOARD = f"""
if "board" in globals():
    import pandas

    stored = pandas.read_csv({str(SCOREBOARD)!r}, dtype=str, keep_default_na=False)
    later = stored[stored["notebook"] > board["notebook"].max()]
    pandas.concat([board, later])[stored.columns].fillna("–").to_csv(
        {str(SCOREBOARD)!r}, index=False
    )
"""
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "tolerance", "numbers", "nbgrader"}


def neutral_environment() -> None:
    """Hide from kernels what a user has set for all programs and no page should depend on.

    These are the terminal's width and colors, which the summaries of Keras follow, Matplotlib's
    and Keras' settings of the user, and whether Python prints warnings that it normally hides.
    """
    for name in ("COLUMNS", "JUPYTER_COLUMNS", "NO_COLOR", "MPLBACKEND", "PYTHONWARNINGS"):
        os.environ.pop(name, None)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["MATPLOTLIBRC"] = str(Path(get_data_path(), "matplotlibrc"))  # the defaults


def execute(path: Path | str, extra_code: str | None = None, timeout: int = 600):
    """Run a notebook from top to bottom in a fresh kernel of this interpreter.

    Parameters
    ----------
    path : path-like
        The notebook; its folder is the working directory. The file is not changed.
    extra_code : str, optional
        Code to run at the end in the same kernel, for what it leaves on the disk; it is no part
        of the result.
    timeout : int
        Seconds that a single cell may take.

    Returns
    -------
    nbformat.NotebookNode
        The notebook with its new outputs, cleaned of everything that varies from run to run.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an exception.
    """
    neutral_environment()
    notebook = nbformat.read(path, as_version=4)
    kernel = AsyncKernelManager(
        kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager()
    )
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=timeout,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],  # C++ log lines, as in nbval
        resources={"metadata": {"path": str(Path(path).parent)}},
    )
    with client.setup_kernel(cleanup_kc=True):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        if extra_code:
            notebook.cells.append(nbformat.v4.new_code_cell(extra_code))
            client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
            del notebook.cells[-1]
    return clean(notebook)


def clean(notebook):
    """Remove from a notebook, in place, what varies from run to run, and return it."""
    stored = {key: sums for key, sums in notebook.metadata.items() if key == "stored"}
    notebook.metadata = nbformat.from_dict(METADATA | stored)
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA & set(cell.metadata)}
        if cell.cell_type == "code":
            cell.outputs = coalesce_streams(without_widgets(cell.outputs))
    return notebook


def bind_prose(notebook) -> list[str]:
    """Note at each Markdown cell, in place, which code cell holds each number of its prose.

    A number once bound stays so: when it leaves its cell a test fails and its author decides. A
    new one is bound to the nearest cell above that holds it, or else below.

    Returns
    -------
    list of str
        The numbers that no cell holds.
    """
    ids, lost = {cell.id for cell in notebook.cells}, []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        numbers = dict(cell.metadata.get("numbers", {}))
        bound = dict(entry.split(" in ") for entry in numbers.pop("found_in", []))
        near = [*reversed(notebook.cells[:index]), *notebook.cells[index:]]
        numbers["found_in"] = []
        for claim in claims(cell.source, numbers.get("not_from_here", [])):
            homes = [bound[claim]] if bound.get(claim) in ids else []
            homes += [c.id for c in near if c.cell_type == "code" and holds(c, claim)]
            lost += [] if homes else [claim]
            numbers["found_in"] += [f"{claim} in {home}" for home in homes[:1]]
        cell.metadata.pop("numbers", None)
        if any(numbers.values()):
            cell.metadata["numbers"] = numbers
    return lost


def without_durations(stored):
    """Blank durations in all the text of a piece of a notebook, and the padding they cause."""
    if isinstance(stored, dict):
        return {key: without_durations(item) for key, item in stored.items()}
    if isinstance(stored, list):
        return [without_durations(item) for item in stored]
    if isinstance(stored, str) and DURATION.search(stored):
        return re.sub(r"\s+", " ", DURATION.sub("", stored)).strip()
    return stored


def store(notebook, path: Path) -> None:
    """Write a notebook as JupyterLab does, if it differs from the file."""
    text = nbformat.writes(notebook) + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8", newline="\n")


def refresh(path: Path, extra_code: str | None = None) -> tuple[list, list[str]]:
    """Run a notebook and store it in place.

    Returns
    -------
    changed : list of report.Change
        What a reader now sees differently, cell by cell.
    lost : list of str
        The numbers of the prose that no code cell holds.
    """
    from report import changes  # which imports this module

    before = nbformat.read(path, as_version=4)
    after = execute(path, extra_code)
    for old, new in zip(before.cells, after.cells, strict=True):
        if new.cell_type == "code" and without_durations(new.outputs) == without_durations(
            old.outputs
        ):
            new.outputs = old.outputs
    changed = changes(before, after, REPORT / path.stem)
    lost = bind_prose(after)
    after.metadata["stored"] = fingerprints(after)
    store(after, path)
    for cell in after.cells:
        if "readme" in cell.metadata.get("tags", []):
            README_PICTURE.write_bytes(base64.b64decode(cell.outputs[-1].data["image/png"]))
    return changed, lost


def bind_again(path: Path) -> list[str]:
    """Bind all numbers of a notebook's prose anew, without running it; return those lost."""
    notebook = clean(nbformat.read(path, as_version=4))
    for cell in notebook.cells:
        cell.metadata.get("numbers", {}).pop("found_in", None)
    lost = bind_prose(notebook)
    store(notebook, path)
    return lost


def main(arguments: list[str]) -> int:
    """Refresh the named notebooks, or all; return 1 at the first one that raises an exception."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument(
        "--prose", action="store_true", help="run nothing: bind prose numbers again"
    )
    options = parser.parse_args(arguments)
    from report import write_page

    everything = []
    assignments = sorted(ROOT.glob("notebooks/assignments/source/*/*.ipynb"))
    for path in options.notebooks or [*sorted(ROOT.glob("notebooks/*.ipynb")), *assignments]:
        start = time.perf_counter()
        board = SCOREBOARD.read_text(encoding="utf-8")
        try:
            changed, lost = ([], bind_again(path)) if options.prose else refresh(path, SAVE_BOARD)
        except CellExecutionError as error:
            print(f"{path.name}: not stored, a cell failed\n{error}")
            return 1
        if without_durations(board) == without_durations(SCOREBOARD.read_text("utf-8")):
            SCOREBOARD.write_text(board, encoding="utf-8", newline="\n")
        cells = f"{len(changed)} cells changed" if changed else "no cell changed"
        missing = f"; prose numbers that no output holds: {', '.join(lost)}" if lost else ""
        print(f"{path.name}: {time.perf_counter() - start:.0f} s, {cells}{missing}", flush=True)
        print(*changed, sep="\n", end="\n" if changed else "", flush=True)
        everything += changed
    if everything:
        write_page(everything, REPORT / "index.html")
        print(f"before and after, figures side by side: {REPORT.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
