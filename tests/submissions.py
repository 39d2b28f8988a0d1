"""Generated submissions to the assignments: right, blank, and wrong in typical ways.

The wrong answers stand in ``wrong_answers/<assignment>.py``. A line such as ::

    # %% difference: forgets the absolute value; loses hidden

begins an answer to the task ``difference`` and names the graded cells that it must lose.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
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
    text = (ROOT / "tests" / "wrong_answers" / f"{name}.py").read_text(encoding="utf-8")
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
