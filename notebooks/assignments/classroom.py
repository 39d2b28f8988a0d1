"""Hand out and grade the assignments of this folder, for classes of any size.

    python notebooks/assignments/classroom.py release             # student copies in release/
    python notebooks/assignments/classroom.py grade 01_pixels     # all of submitted/*/01_pixels

Both use nbgrader and its gradebook (``pip install -e ".[classroom]"``). What they add: every
submission runs in a folder of its own with its own copy of the project's data, within limits of
time and memory, and every submission gets a line in the table, with its points or with the reason
why there are none.
"""

import argparse
import os
import re
import shutil
import sys
import warnings
from pathlib import Path

import nbformat
import pandas as pd
from apart import ExecuteApart
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy.exc import SAWarning
from traitlets.config import PyFileConfigLoader

HERE = Path(__file__).resolve().parent

# nbgrader calls alembic by its name: it is found beside the Python of an environment not activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def open_course(course=HERE):
    """Return nbgrader's interface to a course folder, with the settings of this one."""
    config = PyFileConfigLoader("nbgrader_config.py", str(HERE)).load_config()
    config.CourseDirectory.root = str(course)
    return NbGraderAPI(config=config)


def assignments(course=HERE):
    """Return the names of all assignments, in order."""
    return sorted(path.name for path in (course / "source").iterdir() if path.is_dir())


def release(course=HERE):
    """Write the student copies of all assignments: no solutions, hidden tests or outputs."""
    api = open_course(course)
    for name in assignments(course):
        result = api.generate_assignment(name, force=True)
        if not result["success"]:
            raise RuntimeError(f"{name} was not released:\n{result.get('log', '')}")


def grade(name, course=HERE):
    """Grade what is in ``submitted/<student>/<name>/`` and is not graded yet.

    Parameters
    ----------
    name : str
        The assignment, such as ``"01_pixels"``.
    course : pathlib.Path
        The folder with ``source/`` and ``submitted/``.

    Returns
    -------
    pandas.DataFrame
        A row for each student, also stored as ``grades_<name>.csv``: points for each tested cell
        (empty: to be graded by hand), their sum, the seconds that it took, those of
        computing, memory in MB, and remarks.
    """
    if name not in assignments(course):
        raise ValueError(
            f"there is no assignment {name!r}, expected one of: {', '.join(assignments(course))}"
        )
    folders = sorted((course / "submitted").glob(f"*/{name}"))
    if not folders:
        raise FileNotFoundError(
            f"nothing to grade: expected notebooks in {course / 'submitted'}/<student>/{name}/"
        )
    api = open_course(course)
    with Gradebook(api.coursedir.db_url) as gradebook:
        try:
            gradebook.find_assignment(name)
        except MissingEntry:
            api.generate_assignment(name, force=True)
    rows = []
    for number, folder in enumerate(folders, start=1):
        rows.append(row := grade_one(api, folder, name, course))
        print(number, "of", len(folders), row["student"], row["points"], row["remarks"], flush=True)
    source = nbformat.read(course / "source" / name / f"{name}.ipynb", as_version=4)
    settings = [cell.metadata.get("nbgrader", {}) for cell in source.cells]
    cells = [item["grade_id"] for item in settings if item.get("grade")]
    table = pd.DataFrame(rows, columns=["student", *cells, *LAST_COLUMNS])
    table.to_csv(course / f"grades_{name}.csv", index=False)
    return table


LAST_COLUMNS = ["points", "seconds", "CPU seconds", "MB", "remarks"]


def grade_one(api, folder, name, course):
    """Grade the submission in a folder; return its row of the table."""
    student = folder.parent.name
    remarks = [use_the_right_name(folder, name)]
    submitted = folder / f"{name}.ipynb"
    graded = course / "autograded" / student / name / f"{name}.ipynb"
    ExecuteApart.last_run = None, None, None
    if graded.exists() and graded.stat().st_mtime > submitted.stat().st_mtime:
        remarks.append("graded before")
    elif submitted.exists():
        result = api.autograde(name, student, force=True)
        if not result["success"]:
            remarks.append(f"not graded: {reason(result.get('log', ''))}")
    if graded.exists():
        remarks += problems(nbformat.read(graded, as_version=4))
    points = scores(api, name, student) if graded.exists() else {}
    seconds, cpu, megabytes = ExecuteApart.last_run
    return {
        "student": student,
        **points,
        "points": sum(filter(None, points.values())),
        "seconds": seconds,
        "CPU seconds": cpu,
        "MB": megabytes,
        "remarks": "; ".join(filter(None, remarks)),
    }


def use_the_right_name(folder, name):
    """Copy a renamed notebook to the name that nbgrader looks for; return what was done."""
    found = sorted(folder.glob("*.ipynb"))
    if folder / f"{name}.ipynb" in found:
        return ""
    if len(found) != 1:
        return f"not graded: no {name}.ipynb, and {len(found)} notebooks of other names"
    shutil.copy(found[0], folder / f"{name}.ipynb")
    return f"was named {found[0].name}"


def reason(log):
    """Return the line of nbgrader's log that says why a submission could not be graded."""
    lines = re.findall(r"^ *(?:\w+\.)*(\w+(?:Error|Exception): .*)", log, re.MULTILINE)
    return lines[-1][:100] if lines else " ".join(log.split()[-20:])


EXPECTED = "NotImplementedError", "KeyboardInterrupt"
"""Errors that say nothing: a blank, and what an interrupt leaves beside its own line."""


def problems(notebook):
    """Name the errors in cells that are not tests, and the tests that were never finished."""
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        is_test = cell.metadata.get("nbgrader", {}).get("grade", False)
        for output in cell.get("outputs", []):
            if output.output_type != "error" or output.ename in EXPECTED:
                continue
            if output.ename == "NotRun":
                return [*found, output.evalue]
            if output.ename == "CellTimeoutError":
                found.append(f"cell {number} took too long")
            elif not is_test:
                found.append(f"{output.ename} in cell {number}")
    return found


def scores(api, name, student):
    """Return the points for each graded cell, None where they are given by hand."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        (notebook,) = gradebook.find_submission(name, student).notebooks
        return {
            grade.name: None if grade.needs_manual_grade else grade.auto_score
            for grade in notebook.grades
        }


def main(arguments=None):
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("release", help="write the student copies to release/")
    grading = commands.add_parser("grade", help="grade submitted/<student>/<assignment>/")
    grading.add_argument("assignment")
    options = parser.parse_args(arguments)
    if options.command == "release":
        release()
    else:
        # nbgrader 0.9.6 makes SQLAlchemy 2.1 warn of an order of steps that does no harm
        warnings.simplefilter("ignore", SAWarning)
        table = grade(options.assignment)[["student", *LAST_COLUMNS]]
        print(table.to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
