"""The assignments, their student copies, and their grading by nbgrader's own autograder."""

import ast
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pandas as pd
import pytest
from submissions import (
    ASSIGNMENTS,
    COURSE,
    ROOT,
    awkward_submissions,
    graded_cells,
    make_course,
    read,
    solutions,
    submissions,
    wrong_answers,
)

CASES = [(name, label) for name in ASSIGNMENTS for label in submissions(name)]
AWKWARD = awkward_submissions("01_pixels", "leaked")
if sys.platform != "linux":  # the others have no limit of memory for one process
    del AWKWARD["eats-memory"]
sys.path.insert(0, str(COURSE))
from sandbox import lacks  # noqa: E402

WITHOUT = ["--no-sandbox"] if lacks() else []  # these submissions are our own
MARKS = re.compile("### BEGIN|### END|Rubric|Model answer")


def grade(course, name):
    """Grade an assignment as the guide says; return the table, a row for each student."""
    command = [sys.executable, course / "classroom.py", "grade", name, *WITHOUT]
    run = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    return pd.read_csv(course / f"grades_{name}.csv", keep_default_na=False).set_index("student")


def grade_a_class(folder):
    """Grade the awkward submissions, each between two good ones, with little patience."""
    files = {(label, path): text for label, (path, text, _, _) in AWKWARD.items()}
    good = nbformat.writes(submissions("01_pixels")["solution"][0])
    files |= {(student, "01_pixels/01_pixels.ipynb"): good for student in ("a-good", "z-good")}
    course = make_course(folder, files)
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8").replace("timeout = 60", "timeout = 20"))
    return grade(course, "01_pixels")


@pytest.fixture(scope="module")
def gradings(request, tmp_path_factory):
    """Start the gradings that the tests of this run need, two at a time."""
    items = [item for item in request.session.items if hasattr(item, "callspec")]
    needed = {i.callspec.params["name"] for i in items if "gradings" in i.fixturenames}

    def grade_all(name):
        if name == "a class":
            return grade_a_class(tmp_path_factory.mktemp("class"))
        files = {
            (label, f"{name}/{name}.ipynb"): nbformat.writes(notebook)
            for label, (notebook, _) in submissions(name).items()
        }
        return grade(make_course(tmp_path_factory.mktemp(name), files), name)

    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(grade_all, name) for name in sorted(needed, reverse=True)}


def check_points(row, name, lost):
    """Compare a row of the table with the graded cells that must lose their points."""
    expected = {cell: 0 if cell in lost else points for cell, points in graded_cells(name).items()}
    for cell in set(solutions(name)) & set(expected) - set(lost):
        expected[cell] = None  # a written answer waits for the teacher
    given = {cell: None if row[cell] == "" else float(row[cell]) for cell in expected}
    assert given == expected, row["remarks"]
    assert float(row["points"]) == sum(filter(None, expected.values()))


@pytest.mark.parametrize(("name", "label"), CASES)
def test_every_submission_gets_exactly_the_points_that_it_earns(gradings, name, label):
    check_points(gradings[name].result().loc[label], name, submissions(name)[label][1])


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_solution_takes_less_than_thirty_seconds(gradings, name):
    # of computing: others that run at the same time do not count
    assert float(gradings[name].result().loc["solution", "CPU seconds"]) < 30


@pytest.mark.parametrize(("name", "label"), [("a class", label) for label in AWKWARD])
def test_an_awkward_submission_gets_its_points_or_a_reason(gradings, name, label):
    row, (_, _, lost, remark) = gradings[name].result().loc[label], AWKWARD[label]
    assert remark in row["remarks"]
    if lost is None:
        assert float(row["points"]) == 0
    else:
        check_points(row, "01_pixels", lost)


@pytest.mark.parametrize(("name", "label"), [("a class", "a-good"), ("a class", "z-good")])
def test_awkward_submissions_change_nothing_for_those_before_and_after(gradings, name, label):
    check_points(gradings[name].result().loc[label], "01_pixels", set())


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
    assert set(copy.metadata) == {"kernelspec", "language_info"}
    for cell in copy.cells:
        assert not cell.get("outputs")
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable"}
    for solution in solutions(name).values():
        body = re.findall(r"BEGIN SOLUTION\n(.*?)\n *### END", solution, re.DOTALL)
        assert (body or [solution])[0] not in text


def test_the_guide_answers_every_question_that_a_notebook_ends_with():
    guide = " ".join((COURSE / "README.md").read_text(encoding="utf-8").split())
    for name in ASSIGNMENTS:
        (path,) = ROOT.glob(f"notebooks/{name[:2]}_*.ipynb")
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        questions = re.findall(r"<summary>\d+\. (.+?)</summary>", text)
        assert len(questions) >= 3
        for question in questions:
            assert f"*{re.sub('<[^>]+>|`', '', question)}*" in guide, f"{path.name}: {question}"


def test_the_guide_lists_every_assignment_with_its_tasks_and_points():
    guide = (COURSE / "README.md").read_text(encoding="utf-8")
    for name in ASSIGNMENTS:
        (row,) = re.findall(rf"^\| \[{name}\].*$", guide, re.MULTILINE)
        per_task = [
            sum(points for cell, points in graded_cells(name).items() if cell.split("-")[0] == task)
            for task in solutions(name)
        ]
        assert [int(points) for points in re.findall(r"\((\d)\)", row)] == per_task


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_student_copy_needs_no_package_but_those_of_the_project(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    names = {"scikit-learn": "sklearn", "pillow": "PIL", "opencv-python-headless": "cv2"}
    allowed = {names.get(package, package) for package in required} | {"digits_helpers", "keras"}
    for cell in read("release", name).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                found = [alias.name for alias in getattr(node, "names", [])]
                found = [node.module] if isinstance(node, ast.ImportFrom) else found
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert {name.partition(".")[0] for name in found} <= (
                        allowed | sys.stdlib_module_names
                    )
