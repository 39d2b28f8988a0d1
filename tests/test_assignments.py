"""The assignments, their student copies, and their grading by nbgrader's own autograder."""

import ast
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pandas as pd
import pytest
from submissions import (
    ASSIGNMENTS,
    COURSE,
    ROOT,
    graded_cells,
    read,
    solutions,
    submissions,
    wrong_answers,
)

CASES = [(name, label) for name in ASSIGNMENTS for label in submissions(name)]
MARKS = re.compile("### BEGIN|### END|Rubric|Model answer")


def make_course(folder, generated):
    """Copy the course into a folder, with these notebooks as its submissions.

    Parameters
    ----------
    folder : pathlib.Path
    generated : dict of (student, path of the notebook in the student's folder) to notebook

    Returns
    -------
    pathlib.Path
        The folder of the copied course.
    """
    for name in ("digits_helpers", "data"):
        shutil.copytree(ROOT / name, folder / name)
    course = folder / COURSE.relative_to(ROOT)
    course.mkdir(parents=True)
    for name in ("apart.py", "classroom.py", "nbgrader_config.py"):
        shutil.copy(COURSE / name, course)
    shutil.copytree(COURSE / "source", course / "source")
    for (student, path), notebook in generated.items():
        path = course / "submitted" / student / path
        path.parent.mkdir(parents=True)
        path.write_text(
            notebook if isinstance(notebook, str) else nbformat.writes(notebook), encoding="utf-8"
        )
    return course


def grade(course, name):
    """Grade an assignment as the guide says; return the table, a row for each student."""
    command = [sys.executable, course / "classroom.py", "grade", name]
    run = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    return pd.read_csv(course / f"grades_{name}.csv").set_index("student")


@pytest.fixture(scope="module")
def grades(request, tmp_path_factory):
    """Grade the generated submissions to each assignment that a test needs, two at a time."""
    calls = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    needed = {call.params["label"]: call.params["name"] for call in calls if "label" in call.params}

    def grade_all(name):
        notebooks = {
            (label, f"{name}/{name}.ipynb"): notebook
            for label, (notebook, _) in submissions(name).items()
        }
        return grade(make_course(tmp_path_factory.mktemp(name), notebooks), name)

    with ThreadPoolExecutor(max_workers=2) as pool:
        names = sorted(set(needed.values()))
        return dict(zip(names, pool.map(grade_all, names), strict=True))


@pytest.mark.parametrize(("name", "label"), CASES)
def test_every_submission_gets_exactly_the_points_that_it_earns(grades, name, label):
    row, (_, lost) = grades[name].loc[label], submissions(name)[label]
    expected = {cell: 0 if cell in lost else points for cell, points in graded_cells(name).items()}
    if label != "blank":  # a written answer waits for the teacher
        expected |= {cell: None for cell in expected if cell in solutions(name)}
    given = {cell: None if pd.isna(row[cell]) else row[cell] for cell in expected}
    assert given == expected, row["remarks"]
    assert row["points"] == sum(filter(None, expected.values()))


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_solution_takes_less_than_thirty_seconds(grades, name):
    assert grades[name].loc["solution", "seconds"] < 30


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_has_four_to_seven_tasks_for_twenty_points(name):
    tasks = solutions(name)
    written = [task for task in tasks if task in graded_cells(name)]
    assert 4 <= len(tasks) <= 7
    assert len(written) == 1
    assert sum(graded_cells(name).values()) == 20
    text = "\n".join(cell.source for cell in read("source", name).cells)
    announced = [
        int(points) for points in re.findall(r"^## .*\((\d) points\)$", text, re.MULTILINE)
    ]
    assert announced == [
        sum(p for cell, p in graded_cells(name).items() if cell.split("-")[0] == task)
        for task in tasks
    ]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_task_has_two_wrong_answers_or_more_and_one_that_only_hidden_tests_find(name):
    written = [task for task in solutions(name) if task in graded_cells(name)]
    for task in set(solutions(name)) - set(written):
        wrong = [answer for answer in wrong_answers(name) if answer.task == task]
        assert len(wrong) >= 2, task
        assert any(answer.loses == {f"{task}-hidden"} for answer in wrong), task
    for answer in wrong_answers(name):
        assert answer.task in solutions(name)
        assert answer.loses <= set(graded_cells(name)), answer.mistake
        ast.parse(answer.source)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_visible_check_explains_itself(name):
    for cell in read("source", name).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-check"):
            found = [
                node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)
            ]
            assert found
            assert all(node.msg for node in found), cell.source


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("release"), {})
    subprocess.run([sys.executable, course / "classroom.py", "release"], check=True)
    return course / "release"


def test_the_student_copies_are_what_the_command_makes_of_the_sources(released):
    stored = {path.relative_to(COURSE / "release") for path in COURSE.glob("release/*/*")}
    assert stored == {path.relative_to(released) for path in released.glob("*/*")}
    for path in stored:
        expected = (released / path).read_text(encoding="utf-8")
        assert (COURSE / "release" / path).read_text(encoding="utf-8") == expected, (
            "run python notebooks/assignments/classroom.py release"
        )


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_student_copy_has_no_solution_hidden_test_or_output(name):
    copy = read("release", name)
    text = "\n".join(cell.source for cell in copy.cells)
    assert not MARKS.search(text)
    for cell in copy.cells:
        assert not cell.get("outputs")
    for solution in solutions(name).values():
        body = re.findall(r"BEGIN SOLUTION\n(.*?)\n *### END", solution, re.DOTALL)
        assert (body or [solution])[0] not in text


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_student_copy_needs_no_package_but_those_of_the_project(name):
    for cell in read("release", name).cells:
        if cell.cell_type == "code":
            assert "nbgrader" not in cell.source
