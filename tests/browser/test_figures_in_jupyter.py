"""The figures of data with a kernel: JupyterLab and Jupyter Notebook show each, and it answers."""

import nbformat
import pytest
from chromium import expect
from jupyter_host import serve
from nbformat.v4 import new_code_cell, new_notebook
from refresh import METADATA

SETUP = """\
import numpy as np
import pandas as pd
from digits_helpers import (
    drag_digit,
    edit_kernel,
    explore_boundary,
    explore_confusion,
    explore_embedding,
    explore_search,
    explore_temperature,
    load_mnist,
    mix_digits,
    scrub_training,
)

_, (images, labels) = load_mnist()
images, labels = images[:200], labels[:200]
rng = np.random.default_rng(0)
probabilities = rng.dirichlet(np.ones(10), size=200)
runs = pd.DataFrame({"batch": [32, 32, 64, 64], "rate": 0.1, "accuracy": [0.5, 0.6, 0.7, 0.8]})
history = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.75]}
"""


def pull(slider):
    """Move a slider to its lower end."""
    slider.evaluate("e => { e.value = e.min; e.dispatchEvent(new Event('input')); }")


FIGURES = {
    f"{SETUP}explore_confusion(images, labels, probabilities)": (
        lambda cell: cell.get_by_role("gridcell").nth(23).click(),
        "True 2, predicted 3:",
    ),
    "drag_digit(images[:4])": (
        lambda cell: pull(cell.get_by_role("slider", name="Scale")),
        "× 0.50",
    ),
    "scrub_training([0, 5], rng.normal(size=(2, 784, 10)), history)": (
        lambda cell: pull(cell.get_by_role("slider")),
        "Step 0: training loss 2.000",
    ),
    "mix_digits(images[:4], labels[:4])": (
        lambda cell: pull(cell.get_by_role("slider", name="Blend")),
        "Blend0 % of the second",
    ),
    "edit_kernel()": (
        lambda cell: cell.get_by_role("radio", name="same").click(),
        "feature map, 28 × 28",
    ),
    "explore_boundary()": (
        lambda cell: cell.get_by_role("button", name="One step").click(),
        "Step 1: loss",
    ),
    "explore_embedding(images, labels, labels, {'plane': rng.normal(size=(200, 2))})": (
        lambda cell: cell.get_by_role("application").press("End"),
        "Image 199, label",
    ),
    "explore_temperature(np.log(probabilities), labels)": (
        lambda cell: pull(cell.get_by_role("slider")),
        "Temperature0.20",  # the name and its value
    ),
    "explore_search(runs)": (
        lambda cell: cell.get_by_role("gridcell").nth(1).click(),
        "Run 1 of 10: batch size 64, learning rate 0.1 reaches 70.00 %",
    ),
}
IS_READY = "jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.mark.parametrize(
    ("front_end", "path"), [("jupyterlab", "lab/tree"), ("notebook", "notebooks")]
)
def test_each_figure_shows_up_and_answers(browser, tmp_path, front_end, path):
    with serve(front_end, tmp_path) as (address, folder):
        cells = [new_code_cell(source) for source in FIGURES]
        nbformat.write(new_notebook(cells=cells, metadata=METADATA), folder / "figures.ipynb")
        # high, since both hide what is out of sight
        page = browser.new_page(viewport={"width": 1200, "height": 8000})
        page.goto(f"{address}/{path}/figures.ipynb")
        page.wait_for_function(f"window.{IS_READY}", timeout=90_000)
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        outputs = [
            page.locator(".jp-Cell").nth(number).locator(".jp-Cell-outputArea")
            for number in range(len(FIGURES))
        ]
        for output in outputs:  # running a cell moves the focus: all have to be there first
            expect(output.locator(".digits")).to_be_visible(timeout=90_000)
        page.wait_for_function(f"window.{IS_READY}")
        for output, (use, answer) in zip(outputs, FIGURES.values(), strict=True):
            expect(output).not_to_contain_text(answer)
            use(output)
            expect(output).to_contain_text(answer)
        page.close()
