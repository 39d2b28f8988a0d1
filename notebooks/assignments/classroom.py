"""Hand out and grade the assignments of this folder, for classes of any size.

    python notebooks/assignments/classroom.py release             # student copies in release/
    python notebooks/assignments/classroom.py grade 01_pixels     # all of submitted/*/01_pixels
    python notebooks/assignments/classroom.py fill 01_pixels grades.csv --student ... --points ...

They use nbgrader and its gradebook (``pip install -e ".[classroom]"``). What they add: every
submission runs in a sandbox (`sandbox.py`), the tests run apart from it (`referee.py`), and every
submission gets a line in the table, with its points or with the reason why there are none.
"""

import argparse
import hashlib
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
from platforms import fill_table
from sandbox import MISSING, lacks
from sqlalchemy.exc import SAWarning
from traitlets.config import PyFileConfigLoader

HERE = Path(__file__).resolve().parent

# nbgrader calls alembic by its name: it is found beside the Python of an environment not activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def open_course(course=HERE, sandbox=True):
    """Return nbgrader's interface to a course folder, with the settings of this one."""
    config = PyFileConfigLoader("nbgrader_config.py", str(HERE)).load_config()
    config.CourseDirectory.root = str(course)
    config.ExecuteApart.sandbox = sandbox
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


def grade(name, course=HERE, sandbox=True):
    """Grade what is in ``submitted/<student>/<name>/`` and is not graded yet.

    A submission is graded again when its notebook or the assignment's source has changed; points
    that were given by hand stay.

    Parameters
    ----------
    name : str
        The assignment, such as ``"01_pixels"``.
    course : pathlib.Path
        The folder with ``source/`` and ``submitted/``.
    sandbox : bool
        Whether submissions run in a sandbox; without it they have the rights of your account.

    Returns
    -------
    pandas.DataFrame
        A row for each student, also stored as ``grades_<name>.csv``: points for each graded cell
        (empty: to be graded by hand), their sum, the seconds that it took, those of
        computing, memory in MB (empty: graded before), and remarks.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is no such assignment, or nothing to grade.
    RuntimeError
        If there is no sandbox on this machine.
    """
    if name not in assignments(course):
        raise ValueError(
            f"there is no assignment {name!r}, expected one of: {', '.join(assignments(course))}"
        )
    if sandbox and lacks():
        raise RuntimeError(MISSING.format(reason=lacks()))
    folders = sorted((course / "submitted").glob(f"*/{name}"))
    misplaced = sorted((course / "submitted").glob("*/*.ipynb"))
    if not folders and not misplaced:
        raise FileNotFoundError(
            f"nothing to grade: expected notebooks in {course / 'submitted'}/<student>/{name}/"
        )
    api = open_course(course, sandbox)
    source = course / "source" / name / f"{name}.ipynb"
    prepare_gradebook(api, source, name)
    rows = []
    for number, folder in enumerate(folders, start=1):
        rows.append(row := grade_one(api, folder, source, name, course))
        print(number, "of", len(folders), row["student"], row["points"], row["remarks"], flush=True)
    for path in misplaced:
        rows.append(
            {
                "student": path.parent.name,
                "points": 0,
                "remarks": f"not graded: put {path.name} into submitted/{path.parent.name}/{name}/",
            }
        )
    settings = [
        cell.metadata.get("nbgrader", {}) for cell in nbformat.read(source, as_version=4).cells
    ]
    cells = [item["grade_id"] for item in settings if item.get("grade")]
    table = pd.DataFrame(rows, columns=["student", *cells, *LAST_COLUMNS])
    table.to_csv(course / f"grades_{name}.csv", index=False)
    return table


LAST_COLUMNS = ["points", "seconds", "CPU seconds", "MB", "remarks"]


def prepare_gradebook(api, source, name):
    """Enter the assignment, or its source as it is now, into the gradebook."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        try:
            cells = gradebook.find_assignment(name).notebooks[0].source_cells
            known = {cell.name: cell.source for cell in cells}
        except (MissingEntry, IndexError):
            known = None
    tests = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(source, as_version=4).cells
        if "nbgrader" in cell.metadata and not cell.metadata.nbgrader.solution
    }
    if known is None or any(known.get(test) != text for test, text in tests.items()):
        result = api.generate_assignment(name, force=True)
        if not result["success"]:
            raise RuntimeError(f"the source of {name} cannot be used:\n{result.get('log', '')}")


def grade_one(api, folder, source, name, course):
    """Grade the submission in a folder; return its row of the table."""
    student = folder.parent.name
    submitted = folder / f"{name}.ipynb"
    graded = course / "autograded" / student / name / f"{name}.ipynb"
    links = [path.name for path in [folder, *folder.rglob("*")] if path.is_symlink()]
    ExecuteApart.last_run = None, None, None
    if links:
        remarks = [f"not graded: {links[0]} is a link, ask for the file itself"]
    else:
        remarks = choose_notebook(folder, name)
    if submitted.exists() and not links:
        stamp = graded.with_name(".graded")
        state = "".join(hashlib.sha256(p.read_bytes()).hexdigest() for p in (submitted, source))
        if graded.exists() and stamp.exists() and stamp.read_text() == state:
            remarks.append("graded before")
        else:
            result = api.autograde(name, student, force=True)
            if result["success"]:
                stamp.write_text(state)
            else:
                remarks.append(f"not graded: {reason(result.get('log', ''))}")
    done = graded.exists() and not any(remark.startswith("not graded") for remark in remarks)
    if done:
        remarks += problems(nbformat.read(graded, as_version=4))
    points = scores(api, name, student) if done else {}
    late = penalty(api, name, student) if done else 0
    if late:
        remarks.append(f"late: {late:g} points less")
    seconds, cpu, megabytes = ExecuteApart.last_run
    return {
        "student": student,
        **points,
        "points": sum(filter(None, points.values())) - late,
        "seconds": seconds,
        "CPU seconds": cpu,
        "MB": megabytes,
        "remarks": "; ".join(filter(None, remarks)),
    }


def choose_notebook(folder, name):
    """Give the newest notebook of a folder the name that nbgrader looks for; return remarks.

    The notebook that had this name before is kept beside it.
    """
    found = [path for path in folder.glob("*.ipynb") if path.is_file()]
    if not found:
        return [f"not graded: there is no notebook in submitted/{folder.parent.name}/{name}/"]
    wanted = folder / f"{name}.ipynb"
    newest = max(found, key=lambda path: (path.stat().st_mtime, path == wanted))
    if newest != wanted:
        if wanted.exists() and wanted.read_bytes() not in {
            path.read_bytes() for path in found if path != wanted
        }:
            shutil.copy2(wanted, folder / f"{name}.ipynb.earlier")
        shutil.copy2(newest, wanted)
    others = [path for path in found if path != wanted]
    same = [path.name for path in others if path.read_bytes() == wanted.read_bytes()]
    if same:
        return [f"was named {same[0]}"]
    return [f"older, not looked at: {path.name}" for path in others]


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
            elif output.ename == "Failed":
                found.append(output.evalue)
            elif not is_test:
                found.append(f"{output.ename} in cell {number}")
    return found


def scores(api, name, student):
    """Return the points for each graded cell, None where they are still to be given by hand."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        (notebook,) = gradebook.find_submission(name, student).notebooks
        return {
            grade.name: None
            if grade.auto_score is None and grade.manual_score is None
            else grade.score  # by hand or by the tests, and extra credit
            for grade in notebook.grades
        }


def penalty(api, name, student):
    """Return how many points nbgrader's policy for late submissions takes away."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        (notebook,) = gradebook.find_submission(name, student).notebooks
        return notebook.late_submission_penalty or 0


def fill(name, table, student, column, course=HERE):
    """Fill the points of an assignment, those by hand included, into a platform's table.

    Parameters
    ----------
    name : str
        The assignment, such as ``"01_pixels"``.
    table : pathlib.Path
        The file that the platform gave out. It is not changed: the result is stored beside it.
    student, column : str
        See `fill_table`.
    course : pathlib.Path
        The folder with the gradebook.

    Returns
    -------
    filled : pathlib.Path
        The new file, such as ``grades_filled.csv``.
    remarks : list of str
        See `fill_table`.

    Raises
    ------
    ValueError
        If nothing was graded, or the table does not fit.
    """
    api = open_course(course)
    with Gradebook(api.coursedir.db_url) as gradebook:
        try:
            students = [s.student.id for s in gradebook.assignment_submissions(name)]
        except MissingEntry:
            students = []
    if not students:
        raise ValueError(f"nothing is graded of {name!r}: run classroom.py grade {name} first")
    points = {}
    for who in students:
        parts = scores(api, name, who).values()
        waiting = None in parts
        points[who] = None if waiting else sum(parts) - penalty(api, name, who)
    filled, remarks = fill_table(table.read_bytes(), points, student, column)
    target = table.with_name(f"{table.stem}_filled{table.suffix}")
    target.write_bytes(filled)
    return target, remarks


def main(arguments=None):
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("release", help="write the student copies to release/")
    grading = commands.add_parser("grade", help="grade submitted/<student>/<assignment>/")
    grading.add_argument("assignment")
    grading.add_argument(
        "--no-sandbox",
        action="store_true",
        help="let submissions run with all the rights of your account",
    )
    filling = commands.add_parser("fill", help="fill points into the table of a learning platform")
    filling.add_argument("assignment")
    filling.add_argument("table", type=Path, help="the file that the platform gave out")
    filling.add_argument("--student", required=True, help="title of the column with the student")
    filling.add_argument("--points", required=True, help="title of the column to fill")
    options = parser.parse_args(arguments)
    if options.command == "release":
        release()
    elif options.command == "fill":
        try:
            target, remarks = fill(
                options.assignment, options.table, options.student, options.points
            )
        except (ValueError, OSError) as problem:
            sys.exit(str(problem))
        print(*remarks, f"written: {target}", sep="\n")
    else:
        # nbgrader 0.9.6 makes SQLAlchemy 2.1 warn of an order of steps that does no harm
        warnings.simplefilter("ignore", SAWarning)
        try:
            table = grade(options.assignment, sandbox=not options.no_sandbox)
        except (ValueError, FileNotFoundError, RuntimeError) as problem:
            sys.exit(str(problem))
        print(table[["student", *LAST_COLUMNS]].to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
