"""The regression suite bites, and does not cry wolf: hand-made notebooks, texts and figures."""

import io
import os
import re
import subprocess
import sys
from base64 import b64encode
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import refresh
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_compare import (
    Tolerance,
    claims,
    compare_pictures,
    compare_shapes,
    compare_text,
    fingerprints,
    holds,
    open_picture,
)
from PIL import Image, ImageOps
from regression import compare_outputs

TESTS = Path(__file__).parent
TRAINED = Tolerance(abs=0.3, why="spread over five seeds is 0.1 points")


# ---------------------------------------------------------------- text and tables


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("accuracy 98.4 %", "accuracy 98.7 %"),
        ("accuracy 98.4 %", "accuracy  98.10 %"),
        ("epoch 9:  9.98\nepoch 10: 10.01", "epoch 9: 10.02\nepoch 10: 10.01"),
        ("[ 9.9 10. ]", "[10.1 10. ]"),
        ("60,000.1 images", "60,000.3 images"),
        ("gain -0.4", "gain -0.2"),
        ("gain −0.4", "gain −0.2"),
    ],
)
def test_numbers_within_the_tolerance_agree(stored, computed):
    assert compare_text(stored, computed, TRAINED) == ""
    assert compare_text(stored, computed) != ""


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("accuracy 98.4 %", "accuracy 97.5 %"),
        ("accuracy 98.4 %", "accuracy 98.71 %"),
        ("accuracy 98.4 %", "accuracy 98.4 points"),
        ("accuracy 98.4 %", "accuracy 98.4 % "[:-3]),
        ("accuracy 98.4 %", "precision 98.4 %"),
        ("accuracy 98.4 %", "accuracy nan %"),
        ("loss inf", "loss -inf"),
        ("gain 0.1", "gain -0.1"),
        ("gain +0.1", "gain 0.1"),
        ("98.4 98.5", "98.4"),
        ("98.4", "98.4 98.5"),
        ("conv2d", "conv3d"),
        ("128-64 units", "128-65 units"),
        ("1,000 images", "1.0 images"),
        ("1.5e-3", "1.5e3"),
        ("", "1"),
    ],
)
def test_a_changed_word_or_a_number_beyond_the_tolerance_differs(stored, computed):
    assert compare_text(stored, computed, TRAINED) != ""


def test_only_percentages_have_a_tolerance_in_points():
    points = Tolerance(points=0.4, why="seeds")
    assert compare_text("4 of 9: 98.4 %", "4 of 9: 98.1 %", points) == ""
    assert "5 is not 4" in compare_text("4 of 9: 98.4 %", "5 of 9: 98.4 %", points)
    assert compare_text("98.4 %", "97.9 %", Tolerance(points=0.4, abs=9, why="seeds")) != ""


def test_a_number_near_zero_may_change_its_sign_where_the_cell_says_so():
    free = Tolerance(abs=0.3, sign="free", why="the difference is smaller than its spread")
    assert compare_text("gain +0.1", "gain -0.1", free) == ""
    assert compare_text("gain +0.1", "gain -0.3", free) != ""


@given(st.floats(0.01, 1e6), st.floats(0, 0.5), st.floats(-1, 1))
def test_a_relative_tolerance_reaches_as_far_as_it_says(stored, rel, way):
    tolerance = Tolerance(rel=rel, why="spread")
    near, far = stored * (1 + 0.999 * rel * way), stored * (1 + 1.01 * rel + 1e-3)
    assert compare_text(f"{stored:.12f}", f"{near:.12f}", tolerance) == ""
    assert compare_text(f"{stored:.12f}", f"{far:.12f}", tolerance) != ""


def test_a_duration_measures_the_machine_and_is_not_compared():
    assert compare_text("| 9.8 s |  850 ms | x", "| 12.3 s | 1,850 ms | x") == ""
    assert compare_text(" 9.8 s", "12.3 s") == ""
    for other in ("-9.8 s", "nan s", "9.8 ms", "9.8 steps", "9.8"):
        assert compare_text("took 9.8 s", f"took {other}") != ""
    assert compare_text("9.8 sheep", "12.3 sheep") != ""


def test_tags_of_a_table_are_compared_exactly_and_its_numbers_within_the_tolerance():
    table = '<table border="1"><td colspan="2">98.4</td></table>'
    near, wide = table.replace("98.4", "98.5"), table.replace('"2"', '"2.1"')
    assert compare_text(table, near, TRAINED, html=True) == ""
    assert compare_text(table, near, html=True) != ""
    assert compare_text(table, wide, TRAINED, html=True) != ""
    assert compare_text(table, table.replace("98.4", "97.4"), TRAINED, html=True) != ""


@pytest.mark.parametrize(
    "form",
    [
        {"abs": 0.3},
        {"abs": 0.3, "why": " "},
        {"abs": -1, "why": "x"},
        {"abs": "0.3", "why": "x"},
        {"rel": float("nan"), "why": "x"},
        {"absolute": 1, "why": "x"},
        {"abs": 1, "why": "x", "sign": "any"},
    ],
)
def test_a_tolerance_of_another_form_is_refused(form):
    with pytest.raises(ValueError, match="expected why"):
        Tolerance.of({"tolerance": form})


# ---------------------------------------------------------------- figures


@cache
def draw(
    shift=0.0,
    title="Validation accuracy stops rising after epoch 8",
    x_label="epoch",
    curves=2,
    panels=1,
    style="-",
    order=(0, 1),
):
    """Draw two curves as a training would, in a figure of the series' size and style."""
    with plt.style.context(TESTS.parents[1] / "digits_helpers" / "digits.mplstyle"):
        figure = Figure(figsize=(6, 3.5))
        epochs = np.arange(1, 21)
        for axes in np.ravel(figure.subplots(1, panels)):
            for k in order[:curves]:
                accuracy = 98.9 - k - (7 - 2 * k) * np.exp(-epochs / 3) + shift * np.cos(epochs)
                axes.plot(epochs, accuracy, style, color=f"C{k}", label=("train", "test")[k])
            axes.set(title=title, xlabel=x_label, ylabel="accuracy (%)", ylim=(90, 100))
            axes.legend(loc="lower right")
        return as_picture(figure)


def as_picture(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return open_picture(b64encode(file.getvalue()).decode())


def digits(*labels):
    """Draw 7x7 dots as digits are drawn, white on black with a title each."""
    rng = np.random.default_rng(0)
    images = rng.random((10, 7, 7))
    figure = Figure(figsize=(6, 1.5))
    for axes, label in zip(figure.subplots(1, len(labels)), labels, strict=True):
        axes.imshow(images[label], cmap="gray")
        axes.set_title(str(label))
        axes.axis("off")
    return as_picture(figure)


CHANGES = {
    "title": {"title": "Training loss keeps falling to the last epoch"},
    "word of the title": {"title": "Validation accuracy stops falling after epoch 8"},
    "label": {"x_label": "step"},
    "missing curve": {"curves": 1},
    "number of panels": {"panels": 2},
    "colors swapped": {"order": (1,), "curves": 1},
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_figure_differs_even_where_training_decides_its_curves(change):
    assert compare_pictures(draw(), draw(**CHANGES[change])) != ""
    assert compare_pictures(draw(), draw(**CHANGES[change]), TRAINED) != ""


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Validation accuracy stops rising after epoch 9"},
        {"x_label": "epoch."},
        {"style": "--"},
        {"shift": 0.1},
    ],
)
def test_an_exact_figure_differs_by_a_digit_a_dot_a_dash_or_a_bend(change):
    assert compare_pictures(draw(), draw(**change)) != ""


def test_a_trained_curve_may_move_by_the_spread_over_seeds_and_no_more():
    assert compare_pictures(draw(), draw(shift=0.15), TRAINED) == ""
    assert compare_pictures(draw(), draw(shift=0.9), TRAINED) != ""
    assert compare_pictures(draw(), draw(shift=0.9), Tolerance(pixels=40, why="wild")) == ""


def test_swapped_neighbors_and_a_changed_label_among_digits_differ():
    assert compare_pictures(digits(1, 2, 3), digits(1, 3, 2)) != ""
    assert compare_pictures(digits(1, 2, 3), digits(1, 3, 2), TRAINED) != ""
    assert compare_pictures(digits(1, 2, 3), digits(1, 2, 8)) != ""


def test_rounding_of_colors_is_no_difference():
    picture = draw()
    noise = np.random.default_rng(0).integers(-3, 4, (*picture.size[::-1], 3))
    rounded = np.clip(np.asarray(picture).astype(int) + noise, 0, 255).astype(np.uint8)
    assert compare_pictures(picture, Image.fromarray(rounded)) == ""


def test_a_trained_figure_may_be_two_pixels_larger_and_an_exact_one_may_not():
    picture = draw()
    for border in ((0, 0, 2, 0), (2, 0, 0, 1), (1, 1, 1, 1)):
        larger = ImageOps.expand(picture, border, "white")
        assert compare_pictures(picture, larger) != ""
        assert compare_pictures(picture, larger, TRAINED) == ""
        assert compare_pictures(larger, picture, TRAINED) == ""
    assert compare_pictures(picture, ImageOps.expand(picture, 2, "white"), TRAINED) != ""


@pytest.mark.parametrize(
    ("now", "within"),
    [
        ("line #0072b2 -: 10 20, 31 40", 1),
        ("line #0072b2 -: 10 20, 30 49", 10),
        ("line #0072b2 -: 10 20, 30 52", None),
        ("line #0072b2 -: 10 20, nan 40", None),
        ("line #0072b2 -: 10 20", None),
        ("line #0072b3 -: 10 20, 30 40", None),
    ],
)
def test_what_is_drawn_may_move_by_the_pixels_of_the_tolerance(now, within):
    stored = ["axes: 0 0, 50 50", "line #0072b2 -: 10 20, 30 40"]
    reasons = [compare_shapes(stored, [stored[0], now], t) for t in (None, TRAINED)]
    assert [reason == "" for reason in reasons] == [within == 1, within is not None]


def test_a_dotted_line_whose_style_is_a_colon_is_compared_like_any_other():
    stored = ["line #0072b2 : None: 10 20, 30 40"]
    assert compare_shapes(stored, ["line #0072b2 : None: 10 20, 31 40"], None) == ""
    assert compare_shapes(stored, ["line #0072b2 : None: 10 20, 35 40"], None) != ""
    assert compare_shapes(stored, ["line #0072b2 -- None: 10 20, 30 40"], None) != ""
    assert compare_shapes(stored, [], None) != ""
    empty = ["line #0072b2 - None: "]  # a curve without points, as an entry of a legend
    assert compare_shapes(empty, empty, None) == ""
    assert compare_shapes(empty, ["line #0072b2 - None: 10 20"], None) != ""


def test_a_heatmap_that_is_transposed_differs_even_where_training_decides_its_numbers():
    matrix = np.array([[90, 2, 40], [3, 80, 4], [5, 6, 70]])
    texts = [f"text: {' | '.join(map(str, m.ravel()))}" for m in (matrix, matrix.T, matrix + 5)]
    counts = Tolerance(abs=20, why="counts of a trained network")
    assert compare_text(texts[0], texts[2], counts) == ""
    assert "5 is not 40" in compare_text(texts[0], texts[1], counts)


# ---------------------------------------------------------------- the outputs of a cell


def png(picture):
    file = io.BytesIO()
    picture.save(file, format="png")
    return b64encode(file.getvalue()).decode()


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def figure(picture, alt="two rising curves", **notes):
    data = {"image/png": png(picture), "text/plain": alt}
    notes = {"alt": alt, "words": ["title: 98.4 %"], "shapes": ["line #000000 -: 9 9"]} | notes
    return new_output("display_data", data, metadata={"image/png": notes})


def table(plain, html):
    return new_output("execute_result", {"text/plain": plain, "text/html": html})


def broken(output):
    output.data["image/png"] = output.data["image/png"][:-31]
    return output


GRAY, WHITE = Image.new("RGB", (30, 20), "gray"), Image.new("RGB", (30, 20), "white")
STORED = [stream("accuracy 98.4 %\n"), figure(GRAY), table("0.5", "<td>0.5</td>"), figure(WHITE)]
CHANGED = {
    "text": [stream("precision 98.4 %\n"), *STORED[1:]],
    "number": [stream("accuracy 97.5 %\n"), *STORED[1:]],
    "plain table": [*STORED[:2], table("1.5", "<td>0.5</td>"), STORED[3]],
    "html table": [*STORED[:2], table("0.5", "<td>1.5</td>"), STORED[3]],
    "table without html": [*STORED[:2], new_output("execute_result", {"text/plain": "0.5"})],
    "alt text": [STORED[0], figure(GRAY, "two falling curves"), *STORED[2:]],
    "figure": [STORED[0], figure(WHITE), *STORED[2:]],
    "word of a figure": [STORED[0], figure(GRAY, words=["title: 98.4 points"]), *STORED[2:]],
    "number of a figure": [STORED[0], figure(GRAY, words=["title: 97.4 %"]), *STORED[2:]],
    "words lost": [STORED[0], figure(GRAY, words=[]), *STORED[2:]],
    "curve dashed": [STORED[0], figure(GRAY, shapes=["line #000000 --: 9 9"]), *STORED[2:]],
    "curve moved": [STORED[0], figure(GRAY, shapes=["line #000000 -: 9 30"]), *STORED[2:]],
    "curve lost": [STORED[0], figure(GRAY, shapes=[]), *STORED[2:]],
    "figure cut short": [STORED[0], broken(figure(GRAY)), *STORED[2:]],
    "figures swapped": [STORED[0], STORED[3], STORED[2], STORED[1]],
    "figure missing": STORED[:3],
    "figure extra": [*STORED, figure(GRAY)],
    "figure without picture": [STORED[0], new_output("display_data", {"text/plain": "two"})],
    "standard error": [stream("accuracy 98.4 %\n", "stderr"), *STORED[1:]],
    "extra output": [*STORED, stream("more\n")],
    "display for result": [*STORED[:2], new_output("display_data", STORED[2].data), STORED[3]],
    "nothing": [],
}


def test_the_same_outputs_do_not_differ(tmp_path):
    assert compare_outputs(STORED, STORED, None, tmp_path / "cell") == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tolerance", [None, TRAINED], ids=["exact", "trained"])
@pytest.mark.parametrize("change", CHANGED)
def test_every_change_that_a_reader_sees_is_told(change, tolerance, tmp_path):
    assert compare_outputs(STORED, CHANGED[change], tolerance, tmp_path / "cell")
    assert compare_outputs(CHANGED[change], STORED, tolerance, tmp_path / "cell")


def test_the_figures_that_differ_are_saved_and_named(tmp_path):
    (reason,) = compare_outputs(STORED, CHANGED["figure"], None, tmp_path / "n" / "cell-07")
    assert "cell-07-2-{expected,actual,difference}.png" in reason
    saved = {name: tmp_path / "n" / f"cell-07-2-{name}.png" for name in ("expected", "actual")}
    assert Image.open(saved["expected"]).getpixel((0, 0)) == (128, 128, 128)
    assert Image.open(saved["actual"]).getpixel((0, 0)) == (255, 255, 255)
    assert (tmp_path / "n" / "cell-07-2-difference.png").exists()


def test_a_widget_is_not_compared():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "bar"}
    assert compare_outputs([], [new_output("display_data", view)], None, Path("unused")) == []


def test_of_an_interactive_figure_the_picture_is_stored_and_compared_and_its_state_kept(tmp_path):
    figure = dict(STORED[1].data)
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    notes = dict(STORED[1].metadata)

    def shown(state, data=figure):
        metadata = notes | {"explorable": {"module": "look_inside", "state": state}}
        return new_output("execute_result", view | data, metadata=metadata, execution_count=1)

    cell = new_code_cell("look_inside()", outputs=[shown({"chosen": 2})])
    (stored,) = refresh.clean(new_notebook(cells=[cell])).cells[0].outputs
    assert stored.data == figure
    assert stored.metadata["explorable"]["state"] == {"chosen": 2}
    assert compare_outputs([stored], [shown({"chosen": 0})], None, Path("unused")) == []
    other = shown({"chosen": 2}, dict(CHANGED["figure"][1].data))
    assert len(compare_outputs([stored], [other], None, tmp_path / "cell")) == 1


# ---------------------------------------------------------------- refreshing and running notebooks

CELLS = [
    "import time\nimport matplotlib.pyplot as plt\nfrom IPython.display import display",
    "start = time.perf_counter()\nprint('images:', 60000)",
    "accuracy = 98.4\nprint(f'accuracy {accuracy} %')",
    "print(f'took {time.perf_counter() - start:.9f} s')",
    "fig, ax = plt.subplots(figsize=(3, 2))\nax.plot([1, 2, 3])\n"
    "display(fig, metadata={'image/png': {'alt': 'a rising line'}})\nplt.close(fig)",
    "import pandas as pd\npd.DataFrame({'epoch': [1, 2], 'loss': [0.5, 0.25]})",
    "import sys\nfor i in range(3):\n    print(i, end='\\r')\nprint('done')",
    "print('the end')",
]


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory):
    """Run and store a notebook; return its path and text."""
    path = tmp_path_factory.mktemp("series") / "n.ipynb"
    cells = [new_markdown_cell("# Digits"), *map(new_code_cell, CELLS)]
    cells.insert(3, new_markdown_cell("## Measure it\nIt reads 98.4 % of 60,000 images."))
    cells[4].metadata = {"tolerance": {"points": 0.3, "why": "seeds"}, "collapsed": True}
    nbformat.write(new_notebook(cells=cells, metadata={"widgets": {}}), path)
    changed, lost = refresh.refresh(path, "open('extra.txt', 'w').write(str(accuracy))")
    assert ([change.cell for change in changed], lost) == ([2, 3, 4, 5, 6, 7, 8], [])
    return path, path.read_text(encoding="utf-8")


def test_a_second_refresh_changes_no_byte(refreshed):
    path, text = refreshed
    assert refresh.refresh(path) == ([], [])
    assert path.read_text(encoding="utf-8") == text


def test_a_refresh_stores_only_the_documented_metadata_and_no_extra_code(refreshed):
    path, text = refreshed
    notebook = nbformat.reads(text, as_version=4)
    assert notebook.metadata == refresh.METADATA | {"stored": fingerprints(notebook)}
    assert notebook.cells[4].metadata == {"tolerance": {"points": 0.3, "why": "seeds"}}
    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == [*range(1, 9)]
    assert path.with_name("extra.txt").read_text() == "98.4"
    assert "extra.txt" not in text
    assert notebook.cells[8].outputs[0].text == "done\n"


def test_a_refresh_notes_where_the_numbers_of_the_prose_come_from(refreshed):
    cells = nbformat.reads(refreshed[1], as_version=4).cells
    found_in = [f"98.4 % in {cells[4].id}", f"60,000 in {cells[2].id}"]
    assert cells[3].metadata == {"numbers": {"found_in": found_in}}


def test_bound_numbers_are_bound_anew_without_running_the_notebook(refreshed, tmp_path):
    notebook = nbformat.reads(refreshed[1], as_version=4)
    cells = notebook.cells
    cells[4].outputs[0].text, cells[2].outputs[0].text = "98.2 %\n", "98.4 % of 60000\n"
    cells[4].source = cells[5].source = "raise ValueError"
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    assert refresh.main(["--prose", str(path)]) == 0
    found_in = [f"98.4 % in {cells[2].id}", f"60,000 in {cells[2].id}"]
    assert nbformat.read(path, as_version=4).cells[3].metadata.numbers.found_in == found_in


def run(path, *options):
    """Run pytest with the plug-in over a notebook; return what it prints."""
    arguments = [sys.executable, "-m", "pytest", path.name, "-c", os.devnull, "--rootdir", "."]
    arguments += ["--nbval", "--nbval-current-env", "-p", "regression", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*arguments, "-rA", "--color=no", *options],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    ).stdout


def outcomes(printed, outcome):
    return sorted(set(map(int, re.findall(rf"^{outcome} .*::Cell (\d+)", printed, re.MULTILINE))))


def test_an_unchanged_notebook_is_green_whatever_a_user_has_set(refreshed, monkeypatch, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("COLUMNS", "40")
    assert outcomes(run(refreshed[0]), "PASSED") == list(range(8))


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadscope")], ids=["one", "xdist"])
def test_each_changed_cell_is_red_and_told_with_its_place(refreshed, tmp_path, options):
    if options:
        pytest.importorskip("xdist")
    notebook = nbformat.reads(refreshed[1], as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[1].outputs[0].text = "images: 60001\n"
    code[2].outputs[0].text = "accuracy 98.6 %\n"  # within its tolerance
    code[3].outputs[0].text = "took 1.5 s\n"  # a duration
    code[4].outputs[0].data["image/png"] = png(GRAY)
    code[5].outputs[0].data["text/html"] = (
        code[5].outputs[0].data["text/html"].replace("0.5", "0.6")
    )
    code[6].outputs.append(stream("more\n"))
    code[7].outputs, code[7].execution_count = [], None
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    printed = run(path, *options)
    assert outcomes(printed, "FAILED") == [1, 4, 5, 6, 7]
    assert outcomes(printed, "PASSED") == [0, 2, 3]
    for message in (
        "n.ipynb, section 'Digits', cell [2]",
        "60000 is not 60001\nexpected: images: 60001\ngot:      images: 60000",
        "tolerance: none, compared exactly",
        "n.ipynb, section 'Measure it', cell [5]",
        "cell-05-1-{expected,actual,difference}.png",
        "stores no run of this cell",
        "if this is what it should show: python tests/regression/refresh.py n.ipynb",
    ):
        assert message in printed
    saved = tmp_path / "build" / "regression" / "n"
    assert len(list(saved.iterdir())) == 3


def test_a_number_beyond_its_tolerance_is_told_with_the_reason_for_the_tolerance(
    refreshed, tmp_path
):
    notebook = nbformat.reads(refreshed[1], as_version=4)
    notebook.cells[4].outputs[0].text = "accuracy 97.4 %\n"
    notebook.cells[5].source = "raise ValueError('no time')"
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    printed = run(path)
    assert outcomes(printed, "FAILED") == [2, 3]
    assert "n.ipynb, section 'Measure it', cell [3]" in printed
    assert "98.4 is not 97.4" in printed
    assert "tolerance: points 0.3, pixels 10 (seeds)" in printed
    assert "no time" in printed


# ---------------------------------------------------------------- numbers in prose


@pytest.mark.parametrize(
    ("prose", "numbers"),
    [
        (
            "98.4 % of 10,000 images, 3 layers, 12 units. About 5%.",
            ["98.4 %", "10,000", "3", "12", "5 %"],
        ),
        ("Reading: 125 minutes. Running: 30 seconds.", []),
        (
            r"$\ln 10 \approx 2.303$, $10{,}000$, $55\,000$, $98.4\,\%$",
            ["10", "2.303", "10,000", "55,000", "98.4 %"],
        ),
        ("`0.5` [a link 0.1](b/0.2.html) <img width='1.5'> https://a.b/3.11", ["0.5", "0.1"]),
        ("conv2.1d 128-64 x2.5", ["128", "64"]),
        ("from −0.3 to 0.4", ["−0.3", "0.4"]),
    ],
)
def test_all_numbers_of_prose_in_digits_but_times_are_claims(prose, numbers):
    assert claims(prose) == numbers


def test_a_claim_is_found_as_the_prose_rounds_it():
    def cell(text, source=""):
        return new_code_cell(source, outputs=[stream(text)])

    assert holds(cell("98.43 %"), "98.4 %")
    assert holds(cell("0.98434"), "98.4 %")
    assert holds(cell("loses -0.31"), "0.3")
    assert holds(cell("", "n = 60_000"), "60,000")
    assert holds(new_code_cell(outputs=[table("", "<td>12.5</td>")]), "12.5")
    assert not holds(cell("98.46 %"), "98.4 %")
    assert not holds(cell("98"), "98.4 %")
    assert not holds(cell("0.98434"), "98.4")
    assert not holds(cell("0.31"), "-0.3")
    assert not holds(new_code_cell(outputs=[table("", '<td width="12.5">1</td>')]), "12.5")
