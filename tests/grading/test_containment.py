"""Submissions that cheat or do harm get no points, and change nothing for others."""

import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest
from cheats import CELLS, NAME, cheats, with_cell
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from submissions import COURSE, fill, graded_cells, make_course, read, solutions, submissions

sys.path.insert(0, str(COURSE))
import classroom
import exchange
import referee
import repair
import sandbox

needs_sandbox = pytest.mark.skipif(bool(sandbox.lacks()), reason=f"no sandbox: {sandbox.lacks()}")
MACHINERY = [*list(CELLS)[: list(CELLS).index("equal-to-everything")], "exchange-replaced"]
FILES = list(CELLS)[list(CELLS).index("startup-file") : list(CELLS).index("fork-bomb")]
TOGETHER = {"all machinery": MACHINERY, "all files": FILES}
ALONE = [
    "equal-to-everything",
    "arguments-replaced",
    "kills-everything",
    "fork-bomb",
    "script-shown",
    "script-written",
    "tasks-deleted",
    "tests-by-hand",
]
HONEST = ["a-honest", "z-honest"]


def bundle(labels):
    """Return one blank with the cells of several cheats."""
    notebook = with_cell(CELLS[labels[0]])
    more = [nbformat.v4.new_code_cell(CELLS[label].strip()) for label in labels[1:]]
    notebook.cells[4:4] = more
    return notebook


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade them, with an honest submission before and one after."""
    notebooks = {label: bundle(labels) for label, labels in TOGETHER.items()}
    notebooks |= {label: cheats()[label] for label in ALONE}
    notebooks |= dict.fromkeys(HONEST, submissions(NAME)["solution"][0])
    files = {
        (label, f"{NAME}/{NAME}.ipynb"): nbformat.writes(notebook)
        for label, notebook in notebooks.items()
    }
    course = make_course(tmp_path_factory.mktemp("cheats"), files)
    before = contents(course)
    command = [sys.executable, course / "classroom.py", "grade", NAME]
    run = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    table = pd.read_csv(course / f"grades_{NAME}.csv", keep_default_na=False)
    return course, table.set_index("student"), before


def contents(course):
    """Return the size and date of each file that belongs to the teacher."""
    kept = [course / "source", course / "submitted", course.parents[1] / "digits_helpers"]
    kept.append(course.parents[1] / "data")
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in kept
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@needs_sandbox
@pytest.mark.parametrize("label", [*TOGETHER, *ALONE])
def test_a_cheat_gets_no_points(graded, label):
    row = graded[1].loc[label]
    assert [float(row[cell] or 0) for cell in graded_cells(NAME)] == [0] * len(graded_cells(NAME))
    assert float(row["points"]) == 0


@needs_sandbox
@pytest.mark.parametrize("label", HONEST)
def test_cheats_change_nothing_for_the_honest(graded, label):
    row = graded[1].loc[label]
    for cell, points in graded_cells(NAME).items():
        assert row[cell] == "" if cell in solutions(NAME) else float(row[cell]) == points, cell


@needs_sandbox
def test_cheats_change_no_file_of_the_teacher(graded):
    course, _, before = graded
    assert contents(course) == before


@needs_sandbox
def test_no_process_of_a_submission_outlives_the_grading(graded):
    for process in psutil.process_iter(["cmdline"]):
        assert "time.sleep(3600)" not in " ".join(process.info["cmdline"] or [])


@needs_sandbox
@pytest.mark.parametrize("label", [*TOGETHER, *ALONE])
def test_a_graded_notebook_holds_no_solution_and_nothing_that_a_browser_runs(graded, label):
    path = graded[0] / "autograded" / label / NAME / f"{NAME}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert set(output.get("data", {})) <= set(repair.SAFE_OUTPUTS)
            assert "BEGIN SOLUTION" not in str(output.get("text", ""))
            assert "CONNECTED" not in str(output.get("text", ""))
        if cell.cell_type == "markdown":
            assert not re.search(r"<[A-Za-z/!]|\]\(|\]:|\]\[|\\href", cell.source)


@needs_sandbox
def test_inside_the_sandbox_there_is_no_home_no_network_and_no_other_process():
    code = """
import os, pathlib, socket
print(sorted(os.listdir("/home")), os.listdir("/home/learner"), os.environ.get("SECRET"))
print([p for p in os.listdir("/proc") if p.isdigit()] < ["1", "2", "3", "4"])
print([name for _, name in socket.if_nameindex()])
try:
    pathlib.Path("/sandbox/project/data/mnist.npz").write_bytes(b"")
except OSError as error:
    print(error.strerror)
"""
    command = sandbox.contained([sys.executable, "-c", code], inside="/")
    environment = {"SECRET": "key", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "['learner'] [] None"
    assert lines[1:] == ["True", "['lo']", "Read-only file system"]


def test_without_a_sandbox_nothing_is_graded_unless_that_is_asked_for(monkeypatch, tmp_path):
    (tmp_path / "source" / NAME).mkdir(parents=True)
    monkeypatch.setattr(classroom, "lacks", lambda: "no program bwrap")
    with pytest.raises(RuntimeError, match=r"apt-get install bubblewrap.*--no-sandbox"):
        classroom.grade(NAME, tmp_path)


def through(value, path):
    """Send a value through a file, as between the processes."""
    exchange.Parcel().store(value, path)
    return exchange.Parcel().load(path)


numbers = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
values = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(values)
@settings(deadline=None)
def test_data_arrives_as_it_was_sent(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.npz"
    arrived = through(value, path=path)
    assert arrived == value
    assert type(arrived) is type(value)


@given(
    arrays(st.sampled_from([np.uint8, np.float32, np.int64, np.bool_]), array_shapes(min_side=0))
)
@settings(deadline=None)
def test_arrays_arrive_with_shape_and_dtype(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "array.npz"
    arrived, scalar = through((array, array.dtype.type(1)), path=path)
    assert (arrived.shape, arrived.dtype) == (array.shape, array.dtype)
    assert np.array_equal(arrived, array, equal_nan=array.dtype.kind == "f")
    assert scalar.dtype == array.dtype


def test_a_generator_goes_on_where_it_was(tmp_path):
    ours = np.random.default_rng(seed=3)
    ours.random(5)
    theirs = through(ours, path=tmp_path / "rng.npz")
    assert np.array_equal(theirs.random(4), ours.random(4))


@pytest.mark.parametrize("value", [object(), np.array([object()]), lambda: 0])
def test_what_is_not_data_is_refused_with_its_type(tmp_path, value):
    with pytest.raises(TypeError, match="cannot be tested: expected numbers"):
        exchange.Parcel().store(value, tmp_path / "value.npz")


def called(tmp_path, function, *arguments):
    """Let `answer` call a function; return what it replies and the arguments afterwards."""
    call, reply = tmp_path / "call.npz", tmp_path / "reply.npz"
    exchange.Parcel().store(["f", list(arguments), {}, 1], call)
    exchange.answer({"f": function} if function else {}, call, reply)
    return exchange.Parcel().load(reply)


def test_a_function_that_changes_its_argument_is_found_out(tmp_path):
    def f(labels, others):
        labels[0] = 9
        return 1

    kind, value, changed = called(tmp_path, f, np.zeros(3), np.ones(2))
    assert (kind, value, list(changed)) == ("returned", 1, [0])
    assert np.array_equal(changed[0], [9, 0, 0])


def test_an_error_arrives_as_name_and_message(tmp_path):
    def f():
        raise ValueError("two sizes")

    assert called(tmp_path, f) == ["raised", "ValueError", "two sizes"]
    assert called(tmp_path, None)[:2] == ["raised", "NameError"]


def judge(tmp_path, test, function):
    """Let the referee run a test of a task ``f``; the function answers in this process."""
    task = {"grade_id": "f", "solution": True, "grade": False}
    graded = {"grade_id": "f-check", "solution": False, "grade": True}
    cells = [
        ("import numpy as np\ndata = np.arange(5.0)\nrng = np.random.default_rng(1)", {}),
        ("def f(*arguments):\n    return 'the solution'", {"nbgrader": task}),
        (test, {"nbgrader": graded}),
    ]
    cells = [nbformat.v4.new_code_cell(text, metadata=metadata) for text, metadata in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "source.ipynb")

    def ask(name):
        exchange.answer({"f": function}, tmp_path / "call.npz", tmp_path / "reply.npz")

    return referee.Referee(tmp_path / "source.ipynb", tmp_path, ask).test("f-check")["error"]


def test_the_referee_tests_the_function_of_the_learner_and_not_the_solution(tmp_path):
    test = "assert f(3) == 6, 'twice as much'"
    assert judge(tmp_path, test, lambda x: 2 * x) is None
    name, message, lines = judge(tmp_path, test, lambda x: x + 1)
    assert (name, message) == ("AssertionError", "twice as much")
    assert test in "\n".join(lines)


def zeroed(array):
    array[...] = 0
    return 0.0


def test_a_function_that_erases_its_arguments_does_not_erase_the_data_of_the_test(tmp_path):
    test = "assert f(data) == 0\nassert data.sum() == 10"
    assert judge(tmp_path, test, zeroed) is None


def test_a_test_that_looks_at_the_arguments_afterwards_sees_them_changed(tmp_path):
    test = f"{referee.MARK}\nf(data)\nassert data.sum() == 10, 'changed'"
    assert judge(tmp_path, test, zeroed)[1] == "changed"
    assert judge(tmp_path, test, np.sum) is None


def test_a_generator_goes_on_after_a_call_whatever_the_learner_drew(tmp_path):
    test = "assert f(rng) != f(rng)\nassert f(np.random.default_rng(2)) != f(rng)"
    assert judge(tmp_path, test, lambda rng: rng.random()) is None
    assert judge(tmp_path, "f(rng), f(rng)\nassert f(rng) == 7", lambda rng: 7) is None


def repaired(notebook, tmp_path):
    """Repair a notebook as the grading does."""
    folder = tmp_path / "submitted" / "someone" / NAME
    folder.mkdir(parents=True)
    source = tmp_path / "source" / NAME
    source.mkdir(parents=True)
    nbformat.write(read("source", NAME), source / f"{NAME}.ipynb")
    names = {"assignment": NAME, "notebook": NAME, "student": "someone"}
    resources = {"metadata": {"path": str(folder)}, "nbgrader": names}
    return repair.RepairCells().preprocess(notebook, resources)[0]


def ids(notebook):
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]


def test_a_cell_that_was_copied_or_split_is_graded_once_and_keeps_its_text(tmp_path):
    notebook = fill(NAME, solutions(NAME))
    index = ids(notebook).index("leaked")
    first, second = notebook.cells[index].copy(), notebook.cells[index]
    first.source, second.source = "helper = 1", second.source + "\n# below the cut"
    notebook.cells.insert(index, first)
    result = repaired(notebook, tmp_path)
    found = [name for name in ids(result) if name]
    assert found == [name for name in ids(read("source", NAME)) if name]
    assert "helper = 1" in [cell.source for cell in result.cells]
    assert "nbgrader" not in result.cells[index].metadata


def test_a_test_that_was_deleted_comes_back_in_its_place(tmp_path):
    notebook = fill(NAME, solutions(NAME))
    del notebook.cells[ids(notebook).index("difference-hidden")]
    order = [name for name in ids(read("source", NAME)) if name]
    assert [name for name in ids(repaired(notebook, tmp_path)) if name] == order


def test_a_task_that_was_deleted_does_not_come_back_with_its_solution(tmp_path):
    notebook = cheats()["tasks-deleted"]
    result = repaired(notebook, tmp_path)
    assert "leaked" not in ids(result)
    assert "leaked-hidden" in ids(result)
    assert not [cell for cell in result.cells if "BEGIN SOLUTION" in cell.source]


def test_a_written_answer_that_was_deleted_comes_back_empty(tmp_path):
    notebook = fill(NAME, solutions(NAME))
    del notebook.cells[ids(notebook).index("meaning")]
    result = repaired(notebook, tmp_path)
    assert result.cells[ids(result).index("meaning")].source == ""


def test_another_assignment_is_named_as_what_it_is(tmp_path):
    with pytest.raises(ValueError, match=f"no task of {NAME} is in this notebook"):
        repaired(read("release", "03_deep_network"), tmp_path)


def put(folder, name, text, seconds):
    path = folder / name
    path.write_text(text)
    path.touch()
    os.utime(path, (seconds, seconds))
    return path


def test_the_newest_notebook_of_a_folder_is_graded_and_no_file_is_lost(tmp_path):
    folder = tmp_path / "frank" / NAME
    folder.mkdir(parents=True)
    assert "there is no notebook in submitted/frank/" in classroom.choose_notebook(folder, NAME)[0]
    put(folder, "first.ipynb", "1", 100)
    assert classroom.choose_notebook(folder, NAME) == ["was named first.ipynb"]
    put(folder, "second try.ipynb", "2", 200)
    assert "was named second try.ipynb" in classroom.choose_notebook(folder, NAME)
    assert (folder / f"{NAME}.ipynb").read_text() == "2"
    put(folder, f"{NAME}.ipynb", "3", 300)
    assert classroom.choose_notebook(folder, NAME)[0].startswith("older, not looked at: ")
    put(folder, "second try.ipynb", "4", 400)
    classroom.choose_notebook(folder, NAME)
    assert {path.read_text() for path in folder.iterdir()} == {"1", "3", "4"}
