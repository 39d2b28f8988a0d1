"""Draw and upload digits as a reader does: a real JupyterLab in a real Chromium."""

import importlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image, ImageOps
from refresh import METADATA, clean

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sync_playwright = None

PICTURES = Path(__file__).resolve().parents[2] / "data" / "handwriting"
NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
if not (sync_playwright and CHROMIUM):
    LACK = (
        "needs Chromium and Playwright: install the browser (on Debian: apt-get install chromium) "
        'and its driver (pip install -c constraints.txt -e ".[browser]")'
    )
    if "REQUIRE_BROWSER" in os.environ:
        raise RuntimeError(LACK)
    pytest.skip(LACK, allow_module_level=True)
expect.set_options(timeout=30_000)

SETUP = """\
from digits_helpers import draw_digit, load_digit_image, load_reference_model, upload_digit

model = load_reference_model()


def read(picture):
    probabilities = model.predict(load_digit_image(picture)[None], verbose=0)[0]
    return f"read as {probabilities.argmax()} with {probabilities.max():.6f}"
"""
CELLS = [
    SETUP,
    "drawing = draw_digit(model, threshold=0.5)\ndrawing",
    "print(drawing.picture.shape, read(drawing.picture))",
    "upload = upload_digit(model, threshold=0.5)\nupload",
    "print(upload.picture.shape, read(upload.picture))",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab with settings of its own; return its address and its folder."""
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    own = {name: str(folder / name.lower()) for name in places}
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (folder / "work").mkdir()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", "--expose-app-in-browser"]
    command += [f"--ServerApp.root_dir={folder / 'work'}"]
    command += [f"--LabApp.workspaces_dir={folder / 'workspaces'}"]
    command += [f"--LabApp.user_settings_dir={folder / 'settings'}"]
    address = f"http://127.0.0.1:{port}"
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
            break
        except OSError:
            assert server.poll() is None, (folder / "log").read_text(errors="replace")
            time.sleep(0.2)
    yield address, folder / "work"
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        flags += ["--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


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
    context = browser.new_context(viewport={"width": 1100, "height": 1900}, has_touch=True)
    page = context.new_page()
    open_notebook(page, lab, "digits.ipynb")
    command(page, "notebook:run-all-cells")
    expect(output(page, 4)).to_contain_text("read as", timeout=60_000)
    return page


def output(page, number):
    return page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-Cell-outputArea")


def run_cell(page, number):
    """Run one cell, and return what it prints."""
    page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputPrompt").click()
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell').then(() => {})")
    return output(page, number).inner_text()


@pytest.fixture(scope="module")
def hand():
    """Return a function to the strokes of a digit: points (x, y) in [0, 1], the digit upright."""
    sys.path.insert(0, str(PICTURES))
    write = importlib.import_module("hand").Hand
    sys.path.remove(str(PICTURES))

    def strokes(digit):
        paths = [path[::16] for path in write(np.random.default_rng(digit)).write(str(digit))]
        low, high = (f([f(path, axis=0) for path in paths], axis=0) for f in (np.min, np.max))
        return [(path - (low + high) / 2) / (high - low).max() + 0.5 for path in paths]

    return strokes


def place(page, paths, size=0.7, at=(0.5, 0.5)):
    """Place strokes on the canvas: in the coordinates of the page."""
    box = output(page, 1).locator(".digits-frame canvas").bounding_box()
    origin = np.array([box["x"], box["y"]])
    return [origin + ((path - 0.5) * size + at) * box["width"] for path in paths]


def with_mouse(page, paths):
    for path in paths:
        page.mouse.move(*path[0])
        page.mouse.down()
        for point in path:
            page.mouse.move(*point)
        page.mouse.up()


def with_finger(page, paths):
    session = page.context.new_cdp_session(page)
    for path in paths:
        for event, points in [
            ("touchStart", path[:1]),
            *[("touchMove", [point]) for point in path],
            ("touchEnd", []),
        ]:
            touches = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": touches})


def with_pen(page, paths):
    session = page.context.new_cdp_session(page)
    for path in paths:
        for event, (x, y) in [
            ("mousePressed", path[0]),
            *[("mouseMoved", point) for point in path],
            ("mouseReleased", path[-1]),
        ]:
            pen = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1}
            session.send("Input.dispatchMouseEvent", {"type": event, "x": x, "y": y} | pen)


def button(page, name):
    return output(page, 1).get_by_role("button", name=name)


def clear(page):
    if button(page, "Clear").is_enabled():
        button(page, "Clear").click()
    expect(title(page, 1)).to_have_text("Draw a digit")


def title(page, number):
    return output(page, number).locator(".digits-title")


def answered(page, number):
    """Wait until all that was drawn or chosen has its answer."""
    expect(output(page, number).locator(".digits-reader")).to_have_attribute("aria-busy", "false")


def largest_bar(page, number):
    """Return the text of the highlighted bar, as digit and percentage, and its share of width."""
    bar = output(page, number).locator("li.is-largest")
    digit, percent = bar.inner_text().split("\n")
    width = bar.locator(".digits-track span").evaluate("fill => fill.style.width")
    return int(digit), int(percent.removesuffix(" %")), float(width.removesuffix("%")) / 100


def upload(page, path):
    output(page, 3).locator("input[type=file]").set_input_files(path)


def test_before_anything_is_drawn_cells_read_the_stored_examples(page):
    expect(title(page, 1)).to_have_text("Read as 3")
    expect(output(page, 2)).to_contain_text("(140, 140) read as 3")
    expect(title(page, 3)).to_have_text("Read as 6")
    expect(output(page, 4)).to_contain_text("read as 6")


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_drawn_with_the_mouse_is_read_on_the_page_and_in_the_next_cell(page, hand, digit):
    clear(page)
    with_mouse(page, place(page, hand(digit)))
    answered(page, 1)
    expect(title(page, 1)).to_have_text(f"Read as {digit}")
    label, percent, share = largest_bar(page, 1)
    printed = run_cell(page, 2)
    assert f"(140, 140) read as {digit} with " in printed
    assert label == digit
    assert share == pytest.approx(float(printed.split()[-1]), abs=1e-4)
    assert percent == round(100 * share)


@pytest.mark.parametrize(("draw", "digit"), [(with_finger, 2), (with_pen, 7)])
def test_a_finger_and_a_pen_draw_as_the_mouse_does(page, hand, draw, digit):
    clear(page)
    page.evaluate(
        "addEventListener('pointerdown', event => { window.pointer = event.pointerType }, true)"
    )
    draw(page, place(page, hand(digit)))
    answered(page, 1)
    assert page.evaluate("window.pointer") == {with_finger: "touch", with_pen: "pen"}[draw]
    expect(title(page, 1)).to_have_text(f"Read as {digit}")
    assert f"read as {digit} " in run_cell(page, 2)


@pytest.mark.parametrize(("size", "at"), [(0.25, (0.2, 0.75)), (0.9, (0.5, 0.5))])
def test_a_small_digit_with_thick_strokes_and_a_large_one_with_thin_are_read(page, hand, size, at):
    clear(page)
    with_mouse(page, place(page, hand(3), size, at))
    answered(page, 1)
    expect(title(page, 1)).to_have_text("Read as 3")


def test_undo_takes_the_last_stroke_and_clear_all_by_mouse_and_by_keyboard(page, hand):
    clear(page)
    with_mouse(page, place(page, hand(1)))
    answered(page, 1)
    only_1 = run_cell(page, 2)
    with_mouse(page, place(page, [np.array([[0.1, 0.5], [0.9, 0.5]])]))
    answered(page, 1)
    assert run_cell(page, 2) != only_1
    button(page, "Undo").focus()
    page.keyboard.press("Enter")
    answered(page, 1)
    assert run_cell(page, 2) == only_1
    button(page, "Clear").focus()
    page.keyboard.press("Space")
    expect(title(page, 1)).to_have_text("Draw a digit")
    expect(output(page, 1).get_by_text("Draw a digit here")).to_be_visible()
    assert output(page, 1).locator("li.is-largest").count() == 0
    assert "ValueError: no digit found" in run_cell(page, 2)
    with_mouse(page, place(page, hand(4)))
    expect(title(page, 1)).to_have_text("Read as 4")


def test_the_bars_move_while_the_pen_is_still_down(page, hand):
    clear(page)
    (path,) = place(page, hand(6))
    page.mouse.move(*path[0])
    page.mouse.down()
    for point in path:
        page.mouse.move(*point)
    expect(title(page, 1)).to_have_text("Read as 6")
    page.mouse.up()


def test_an_uploaded_picture_is_read_and_what_the_network_sees_is_shown(page):
    for name, digit in {"chalk_5.jpg": 5, "sixteen-bit_7.png": 7, "exif-rotated_2.jpg": 2}.items():
        upload(page, PICTURES / name)
        expect(output(page, 3).locator(".digits-name")).to_have_text(name)
        expect(title(page, 3)).to_have_text(f"Read as {digit}")
        assert largest_bar(page, 3)[0] == digit
        assert f"read as {digit} " in run_cell(page, 4)
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
    expect(title(page, 3)).to_have_text("Read as 0")
    expect(frame).to_have_class("digits-frame digits-drop")


def test_a_photograph_too_large_to_send_is_made_smaller(page, tmp_path):
    page_of_paper = np.full((2000, 1800, 3), 250, np.uint8)
    page_of_paper[600:1400, 850:950] = 10  # a 1
    Image.fromarray(page_of_paper).save(path := tmp_path / "large.png", compress_level=0)
    assert path.stat().st_size > 10_485_760  # what Jupyter's connection bears
    upload(page, path)
    expect(output(page, 3).locator(".digits-name")).to_have_text("large.png")
    expect(title(page, 3)).to_have_text("Read as 1")


def test_a_file_that_is_no_picture_is_named_so_and_the_widget_goes_on_working(page, tmp_path):
    before = run_cell(page, 4)
    (text := tmp_path / "notes.txt").write_text("a 5\n")
    upload(page, text)
    expect(title(page, 3)).to_have_text("No answer")
    expect(output(page, 3)).to_contain_text("could not be read as a picture: expected")
    expect(output(page, 3).locator(".digits-name")).to_have_text("notes.txt")
    assert "Traceback" not in output(page, 3).inner_text()
    assert run_cell(page, 4) == before
    (vast := tmp_path / "vast.txt").write_bytes(b"5" * 11_000_000)
    upload(page, vast)
    expect(output(page, 3)).to_contain_text("vast.txt is too large")
    upload(page, PICTURES / "paint_9.png")
    expect(title(page, 3)).to_have_text("Read as 9")


def test_after_a_reload_of_the_page_the_drawing_is_still_there(page, lab, hand):
    clear(page)
    with_mouse(page, place(page, hand(6)))
    answered(page, 1)
    printed = run_cell(page, 2)
    page.evaluate("jupyterapp.commands.execute('docmanager:save').then(() => {})")
    open_notebook(page, lab, "digits.ipynb")
    expect(title(page, 1)).to_have_text("Read as 6")
    assert run_cell(page, 2) == printed
    button(page, "Clear").click()
    with_mouse(page, place(page, hand(0)))
    expect(title(page, 1)).to_have_text("Read as 0")


def test_after_a_restart_all_cells_run_again_and_a_digit_is_read(page, hand):
    command(page, "notebook:restart-run-all")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(title(page, 1)).to_have_text("Read as 3", timeout=60_000)
    expect(output(page, 4)).to_contain_text("read as 6", timeout=60_000)
    with_mouse(page, place(page, hand(5)))
    expect(title(page, 1)).to_have_text("Read as 5")


def test_when_the_kernel_has_stopped_the_widget_says_what_to_do(page, hand):
    kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.evaluate(f"{kernel}.shutdown().then(() => {{}})")
    with_mouse(page, place(page, hand(9)))
    expect(output(page, 1).get_by_text("After a restart run this cell again.")).to_be_visible()


def test_a_notebook_stored_by_the_project_opens_without_a_lost_widget(page, lab):
    page.evaluate("jupyterapp.commands.execute('docmanager:save').then(() => {})")
    path = lab[1] / "digits.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert "widget-view" in nbformat.writes(notebook)
    nbformat.write(clean(notebook), lab[1] / "stored.ipynb")
    open_notebook(page, lab, "stored.ipynb")
    expect(output(page, 4)).to_contain_text("read as 6")
    page.wait_for_timeout(3000)  # JupyterLab looks for a widget for two seconds
    assert "model not found" not in page.inner_text("body")
    assert "Loading widget" not in page.inner_text("body")
