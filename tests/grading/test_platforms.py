"""Points go into the tables of learning platforms, and nothing else in them changes."""

import subprocess
import sys
import warnings

import nbformat
import pandas as pd
import pytest
import yaml
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning
from submissions import COURSE, make_course, solutions, submissions
from submissions import fill as fill_in

sys.path.insert(0, str(COURSE))
from classroom import fill, main
from platforms import fill_table
from sandbox import lacks

WITHOUT = ["--no-sandbox"] if lacks() else []  # these submissions are our own
POINTS = {"ada": 16.0, "Bob": 7.5, "eve": None}
CANVAS = (
    "Student,ID,SIS Login ID,Section,Pixels (4711),Final Score\n"
    "    Points Possible,,,,16,\n"
    '"Lovelace, Ada",1,ada,A,,"81,5"\n'
    "Eve,2,eve,A,3,\n"
    "Zoe,3,zoe,B,5,\n"
)


def filled(table, student, column, points=POINTS):
    new, remarks = fill_table(table, points, student, column)
    return new, remarks


def test_a_table_of_canvas_keeps_all_but_the_points_of_this_assignment():
    new, remarks = filled(CANVAS.encode(), "SIS Login ID", "Pixels (4711)")
    assert new.decode() == CANVAS.replace('ada,A,,"81,5"', 'ada,A,16,"81,5"')
    assert remarks == [
        "left empty, a part is still to be graded by hand: eve",
        "nothing graded for zoe",
        "no row in the table for Bob",
    ]


def test_a_table_of_moodle_finds_students_by_the_address():
    table = "\ufeffFull name,Email address,Assignment: Pixels (Real)\r\nÄnne,BOB@school.edu,-\r\n"
    new, _ = filled(table.encode(), "Email address", "Assignment: Pixels (Real)")
    assert new == table.replace(",-", ",7.5").encode()


def test_a_table_of_blackboard_is_separated_by_tabs_in_utf_16():
    table = 'Last Name\tUsername\t"Pixels [Total Pts: 16 Score] |99"\n"Łoś"\tada\t\n'
    new, _ = filled(table.encode("utf-16"), "Username", "Pixels [Total Pts: 16 Score] |99")
    assert new.decode("utf-16").splitlines()[1] == "Łoś\tada\t16"


def test_a_column_that_is_missing_or_there_twice_is_named_with_those_that_are_there():
    with pytest.raises(ValueError, match="'Login', found 0; the columns are: 'Student', 'ID'"):
        filled(CANVAS.encode(), "Login", "Pixels (4711)")
    with pytest.raises(ValueError, match="found 2"):
        filled(b"who,points,points\nada,,\n", "who", "points")


def test_two_rows_of_one_student_are_refused():
    with pytest.raises(ValueError, match="two rows belong to 'ada'"):
        filled(b"who,points\nada,\nADA@school.edu,\n", "who", "points")


@pytest.fixture
def course(tmp_path):
    """Make a course with a gradebook: ada by the tests and by hand, eve without the latter."""
    warnings.simplefilter("ignore", SAWarning)  # as the command does
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", course_id="digits") as gradebook:
        gradebook.add_assignment("01_pixels")
        gradebook.add_notebook("01_pixels", "01_pixels")
        for cell, points in {"tested": 4, "written": 3}.items():
            gradebook.add_grade_cell(
                cell, "01_pixels", "01_pixels", max_score=points, cell_type="code"
            )
        for student, written in {"ada": 2.5, "eve": None, "ida": 3}.items():
            gradebook.add_student(student)
            submission = gradebook.add_submission("01_pixels", student)
            (notebook,) = submission.notebooks
            for grade in notebook.grades:
                if grade.name == "tested":
                    grade.auto_score = 4
                else:
                    grade.manual_score = written
            if student == "ida":
                notebook.late_submission_penalty = 2
        gradebook.db.commit()
    return tmp_path


def test_points_by_hand_and_the_penalty_for_a_late_submission_are_included(course):
    table = course / "all.csv"
    table.write_text("who,points\nada,\neve,1\nida,\n")
    target, remarks = fill("01_pixels", table, "who", "points", course)
    assert target == course / "all_filled.csv"
    assert target.read_text() == "who,points\nada,6.5\neve,1\nida,5\n"
    assert remarks == ["left empty, a part is still to be graded by hand: eve"]
    assert table.read_text() == "who,points\nada,\neve,1\nida,\n"


def test_before_anything_is_graded_the_command_says_what_to_do(course):
    with pytest.raises(ValueError, match=r"run classroom\.py grade 02_single_layer first"):
        fill("02_single_layer", course / "all.csv", "who", "points", course)
    with pytest.raises(SystemExit, match=r"missing\.csv|run classroom\.py grade"):
        main(["fill", "01_pixels", str(course / "missing.csv"), "--student", "a", "--points", "b"])


def test_a_late_submission_loses_its_points_if_the_policy_says_so(tmp_path):
    good = nbformat.writes(submissions("01_pixels")["solution"][0])
    files = {(student, "01_pixels/01_pixels.ipynb"): good for student in ("early", "late")}
    folder = make_course(tmp_path, files)
    (folder / "submitted" / "early" / "01_pixels" / "timestamp.txt").write_text(
        "2026-01-01 10:00:00 UTC"
    )
    (folder / "submitted" / "late" / "01_pixels" / "timestamp.txt").write_text(
        "2026-01-03 10:00:00 UTC"
    )
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    database = f"sqlite:///{folder / 'gradebook.db'}"
    with Gradebook(database, course_id="digits") as gradebook:
        gradebook.update_or_create_assignment("01_pixels", duedate="2026-01-02 12:00:00 UTC")
    command = [sys.executable, folder / "classroom.py", "grade", "01_pixels", *WITHOUT]
    subprocess.run(command, check=True, capture_output=True)
    table = pd.read_csv(folder / "grades_01_pixels.csv").set_index("student")
    earned = table.loc["early", "points"]
    assert earned > 0
    assert table.loc["late", "points"] == 0
    assert table.loc["late", "remarks"] == f"late: {earned:g} points less"


@pytest.mark.parametrize("answered", [True, False])
def test_the_workflow_for_github_classroom_passes_only_what_is_answered(tmp_path, answered):
    jobs = yaml.safe_load((COURSE / "github_classroom.yml").read_text(encoding="utf-8"))["jobs"]
    command = jobs["check"]["steps"][-1]["run"]
    assert command.startswith("pytest ")
    answers = solutions("01_pixels") if answered else {}
    nbformat.write(fill_in("01_pixels", answers), tmp_path / "01_pixels.ipynb")
    quiet = f"{sys.executable} -m {command} -q -p no:cacheprovider"
    run = subprocess.run(
        quiet, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.returncode == 0) == answered, run.stdout
    assert ("NotImplementedError" in run.stdout) != answered
