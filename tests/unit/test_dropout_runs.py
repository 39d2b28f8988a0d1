"""The stored runs of notebook 03: each table fits the others, and the script trains as it does."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from digits_helpers import DATA, load_reference_model, load_split

FOLDER = DATA / "models"
RUNS = pd.read_csv(FOLDER / "candidates.csv")
ERRORS = pd.read_csv(FOLDER / "candidates_errors.csv")
EPOCHS = pd.read_csv(FOLDER / "dropout.csv")


def test_every_candidate_was_trained_from_the_same_seeds():
    seeds = RUNS.groupby("model")["seed"].apply(sorted)
    assert len(seeds) == 7
    assert all(each == [0, 1, 2] for each in seeds)


def test_a_shallow_and_a_deep_network_have_about_as_many_parameters():
    parameters = RUNS.groupby("model")["parameters"].first()
    assert parameters["149"] == pytest.approx(parameters["128-128"], rel=0.002)
    assert parameters["842"] == pytest.approx(parameters["512-512"], rel=0.002)


def test_the_accuracy_of_a_run_is_what_its_listed_errors_leave():
    count = ERRORS.groupby(["model", "seed"]).size()
    for run in RUNS.itertuples():
        assert run.accuracy == pytest.approx(1 - count[run.model, run.seed] / 5000, abs=1e-4)


def test_every_listed_error_is_one():
    _, (_, labels), _ = load_split()
    assert not ERRORS.duplicated(["model", "seed", "image"]).any()
    assert np.all(labels[ERRORS["image"]] != ERRORS["predicted"])
    assert ERRORS["predicted"].between(0, 9).all()


def test_with_and_without_dropout_were_trained_alike():
    runs = EPOCHS.groupby(["dropout", "seed"])["epoch"].apply(list)
    assert set(runs.index) == {(rate, seed) for rate in (0.0, 0.2) for seed in (0, 1, 2)}
    assert all(epochs == list(range(1, 21)) for epochs in runs)


def test_the_stored_network_is_as_good_as_the_runs_of_the_same_recipe():
    _, (images, labels), _ = load_split()
    predicted = load_reference_model("mlp_plain").predict(images, batch_size=1000, verbose=0)
    accuracies = RUNS.loc[RUNS["model"] == "512-512, dropout 0.2", "accuracy"]
    assert np.mean(predicted.argmax(axis=1) == labels) == pytest.approx(accuracies.mean(), abs=4e-3)


@pytest.mark.parametrize("name", ["build", "train"])
def test_the_script_builds_and_trains_as_the_notebook_does(name):
    (notebook,) = (DATA.parent / "notebooks").glob("03_*.ipynb")
    cells = nbformat.read(notebook, as_version=4).cells
    shown = [c.source for c in cells if c.cell_type == "code" and f"def {name}(" in c.source]
    script = Path(FOLDER, "dropout.py").read_text(encoding="utf-8")
    functions = []
    for code in (*shown, script):
        (function,) = (
            node
            for node in ast.parse(code).body
            if isinstance(node, ast.FunctionDef) and node.name == name
        )
        function.body = function.body[1:]  # the docstring
        functions.append(ast.unparse(function))
    assert len(functions) == 2
    assert functions[0] == functions[1]
