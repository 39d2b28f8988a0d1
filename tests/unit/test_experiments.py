"""run_experiments: every run becomes a row, once, wherever and however often it is called."""

import math
import os
import time
from itertools import product
from pathlib import Path

import distributed
import joblib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from digits_helpers import run_experiments

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "07_hyperparameter_experiments.ipynb"
SETTINGS = [
    {"rate": rate, "units": units, "name": name, "seed": seed}
    for rate, units, name, seed in product([0.001, 1e-05], [16, 128], ["a, b", "none"], range(2))
]


@pytest.fixture
def table(tmp_path):
    return tmp_path / "runs.csv"


def reach(rate, units, name, seed):
    """Stand in for a training: what comes out is known, and a trace of each call is left."""
    return {"loss": rate * units, "accuracy": seed / 10, "parameters": units}


def counted(folder):
    """Return a function like `reach` that leaves a file for each call."""

    def train(**setting):
        (folder / f"call {time.perf_counter_ns()} {os.getpid()}").touch()
        return {"loss": setting["rate"] * setting["units"], "accuracy": setting["seed"] / 10}

    return train


def calls(folder):
    return len(list(folder.glob("call*")))


def test_the_table_has_a_row_for_each_setting_in_the_order_asked(table):
    results = run_experiments(reach, SETTINGS[::-1], table)
    assert results[["rate", "units", "name", "seed"]].to_dict("records") == SETTINGS[::-1]
    assert results["loss"].tolist() == [s["rate"] * s["units"] for s in SETTINGS[::-1]]
    assert results["parameters"].tolist() == [s["units"] for s in SETTINGS[::-1]]
    assert set(results["status"]) == {"ok"}


def test_what_is_read_from_the_file_equals_what_was_just_run(table):
    first = run_experiments(reach, SETTINGS, table)
    pd.testing.assert_frame_equal(run_experiments(reach, SETTINGS, table), first)


def test_a_second_call_runs_only_what_is_missing(table, tmp_path):
    train = counted(tmp_path)
    run_experiments(train, SETTINGS[:5], table)
    assert calls(tmp_path) == 5
    run_experiments(train, SETTINGS, table)
    assert calls(tmp_path) == len(SETTINGS)
    before = table.read_bytes()
    run_experiments(train, SETTINGS[::-1], table)
    assert calls(tmp_path) == len(SETTINGS)
    assert table.read_bytes() == before


def test_a_setting_that_is_there_twice_is_run_once_and_returned_twice(table, tmp_path):
    results = run_experiments(counted(tmp_path), [*SETTINGS[:2], SETTINGS[0]], table)
    assert calls(tmp_path) == 2
    assert results["seed"].tolist() == [0, 1, 0]


def test_two_processes_run_each_setting_once(table, tmp_path):
    with joblib.parallel_config("loky", n_jobs=2):
        results = run_experiments(counted(tmp_path), SETTINGS, table)
    assert calls(tmp_path) == len(SETTINGS)
    here = f" {os.getpid()}"
    assert not list(tmp_path.glob(f"call*{here}"))
    pd.testing.assert_frame_equal(results, run_experiments(counted(tmp_path), SETTINGS, table))


def test_a_diverged_run_is_marked_and_no_mean_takes_it_in(table):
    def train(rate, units, name, seed):
        bad = {0: math.nan, 1: math.inf}[seed] if units == 128 else 0.5
        return {"loss": bad, "accuracy": 0.0988 if units == 128 else 0.97}

    for _ in range(2):  # run, then read
        results = run_experiments(train, SETTINGS, table)
        diverged = results["units"] == 128
        assert (results["status"] == np.where(diverged, "diverged", "ok")).all()
        assert results.loc[diverged, ["loss", "accuracy"]].isna().all(axis=None)
        assert results["accuracy"].mean() == pytest.approx(0.97)


def test_rows_of_finished_runs_are_there_after_one_that_fails(table):
    def train(rate, units, name, seed):
        if (rate, units, name, seed) == tuple(SETTINGS[3].values()):
            raise KeyError("no such layer")
        return {"loss": 0.5}

    with pytest.raises(RuntimeError, match=r"'units': 16.*'seed': 1.* KeyError: 'no such layer'"):
        run_experiments(train, SETTINGS, table)
    assert len(pd.read_csv(table)) == 3
    assert len(run_experiments(reach_loss, SETTINGS, table)) == len(SETTINGS)


def reach_loss(**setting):
    return {"loss": 0.25}


def test_an_interrupted_sweep_keeps_what_it_has_and_goes_on(table, tmp_path):
    def impatient(**setting):
        if setting == SETTINGS[4]:
            raise KeyboardInterrupt
        return {"loss": 0.5}

    with pytest.raises(KeyboardInterrupt):
        run_experiments(impatient, SETTINGS, table)
    assert len(pd.read_csv(table)) == 4
    results = run_experiments(reach_loss, SETTINGS, table)
    assert results["loss"].tolist() == [0.5] * 4 + [0.25] * (len(SETTINGS) - 4)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_row_that_was_cut_off_is_run_again(table, kept):
    run_experiments(reach, SETTINGS, table)
    whole = table.read_bytes()
    table.write_bytes(whole[: int(kept * len(whole))])
    run_experiments(reach, SETTINGS, table)
    assert sorted(table.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_windows_line_ends_change_nothing(table, tmp_path):
    first = run_experiments(reach, SETTINGS, table)
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(run_experiments(counted(tmp_path), SETTINGS, table), first)
    assert calls(tmp_path) == 0


def test_settings_of_different_names_are_refused_before_any_run(table, tmp_path):
    with pytest.raises(ValueError, match=r"same names.*'rate', 'units', 'name', 'seed'.*'rate'\]"):
        run_experiments(counted(tmp_path), [SETTINGS[0], {"rate": 1}], table)
    assert calls(tmp_path) == 0


def test_no_settings_are_refused(table):
    with pytest.raises(ValueError, match="at least one setting"):
        run_experiments(reach, [], table)


def test_a_table_of_other_experiments_is_refused_and_kept(table, tmp_path):
    table.write_text("rate,status,loss\n0.1,ok,0.5\n")
    with pytest.raises(ValueError, match=r"runs\.csv.*rate, units, name, seed, status.*delete"):
        run_experiments(counted(tmp_path), SETTINGS, table)
    assert calls(tmp_path) == 0
    assert table.read_text() == "rate,status,loss\n0.1,ok,0.5\n"


def test_a_row_of_the_wrong_length_is_named(table):
    run_experiments(reach, SETTINGS[:3], table)
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:2], lines[2] + ",1", lines[3]]) + "\n")
    with pytest.raises(ValueError, match=r"line 3: expected 8 values, found 9"):
        run_experiments(reach, SETTINGS, table)


@pytest.mark.parametrize(
    "reached", [{"accuracy": 1}, {"loss": 1, "seed": 3}, {"loss": 1, "status": 0}]
)
def test_results_without_a_loss_or_with_a_name_of_the_settings_are_refused(table, reached):
    with pytest.raises(ValueError, match=f"got {list(reached)}".replace("[", r"\[")):
        run_experiments(lambda **setting: reached, SETTINGS, table)


def test_the_cell_of_notebook_07_runs_on_a_dask_cluster_by_one_changed_line(table):
    notebook = nbformat.read(NOTEBOOK, 4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    names = ["import json", "base = {", "pixel_mean, ", "objectives = {"]
    names += ["def build(", "def fit(", "def train("]
    setup = [next(cell for cell in cells if cell.startswith(name)) for name in names]
    sweep = next(cell for cell in cells if "(train, settings, DATA" in cell)
    line = 'with joblib.parallel_config("loky", n_jobs=2):'
    assert sweep.count(line) == 1
    page = {}
    with plt.rc_context():  # the page sets a style, which other tests are not to meet
        for source in setup:
            exec(source, page)
    quick = page["base"] | {"images": 500, "epochs": 2}
    page["settings"] = [quick | {"seed": seed} for seed in range(3)]
    page["DATA"] = table.parent
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster):
        exec(sweep.replace(line, 'with joblib.parallel_config("dask"):'), page)
    assert (page["results"]["status"] == "ok").all()
    assert page["results"]["accuracy"].between(0.3, 0.95).all()
    assert len(pd.read_csv(table.parent / "experiments.csv")) == 3
