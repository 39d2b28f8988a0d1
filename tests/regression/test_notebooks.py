"""What holds for every stored notebook of the series, without running it."""

import ast
import csv
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import comment_markers, metadata_tags
from notebook_compare import PICTURES, Tolerance, claims, fingerprints, holds
from refresh import CELL_METADATA, METADATA, bind_prose

ROOT = Path(__file__).resolve().parents[2]
SERIES = sorted(ROOT.glob("notebooks/*.ipynb"))
NOTEBOOKS = [*SERIES, *sorted(ROOT.glob("notebooks/assignments/source/*/*.ipynb"))]
DRAWING = re.compile(
    "plot_.*|(bar|barh|boxplot|contourf?|errorbar|fill_between|heatmap|hist|hist2d|imshow|matshow|"
    "pcolormesh|pie|plot|scatter|show|stem|violinplot)$"
)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell) -> list[dict]:
    """Return what each display of a cell shows, by its type."""
    return [output.data for output in cell.outputs if "data" in output]


def text_of(cell) -> str:
    streams = [output.text for output in cell.outputs if output.output_type == "stream"]
    texts = [
        data for show in shown(cell) for mime, data in show.items() if mime.startswith("text/")
    ]
    return "\n".join(streams + texts)


def draws(source: str) -> bool:
    """Whether code draws when it runs, rather than define a function that would."""
    todo: list[ast.AST] = [ast.parse(TransformerManager().transform_cell(source))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if DRAWING.match(name):
                return True
        todo.extend(ast.iter_child_nodes(node))
    return False


def every_cell_was_run_in_order(notebook) -> Iterator[str]:
    for count, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != count:
            yield f"code cell {count} stores the execution count {cell.execution_count}"


def no_cell_shows_an_error_or_a_warning(notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"cell [{cell.execution_count}] stores {output.get('name', 'an error')}"
        if warning := re.search(r"\b\w*Warning: .*", text_of(cell)):
            yield f"cell [{cell.execution_count}] shows a warning: {warning[0]}"


def no_cell_is_ignored_without_a_reason(notebook) -> Iterator[str]:
    names = "|".join(set(comment_markers) - {"NBVAL_CHECK_OUTPUT"})
    for cell in code_cells(notebook):
        place = f"cell [{cell.execution_count}]"
        lines = [line.strip() for line in cell.source.splitlines()]
        for number, line in enumerate(lines):
            if marker := re.match(rf"#+\s*({names})\b(.*)", line, re.IGNORECASE):
                beside = lines[max(number - 1, 0) : number] + lines[number + 1 : number + 2]
                if marker[2] or marker[1] not in comment_markers:
                    yield f"{place}: {line!r} has no effect, a marker stands alone in its line"
                elif not any(
                    re.match(rf"#+\s*(?!{names})\w+ \w+ \w+", comment) for comment in beside
                ):
                    yield f"{place}: {line!r} has no comment beside it with the reason"
        tags = set(cell.metadata.get("tags", [])) & set(metadata_tags) - {"nbval-check-output"}
        if tags and not re.match(r"#+\s*\w+ \w+ \w+", cell.source):
            yield f"{place}: {tags} needs a comment with the reason in the first line of the cell"


def every_tolerance_has_the_documented_form(notebook) -> Iterator[str]:
    for cell in notebook.cells:
        try:
            Tolerance.of(cell.metadata)
        except (TypeError, ValueError) as error:
            yield str(error)


def every_picture_has_alt_text(notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            for mime in set(PICTURES) & set(output.get("data", {})):
                alt = output.metadata.get(mime, {}).get("alt", "")
                if len(alt.split()) < 3:
                    yield f"cell [{cell.execution_count}] has a picture with the alt text {alt!r}"


def every_cell_that_draws_holds_a_picture(notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        pictures = [set(PICTURES) & set(show) for show in shown(cell)]
        if draws(cell.source) and not any(pictures):
            yield f"cell [{cell.execution_count}] draws and stores no picture"
        for show, picture in zip(shown(cell), pictures, strict=True):
            if show.get("text/plain", "").startswith("<Figure") and not picture:
                yield f"cell [{cell.execution_count}] stores the name of a figure, no picture"


def the_file_is_under_600_kilobytes(notebook) -> Iterator[str]:
    size = len((nbformat.writes(notebook) + "\n").encode())
    if size >= 600_000:
        yield f"{size:,} bytes"


def every_cell_has_its_own_id(notebook) -> Iterator[str]:
    ids = [cell.get("id") for cell in notebook.cells]
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5) or None in ids:
        yield "a cell has no id"
    yield from (f"two cells have the id {i}" for i in sorted({i for i in ids if ids.count(i) > 1}))


def no_output_tells_of_the_machine(notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        private = r"/(home|root|tmp|Users|private|var/folders)/\S*|\b[A-Z]:\\\S+|\b0x[0-9a-f]{6,}"
        if found := re.search(private, text_of(cell)):
            yield f"cell [{cell.execution_count}] shows {found[0]}"


def every_random_choice_is_seeded(notebook) -> Iterator[str]:
    before = ""
    for cell in code_cells(notebook):
        place = f"cell [{cell.execution_count}]"
        before += cell.source + "\n"
        if found := re.search(r"\bdefault_rng\(\)|\bnp\.random\.(?!default_rng)\w+", cell.source):
            yield f"{place}: {found[0]} has no seed: write np.random.default_rng(seed=0)"
        # keras.Model(cnn.inputs, ...), between the tensors of a stored model, draws no weights
        builds = re.search(r"\bkeras\.(Sequential|Model)\((?!\w+\.inputs)", before)
        if builds and "tolerance" in cell.metadata and "set_random_seed(" not in before:
            yield f"{place}: no keras.utils.set_random_seed before this training"


def every_cell_is_as_it_was_run_and_stored(notebook) -> Iterator[str]:
    stored = {entry.split()[0]: entry.split()[1:] for entry in notebook.metadata.get("stored", [])}
    ids = [cell.get("id") for cell in code_cells(notebook)]
    if gone := set(stored) - set(ids):
        yield f"the cells {', '.join(gone)} are no longer there: run tests/regression/refresh.py"
    elif list(stored) != ids and set(stored) == set(ids):
        yield "the order of the cells has changed: run tests/regression/refresh.py"
    for cell, entry in zip(code_cells(notebook), fingerprints(notebook), strict=True):
        place = f"cell [{cell.execution_count}], which begins {cell.source.partition(chr(10))[0]!r}"
        now, before = entry.split()[1:], stored.get(cell.get("id"))
        if before is None:
            yield f"{place}: not stored by tests/regression/refresh.py: run it"
        elif now[0] != before[0]:
            yield (
                f"{place}: its code, tags or tolerance changed after it was run: "
                "run tests/regression/refresh.py"
            )
        elif now[1] != before[1]:
            yield f"{place}: its outputs changed after it was run: run tests/regression/refresh.py"


def only_documented_metadata_is_stored(notebook) -> Iterator[str]:
    if {key: notebook.metadata[key] for key in set(notebook.metadata) - {"stored"}} != METADATA:
        yield f"the notebook stores {dict(notebook.metadata)}"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - CELL_METADATA:
            yield f"cell {cell.id} stores {sorted(extra)}"


def every_number_in_prose_is_in_an_output(notebook) -> Iterator[str]:
    code = {cell.id: cell for cell in code_cells(notebook)}
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        numbers = cell.metadata.get("numbers", {})
        elsewhere, bound = numbers.get("not_from_here", []), numbers.get("found_in", [])
        if elsewhere and not numbers.get("why", "").strip():
            yield f"{elsewhere} are said not to be from here, without why"
        if unused := set(elsewhere) - set(claims(cell.source)):
            yield f"not_from_here names {sorted(unused)}, which the prose beside it does not"
        stated = claims(cell.source, elsewhere)
        if stated != [entry.split(" in ")[0] for entry in bound]:
            yield (
                f"{cell.source[:40]!r} states {', '.join(stated) or 'no number'}; noted are "
                f"{', '.join(bound) or 'none'}: run tests/regression/refresh.py --prose"
            )
        for entry in bound:
            claim, home = entry.split(" in ")
            if home not in code or not holds(code[home], claim):
                yield f"{claim} is not in cell {home} (any more): {cell.source[:60]!r}"


RULES = [
    every_cell_was_run_in_order,
    no_cell_shows_an_error_or_a_warning,
    no_cell_is_ignored_without_a_reason,
    every_tolerance_has_the_documented_form,
    every_picture_has_alt_text,
    every_cell_that_draws_holds_a_picture,
    the_file_is_under_600_kilobytes,
    every_cell_has_its_own_id,
    no_output_tells_of_the_machine,
    every_random_choice_is_seeded,
    every_cell_is_as_it_was_run_and_stored,
    only_documented_metadata_is_stored,
    every_number_in_prose_is_in_an_output,
]


def test_there_are_notebooks_and_the_plug_in_that_compares_them(pytestconfig):
    assert NOTEBOOKS
    assert pytestconfig.pluginmanager.has_plugin("regression")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, rule):
    complaints = list(rule(nbformat.v4.reads(path.read_text(encoding="utf-8"))))
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_the_readme_states_what_a_notebook_reaches_as_its_outputs_do(path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\|.*\(notebooks/{path.name}\).*\|$", readme, re.MULTILINE)
    reached = row.split("|")[-2]
    code = code_cells(nbformat.v4.reads(path.read_text(encoding="utf-8")))
    for claim in claims(reached):
        assert any(holds(cell, claim) for cell in code), f"{claim} of {reached!r}"


def test_the_picture_of_the_readme_is_the_one_that_its_cell_shows():
    stored = (ROOT / "data" / "readme.png").read_bytes()
    shown_there = [
        b64decode(cell.outputs[-1].data["image/png"])
        for path in NOTEBOOKS
        for cell in code_cells(nbformat.v4.reads(path.read_text(encoding="utf-8")))
        if "readme" in cell.metadata.get("tags", [])
    ]
    assert [stored] == shown_there


# ---------------------------------------------------------------- the rules bite


def stored(source="print(1)", *outputs, count=1, **metadata):
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def pictured(**metadata):
    return new_output("display_data", {"image/png": "", "text/plain": "a line"}, metadata=metadata)


def complaints(rule, *cells, stored=()):
    notebook = new_notebook(metadata=METADATA | {"stored": list(stored)})
    notebook.cells = list(cells)  # unlike the argument, these are not fixed
    return list(rule(notebook))


GOOD = [
    stored("print(0.984)", printed("0.984\n")),
    new_markdown_cell("It reads 98.4 %."),
    stored("show(axes)", pictured(**{"image/png": {"alt": "a rising line"}}), count=2),
    stored("# NBVAL_IGNORE_OUTPUT\n# the name of the reader's machine\nname()", count=3),
    stored("def draw():\n    plt.plot()\n%matplotlib inline", count=4),
]
BAD = [
    (every_cell_was_run_in_order, [stored(count=None)]),
    (every_cell_was_run_in_order, [stored(count=2)]),
    (no_cell_shows_an_error_or_a_warning, [stored("", printed("oh", "stderr"))]),
    (no_cell_shows_an_error_or_a_warning, [stored("", printed("a.py:3: UserWarning: oh"))]),
    (no_cell_shows_an_error_or_a_warning, [stored("", new_output("error", ename="E", evalue="x"))]),
    (no_cell_is_ignored_without_a_reason, [stored("# NBVAL_IGNORE_OUTPUT\nname()")]),
    (no_cell_is_ignored_without_a_reason, [stored("# nbval_skip because it is slow\nname()")]),
    (no_cell_is_ignored_without_a_reason, [stored("# NBVAL_SKIP slow\n# it is very slow")]),
    (no_cell_is_ignored_without_a_reason, [stored(tags=["nbval-ignore-output"])]),
    (no_cell_is_ignored_without_a_reason, [stored(tags=["raises-exception"])]),
    (every_tolerance_has_the_documented_form, [stored(tolerance={"abs": 1})]),
    (every_tolerance_has_the_documented_form, [stored(tolerance=0.3)]),
    (every_picture_has_alt_text, [stored("", pictured())]),
    (every_picture_has_alt_text, [stored("", pictured(**{"image/png": {"alt": "plot"}}))]),
    (every_cell_that_draws_holds_a_picture, [stored("plt.plot(x)")]),
    (every_cell_that_draws_holds_a_picture, [stored("%time\nfor x in y:\n    plot_digits(x)")]),
    (
        every_cell_that_draws_holds_a_picture,
        [stored("a", new_output("display_data", {"text/plain": "<Figure size"}))],
    ),
    (the_file_is_under_600_kilobytes, [stored("", printed("x" * 600_000))]),
    (every_cell_has_its_own_id, [GOOD[0], GOOD[0]]),
    (no_output_tells_of_the_machine, [stored("", printed("saved in /home/me/x"))]),
    (no_output_tells_of_the_machine, [stored("", printed("<object at 0x7f0b026bcb80>"))]),
    (no_output_tells_of_the_machine, [stored("", printed("C:\\Users\\me"))]),
    (every_random_choice_is_seeded, [stored("rng = np.random.default_rng()")]),
    (every_random_choice_is_seeded, [stored("np.random.permutation(9)")]),
    (every_random_choice_is_seeded, [stored("m = keras.Sequential([])"), stored(tolerance={})]),
    (every_cell_is_as_it_was_run_and_stored, [stored()]),
    (only_documented_metadata_is_stored, [stored(collapsed=True)]),
]


def test_a_good_notebook_meets_every_rule():
    notebook = new_notebook(cells=GOOD, metadata=METADATA)
    notebook.metadata["stored"] = fingerprints(notebook)
    assert bind_prose(notebook) == []
    assert {rule.__name__: list(rule(notebook)) for rule in RULES if list(rule(notebook))} == {}


@pytest.mark.parametrize(("rule", "cells"), BAD, ids=lambda case: getattr(case, "__name__", ""))
def test_a_bad_notebook_is_told(rule, cells):
    assert complaints(rule, *cells)


def test_whatever_is_changed_without_a_run_is_told():
    rule = every_cell_is_as_it_was_run_and_stored
    first, last = stored("rate = 0.2"), stored("rate", printed("0.2"), tolerance={"abs": 0.1})
    sums = fingerprints(new_notebook(cells=[first, last]))
    assert complaints(rule, first, last, stored=sums) == []
    for changed, what in (
        (stored("rate = 0.3"), "code"),
        (stored("rate = 0.2", tolerance={"abs": 9}), "tolerance"),
        (stored("rate = 0.2", printed("0.2")), "outputs"),
    ):
        changed.id = first.id
        (complaint,) = complaints(rule, changed, last, stored=sums)
        assert what in complaint
    for cells in ([first], [last, first], [first, last, stored()]):
        assert complaints(rule, *cells, stored=sums)


def test_every_rule_is_applied_to_the_notebooks():
    assert {rule for rule, _ in BAD} | {every_number_in_prose_is_in_an_output} == set(RULES)


def prose(source, **numbers):
    return new_markdown_cell(source, metadata={"numbers": numbers} if numbers else {})


def test_a_changed_number_of_prose_or_of_its_output_is_told():
    rule = every_number_in_prose_is_in_an_output
    source = stored("print(a)", printed("92.51 %, then 98.43 %, 97.40 %"))
    text = prose(
        "From 92.5 % to 98.4 %.", found_in=[f"92.5 % in {source.id}", f"98.4 % in {source.id}"]
    )
    assert not complaints(rule, source, text)
    for changed in ("From 92.5 % to 97.4 %.", "From 98.4 % to 92.5 %.", "From 92.5 %.", "98.4 %"):
        assert complaints(rule, source, prose(changed, **text.metadata["numbers"]))
    source.outputs = [printed("92.51 %, then 98.51 %")]
    assert complaints(rule, source, text)
    assert complaints(rule, text)


def test_the_scoreboard_holds_what_its_notebooks_show():
    # a tolerance lets small changes pass when a notebook is run; what is stored has to be the same
    with (ROOT / "data" / "scoreboard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 10
    for row in rows:
        (path,) = ROOT.glob(f"notebooks/{row['notebook']}_*.ipynb")
        cells = code_cells(nbformat.read(path, as_version=4))
        last = re.compile(
            r"^board(\[.+\]|\.(iloc|tail).*)?$", re.MULTILINE
        )  # all of it, or some rows
        (board,) = (cell for cell in cells if last.search(cell.source))
        (html,) = (data["text/html"] for data in shown(board) if "text/html" in data)
        (line,) = (part for part in html.split("<tr") if f"<td>{row['model']}</td>" in part)
        values = [row[column] for column in ("parameters", "validation", "test")]
        assert [value for value in values if f"<td>{value}</td>" not in line] == [], row


def test_a_number_from_elsewhere_needs_a_reason_and_is_still_in_the_prose():
    rule = every_number_in_prose_is_in_an_output
    quoted = {"not_from_here": ["99.8 %"], "why": "the best published result"}
    assert not complaints(rule, prose("The best read 99.8 %.", **quoted))
    assert complaints(rule, prose("The best read 99.8 %.", **quoted | {"why": ""}))
    assert complaints(rule, prose("The best read 99.7 %.", **quoted))
    assert complaints(rule, prose("The best read all.", **quoted))


def test_numbers_are_bound_to_the_nearest_cell_above_and_stay_there():
    cells = [stored("a = 0.5"), stored("b = 0.5"), prose("It is 0.5, not 0.7."), stored("c = 0.7")]
    notebook = new_notebook(cells=cells)
    assert bind_prose(notebook) == []
    bound = [f"0.5 in {cells[1].id}", f"0.7 in {cells[3].id}"]
    assert notebook.cells[2].metadata["numbers"]["found_in"] == bound
    notebook.cells[1].source = "b = 0.6"
    assert bind_prose(notebook) == []
    assert notebook.cells[2].metadata["numbers"]["found_in"] == bound
    assert complaints(every_number_in_prose_is_in_an_output, *notebook.cells)
    notebook.cells[2].source = "It is 0.9."
    assert bind_prose(notebook) == ["0.9"]
