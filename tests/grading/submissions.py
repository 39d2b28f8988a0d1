"""Generated submissions to the assignments: right, blank, and wrong in typical ways.

The wrong answers stand in ``wrong_answers/<assignment>.py``. A line such as ::

    # %% difference: forgets the absolute value; loses hidden

begins an answer to the task ``difference`` and names the graded cells that it must lose.
"""

import copy
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "notebooks" / "assignments"
ASSIGNMENTS = sorted(path.name for path in (COURSE / "source").iterdir() if path.is_dir())
HEADER = re.compile(r"^# %% (\w+): (.+); loses (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class WrongAnswer:
    """What a learner might write, and the graded cells that it loses."""

    task: str
    mistake: str
    loses: frozenset[str]
    source: str


def read(kind, name):
    """Read the notebook of an assignment: ``kind`` is "source" or "release"."""
    return nbformat.read(COURSE / kind / name / f"{name}.ipynb", as_version=4)


def graded_cells(name):
    """Return the points of each graded cell of an assignment, in order."""
    settings = [cell.metadata.get("nbgrader", {}) for cell in read("source", name).cells]
    return {item["grade_id"]: item["points"] for item in settings if item.get("grade")}


def solutions(name):
    """Return the source of each cell with a solution."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in read("source", name).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def wrong_answers(name):
    """Return the typical wrong answers to an assignment."""
    text = (ROOT / "tests" / "grading" / "wrong_answers" / f"{name}.py").read_text(encoding="utf-8")
    _, *parts = HEADER.split(text)
    return [
        WrongAnswer(task, mistake, frozenset(f"{task}-{cell}" for cell in loses.split(", ")), code)
        for task, mistake, loses, code in zip(*(parts[i::4] for i in range(4)), strict=True)
    ]


def fill(name, answers):
    """Return the student copy with these answers in its cells."""
    notebook = read("release", name)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(task, cell.source)
    return notebook


def submissions(name):
    """Generate the submissions that prove the grading of an assignment.

    Every wrong answer stands among right answers to the tasks before and after it, so that what
    it loses is its own; each notebook holds several, to save time.

    Returns
    -------
    dict of str to (notebook, set of str)
        For each submission the notebook, and the graded cells that must lose their points. The
        written answer is in the set where it is blank.
    """
    right = solutions(name)
    generated = {"blank": ({}, set(graded_cells(name))), "solution": (right, set())}
    for place, task in enumerate(right):
        for number, wrong in enumerate(w for w in wrong_answers(name) if w.task == task):
            answers, lost = generated.setdefault(
                f"wrong-{'ab'[place % 2]}{number + 1}", (dict(right), set())
            )
            answers[task] = wrong.source
            lost |= wrong.loses
    return {label: (fill(name, answers), lost) for label, (answers, lost) in generated.items()}


SEARCH = """
from pathlib import Path
import digits_helpers

here, project = Path.cwd(), digits_helpers.DATA.parent
folders = [here, *here.parents, project / "notebooks" / "assignments"]
places = [folder / name for folder in folders for name in NAMES]
"""
SPOILED = {
    "crash": ("import os\nos._exit(1)", "later", "Python crashed"),
    "raises": ("raise RuntimeError('it worked at home')", "own", "RuntimeError in cell"),
    "endless-loop": ("while True:\n    pass", "own", "took too long"),
    "stubborn-loop": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        "later",
        "did not stop when it was interrupted",
    ),
    "endless-print": ("while True:\n    print('x' * 100)", "own", "took too long"),
    "eats-memory": (
        "hoard = [np.empty(2**27) for _ in range(100)]  # 100 GB",
        "own",
        "MemoryError in cell",
    ),
    "deletes-input": (
        "import digits_helpers\nfor file in digits_helpers.DATA.rglob('*.*'):\n    file.unlink()\n"
        "load_mnist()",
        "own",
        "OSError in cell",
    ),
    "reads-answer": (
        SEARCH.replace("NAMES", "['source/{0}/{0}.ipynb', '{0}.ipynb']")
        + "print(next(place for place in places if place.exists()).read_text())",
        "own",
        "StopIteration in cell",
    ),
    "writes-grades": (
        SEARCH.replace("NAMES", "['gradebook.db']")
        + "next(place for place in places if place.exists()).write_text('')",
        "own",
        "StopIteration in cell",
    ),
}
"""What the cell of a task holds, the graded cells that it costs, and what the table must say."""


def awkward_submissions(name, task):
    """Generate submissions that crash, do not stop, or get at files; all other tasks are right.

    Returns
    -------
    dict of str to (path, text, set of str or None, str)
        For each the path and the text of the file in the student's folder, the graded cells that
        lose their points (None: all, the file cannot be graded), and a part of the remark.
    """
    right, cells = solutions(name), list(graded_cells(name))
    usual, solved = f"{name}/{name}.ipynb", fill(name, solutions(name))
    own = {cell for cell in cells if cell.split("-")[0] == task}
    later = {cell for cell in cells[cells.index(f"{task}-check") :] if cell not in right}
    generated = {
        label: (
            usual,
            nbformat.writes(fill(name, right | {task: code.replace("{0}", name)})),
            {"own": own, "later": later}[cost],
            remark,
        )
        for label, (code, cost, remark) in SPOILED.items()
    }
    without_tests, easy_tests = copy.deepcopy(solved), fill(name, right | {task: "pass"})
    without_tests.cells = [
        cell
        for cell in solved.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") not in set(cells) - set(right)
    ]
    for cell in easy_tests.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in own:
            cell.source, cell.metadata.nbgrader.points = "pass", 100
    text = nbformat.writes(solved)
    return generated | {
        "no-tests": (usual, nbformat.writes(without_tests), set(), ""),
        "easy-tests": (usual, nbformat.writes(easy_tests), own, ""),
        "renamed": (
            f"{name}/my homework (1).ipynb",
            text,
            set(),
            "was named my homework (1).ipynb",
        ),
        "cut-short": (usual, text[: len(text) // 2], None, "Notebook does not appear to be JSON"),
        "another-file": (f"{name}/essay.txt", "My answers", None, "not graded"),
    }


def make_course(folder, files):
    """Copy the course into a folder, with these files as its submissions.

    Parameters
    ----------
    folder : pathlib.Path
    files : dict of (student, path in the student's folder) to str

    Returns
    -------
    pathlib.Path
        The folder of the copied course.
    """
    for name in ("digits_helpers", "data"):
        shutil.copytree(ROOT / name, folder / name)
    course = folder / COURSE.relative_to(ROOT)
    course.mkdir(parents=True)
    for path in COURSE.glob("*.py"):
        shutil.copy(path, course)
    shutil.copytree(COURSE / "source", course / "source")
    for (student, path), text in files.items():
        file = course / "submitted" / student / path
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return course
