"""What the refresh command says of a change: by hand, for notebooks of one or two cells."""

import base64
import io

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from report import changes, write_page


def printed(text, tolerance=None):
    """Return a notebook with one section, and one cell that printed a text."""
    metadata = {"tolerance": tolerance} if tolerance else {}
    outputs = [new_output("stream", text=text)]
    cell = new_code_cell("x", execution_count=7, metadata=metadata, outputs=outputs)
    return new_notebook(cells=[new_markdown_cell("# N\n\n## Count the errors"), cell])


def drawn(color):
    """Return a notebook with a cell that shows a picture of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(buffer, "png")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode(), "text/plain": "a square"}
    outputs = [new_output("display_data", data=data, metadata={})]
    return new_notebook(cells=[new_code_cell("x", execution_count=1, outputs=outputs)])


@pytest.mark.parametrize(("after", "outside"), [("98.6 %", False), ("99.9 %", True)])
def test_a_number_is_told_before_and_after_beside_its_tolerance(tmp_path, after, outside):
    tolerance = {"points": 0.3, "why": "seeds"}
    old, new = printed("accuracy 98.4 %", tolerance), printed(f"accuracy {after}", tolerance)
    (change,) = changes(old, new, tmp_path / "03")
    assert (change.section, change.cell) == ("Count the errors", 7)
    assert change.numbers == [f"98.4 -> {after[:4]}"]
    assert change.outside == outside
    assert "points 0.3" in str(change)


def test_changed_words_are_told_as_lines(tmp_path):
    (change,) = changes(printed("all right\nnext"), printed("all wrong\nnext"), tmp_path)
    assert (change.numbers, change.lines) == ([], ["'all right' -> 'all wrong'"])
    assert change.outside


def test_equal_outputs_and_other_durations_are_no_change(tmp_path):
    assert changes(printed("done"), printed("done"), tmp_path) == []
    assert changes(printed("took 1.2 s"), printed("took 3.4 s"), tmp_path) == []


def test_a_changed_figure_is_saved_before_after_and_as_difference(tmp_path):
    (change,) = changes(drawn("white"), drawn("black"), tmp_path / "04")
    (pictures,) = change.pictures
    assert [path.stem.split("-")[-1] for path in pictures] == ["before", "after", "difference"]
    assert [Image.open(path).getpixel((0, 0))[0] for path in pictures] == [255, 0, 255]
    write_page([change], tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(path.relative_to(tmp_path).as_posix() in page for path in pictures)
