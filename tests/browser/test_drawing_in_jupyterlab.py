"""Draw and upload digits as a reader does: a real JupyterLab in a real Chromium, with a kernel."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from chromium import expect, with_mouse
from jupyter_host import serve
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image, ImageOps
from refresh import METADATA, clean

PICTURES = Path(__file__).resolve().parents[2] / "data" / "handwriting"

SETUP = """\
from digits_helpers import (
    draw_digit,
    load_digit_image,
    load_reference_model,
    look_inside,
    upload_digit,
)

model = load_reference_model("mlp")


def read(picture):
    probabilities = model.predict(load_digit_image(picture)[None], verbose=0)[0]
    return f"predicted {probabilities.argmax()} with {probabilities.max():.6f}"
"""
CELLS = [
    SETUP,
    "drawing = draw_digit(model, threshold=0.5)\ndrawing",
    "print(drawing.picture.shape, read(drawing.picture))",
    "upload = upload_digit(model, threshold=0.5)\nupload",
    "print(upload.picture.shape, read(upload.picture))",
    "inside = look_inside()\ninside",
    "print(inside.picture.shape, read(inside.picture))",
]

CELL = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell"  # of the notebook in front


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab with settings of its own; return its address and its folder."""
    with serve("jupyterlab", tmp_path_factory.mktemp("lab")) as server:
        yield server


def command(page, name, arguments="{}"):
    """Start a command of JupyterLab's menus; do not wait for its end."""
    page.evaluate(f"void jupyterapp.commands.execute('{name}', {arguments})")


def open_notebook(page, lab, name):
    address, _ = lab
    page.goto(f"{address}/lab/tree/{name}")
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)


@pytest.fixture(scope="module")
def page(lab, browser):
    """Open a notebook with the widgets and run all its cells."""
    cells = [new_code_cell(source) for source in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata=METADATA), lab[1] / "digits.ipynb")
    # high, since JupyterLab hides what is out of sight
    context = browser.new_context(viewport={"width": 1100, "height": 5200}, has_touch=True)
    page = context.new_page()
    open_notebook(page, lab, "digits.ipynb")
    command(page, "notebook:run-all-cells")
    expect(output(page, 6)).to_contain_text("predicted", timeout=120_000)
    return page


def output(page, number):
    return page.locator(CELL).nth(number).locator(".jp-Cell-outputArea")


def run_cell(page, number):
    """Run one cell, and return what it prints."""
    page.locator(CELL).nth(number).locator(".jp-InputPrompt").click()
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell').then(() => {})")
    return output(page, number).inner_text()


def place(page, paths, number=1):
    """Place strokes on the pad of a cell: in the coordinates of the page."""
    box = output(page, number).get_by_role("application").bounding_box()
    origin = np.array([box["x"], box["y"]])
    return [origin + ((path - 0.5) * 0.7 + 0.5) * box["width"] for path in paths]


def title(page, number):
    return output(page, number).locator(".digits-title")


def clear(page, number=1):
    button = output(page, number).get_by_role("button", name="Clear the drawing")
    if button.is_enabled():
        button.click()
    expect(title(page, number)).to_have_text("Draw a digit")


def upload(page, path):
    output(page, 3).locator("input[type=file]").set_input_files(path)


def test_before_anything_is_drawn_cells_read_the_stored_examples(page):
    expect(title(page, 1)).to_have_text("Predicted: 3")
    expect(output(page, 2)).to_contain_text("(140, 140) predicted 3")
    expect(title(page, 3)).to_have_text("Predicted: 6")
    expect(output(page, 4)).to_contain_text("predicted 6")
    expect(title(page, 5)).to_have_text("Predicted: 3")
    expect(output(page, 6)).to_contain_text("(140, 140) predicted 3")


@pytest.mark.parametrize("number", [1, 5])
def test_a_digit_drawn_in_the_page_is_read_there_and_in_the_next_cell(page, hand, number):
    for digit in (0, 5, 7):
        clear(page, number)
        with_mouse(page, place(page, hand(digit), number))
        expect(title(page, number)).to_have_text(f"Predicted: {digit}")
        assert f"(140, 140) predicted {digit} with " in run_cell(page, number + 1)


def test_undo_and_clear_reach_python_and_keys_edit_no_cell(page, hand):
    clear(page)
    with_mouse(page, place(page, hand(1)))
    only_1 = run_cell(page, 2)
    with_mouse(page, place(page, [np.array([[0.1, 0.5], [0.9, 0.5]])]))
    assert run_cell(page, 2) != only_1
    output(page, 1).get_by_role("application").focus()
    page.keyboard.press("Backspace")
    assert run_cell(page, 2) == only_1
    output(page, 1).get_by_role("button", name="Clear the drawing").focus()
    page.keyboard.press("Enter")
    expect(title(page, 1)).to_have_text("Draw a digit")
    assert "ValueError: no digit found" in run_cell(page, 2)
    assert page.locator(CELL).count() == len(CELLS)


def test_an_uploaded_picture_is_read_and_what_the_network_sees_is_shown(page):
    for name, digit in {"chalk_5.jpg": 5, "sixteen-bit_7.png": 7, "exif-rotated_2.jpg": 2}.items():
        upload(page, PICTURES / name)
        expect(output(page, 3).locator(".digits-file")).to_have_text(name)
        expect(title(page, 3)).to_have_text(f"Predicted: {digit}")
        assert f"predicted {digit} " in run_cell(page, 4)
        image = output(page, 3).get_by_role("img", name=f"The picture {name}")
        shape = image.evaluate(
            "async image => (await image.decode(), image.naturalHeight / image.naturalWidth)"
        )
        with Image.open(PICTURES / name) as stored:
            width, height = ImageOps.exif_transpose(stored).size
        assert shape == pytest.approx(height / width, rel=0.01)


def test_a_dropped_picture_is_read(page):
    transfer = page.evaluate_handle(
        """async () => {
            const canvas = new OffscreenCanvas(300, 300), pen = canvas.getContext('2d');
            pen.fillStyle = 'white'; pen.fillRect(0, 0, 300, 300);
            pen.lineWidth = 18; pen.strokeStyle = 'navy';
            pen.ellipse(150, 150, 60, 90, 0, 0, 7); pen.stroke();
            const transfer = new DataTransfer();
            transfer.items.add(new File([await canvas.convertToBlob()], 'ring.png'));
            return transfer;
        }"""
    )
    frame = output(page, 3).locator(".digits-drop")
    frame.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(frame).to_have_class("digits-frame digits-drop is-over")
    frame.dispatch_event("drop", {"dataTransfer": transfer})
    expect(title(page, 3)).to_have_text("Predicted: 0")
    expect(frame).to_have_class("digits-frame digits-drop")


def test_a_photograph_too_large_to_send_is_made_smaller(page, tmp_path):
    page_of_paper = np.full((2000, 1800, 3), 250, np.uint8)
    page_of_paper[600:1400, 850:950] = 10  # a 1
    Image.fromarray(page_of_paper).save(path := tmp_path / "large.png", compress_level=0)
    assert path.stat().st_size > 10_485_760  # what Jupyter's connection bears
    upload(page, path)
    expect(output(page, 3).locator(".digits-file")).to_have_text("large.png")
    expect(title(page, 3)).to_have_text("Predicted: 1")


def test_a_file_that_is_no_picture_is_named_so_and_the_widget_goes_on_working(page, tmp_path):
    before = run_cell(page, 4)
    (text := tmp_path / "notes.txt").write_text("a 5\n")
    upload(page, text)
    expect(title(page, 3)).to_have_text("No prediction")
    expect(output(page, 3)).to_contain_text("could not be read as a picture: it is a text file")
    expect(output(page, 3).locator(".digits-file")).to_have_text("notes.txt")
    assert "Traceback" not in output(page, 3).inner_text()
    assert run_cell(page, 4) == before
    (vast := tmp_path / "vast.txt").write_bytes(b"5" * 11_000_000)
    upload(page, vast)
    expect(output(page, 3)).to_contain_text("vast.txt is too large")
    upload(page, PICTURES / "paint_9.png")
    expect(title(page, 3)).to_have_text("Predicted: 9")


def test_after_a_reload_of_the_page_the_drawing_is_still_there(page, lab, hand):
    clear(page)
    with_mouse(page, place(page, hand(6)))
    expect(title(page, 1)).to_have_text("Predicted: 6")
    printed = run_cell(page, 2)
    page.evaluate("jupyterapp.commands.execute('docmanager:save').then(() => {})")
    open_notebook(page, lab, "digits.ipynb")
    expect(title(page, 1)).to_have_text("Predicted: 6")
    assert run_cell(page, 2) == printed
    with_mouse(page, place(page, hand(0)))
    expect(title(page, 1)).to_have_text("Predicted: 0")


def test_when_the_kernel_has_stopped_the_pad_still_predicts_and_the_upload_says_what_to_do(
    page, hand
):
    kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.evaluate(f"{kernel}.shutdown().then(() => {{}})")
    clear(page)
    with_mouse(page, place(page, hand(9)))
    expect(title(page, 1)).to_have_text("Predicted: 9")
    upload(page, PICTURES / "paint_9.png")
    expect(output(page, 3).get_by_text("After a restart run this cell again.")).to_be_visible()


def test_a_notebook_stored_by_the_project_opens_with_the_still_pictures(page, lab):
    page.evaluate("jupyterapp.commands.execute('docmanager:save').then(() => {})")
    path = lab[1] / "digits.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert "widget-view" in nbformat.writes(notebook)
    nbformat.write(clean(notebook), lab[1] / "stored.ipynb")
    open_notebook(page, lab, "stored.ipynb")
    expect(output(page, 4)).to_contain_text("predicted")
    for number in (1, 3, 5):
        expect(output(page, number).locator("img")).to_be_visible()
    page.wait_for_timeout(3000)  # JupyterLab looks for a widget for two seconds
    assert "model not found" not in page.inner_text("body")
    assert "Loading widget" not in page.inner_text("body")
