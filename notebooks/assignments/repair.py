"""What the cells of a submission may hold: repaired before grading, made safe to open after it."""

import re
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

SAFE_OUTPUTS = "text/plain", "image/png", "image/jpeg"


class RepairCells(NbGraderPreprocessor):
    """Give each cell of the assignment back its name, kind and points, once.

    A learner who copies or splits a cell in JupyterLab has its name twice; the last one keeps it,
    the others stay as cells of the learner's own. A test that was deleted comes back, and so does
    the cell of a written answer, empty. Any other task that was deleted stays so.
    """

    def preprocess(self, nb, resources):
        """Compare with the source; raise ValueError if it is not this assignment."""
        path = Path(resources["metadata"]["path"])
        assignment, notebook = (resources["nbgrader"][key] for key in ("assignment", "notebook"))
        for folder in path.parents:  # submitted/<student>/<assignment>, or autograded
            source = folder / "source" / assignment / f"{notebook}.ipynb"
            if source.is_file():
                break
        cells = nbformat.read(source, as_version=4).cells
        known = {
            cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata
        }
        last = {}
        for index, cell in enumerate(nb.cells):
            settings = cell.metadata.get("nbgrader")
            name = settings.get("grade_id") if isinstance(settings, dict) else None
            cell.metadata = nbformat.from_dict({})
            if isinstance(name, str) and name in known:
                fits = cell.cell_type == known[name].cell_type
                last[name] = max(last.get(name, (False, -1)), (fits, index))
        if not last:
            raise ValueError(f"no task of {assignment} is in this notebook: is it another one?")
        names = {index: name for name, (_, index) in last.items()}
        missing = {name: graded for name in known if (graded := without_answer(known[name]))}
        repaired = []
        for index, cell in enumerate(nb.cells):
            if index not in names:
                repaired.append(cell)
                continue
            name = names[index]
            for before in known:  # the tests that stood before this cell come first
                if before == name:
                    break
                if before in missing and before not in last:
                    repaired.append(missing.pop(before))
            missing.pop(name, None)
            if cell.cell_type != known[name].cell_type:
                cell = nbformat.from_dict({**known[name], "source": cell.source})
            cell.metadata = nbformat.from_dict({"nbgrader": known[name].metadata.nbgrader})
            repaired.append(cell)
        nb.cells = repaired + list(missing.values())
        for cell in nb.cells:
            cell.pop("attachments", None)
        nb.metadata = nbformat.from_dict({})
        return nb, resources


def without_answer(cell):
    """Return a graded cell of the source as a learner gets it back; None if it is not graded."""
    if not cell.metadata.nbgrader.get("grade"):
        return None
    back = nbformat.from_dict({**cell, "metadata": {"nbgrader": cell.metadata.nbgrader}})
    if back.cell_type == "code":
        back.outputs = []
    if cell.metadata.nbgrader.get("solution"):
        back.source = ""
    return back


class SafeToShow(NbGraderPreprocessor):
    """Leave in a graded notebook nothing that could run in the browser of those who open it.

    Outputs are kept as text and pixels. Written text loses what HTML and links are made of.
    """

    def preprocess_cell(self, cell, resources, index):
        """Make one cell safe."""
        if cell.cell_type != "code":
            cell.source = without_markup(cell.source)
            return cell, resources
        for output in cell.outputs:
            if "data" in output:
                output.data = {k: v for k, v in output.data.items() if k in SAFE_OUTPUTS}
                output.metadata = {}
        return cell, resources


def without_markup(text):
    """Return Markdown in which no tag, link, picture or active formula is left.

    A space after ``<`` is enough for tags; links and pictures need ``](``, ``]:`` or ``][``.
    """
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"\](?=[(:\[])", "] ", text)
    return re.sub(r"\\(?=(href|url|html\w*|class|style|cssId|require|unicode)\b)", "", text)


class ForgetNotes(NbGraderPreprocessor):
    """Leave out of student copies what the project's tests note in a notebook and its cells."""

    def preprocess(self, nb, resources):
        """Keep nbgrader's own metadata and the kernel's name."""
        nb.metadata.pop("stored", None)
        for cell in nb.cells:
            for key in ("numbers", "tags", "tolerance"):
                cell.metadata.pop(key, None)
        return nb, resources
