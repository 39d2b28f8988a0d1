"""A search for the best of some settings, of which each training is one run of several."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.plotting import FOUND, HIGHLIGHT
from matplotlib.patches import Rectangle

BUDGET = 10
"""Runs that a search has."""
SPAN = 3
"""Points from the darkest color to the best mean."""
WORDS = {"rate": "learning rate", "batch": "batch size", "units": "units", "dropout": "dropout"}
TRACK = "#E4E7EB"


def expect_best(values, others, most):
    """Return what a random search finds, on average.

    Of 1, 2, ... `most` runs drawn at random, with replacement, one is the best (Dodge et al. 2019,
    https://arxiv.org/abs/1909.03004).

    Parameters
    ----------
    values : array of shape (n,)
        The accuracy of each run.
    others : array of shape (n,)
        The mean accuracy of the other runs of its setting.
    most : int

    Returns
    -------
    numpy.ndarray of shape (most, 2)
        The expected accuracy of the best run, and the expected mean of the other runs of its
        setting.
    """
    order = np.argsort(values, kind="stable")
    ranks = np.arange(len(values) + 1)[:, None] / len(values)
    is_best = np.diff(ranks ** np.arange(1, most + 1), axis=0)  # probability of each run, by rank
    return np.stack([np.take(a, order) @ is_best for a in (values, others)], axis=1)


class Search(Explorable):
    """What `explore_search` returns."""

    module = "explore_search"
    rows = traitlets.List(help="the values of one hyperparameter, as text").tag(sync=True)
    columns = traitlets.List(help="the values of the other, as text").tag(sync=True)
    row_name = traitlets.Unicode().tag(sync=True)
    column_name = traitlets.Unicode().tag(sync=True)
    seeds = traitlets.Int(help="runs of each setting").tag(sync=True)
    budget = traitlets.Int(BUDGET).tag(sync=True)
    span = traitlets.Int(SPAN).tag(sync=True)
    accuracies = binary(help="in percent, float32 (rows, columns, seeds)")

    def _table(self):
        """Return the accuracies, float64 of shape (rows, columns, seeds)."""
        shape = len(self.rows), len(self.columns), self.seeds
        return np.frombuffer(self.accuracies, "<f4").reshape(shape).astype(float)

    def _example(self):
        """Return the cells of a random search, in their order."""
        count = len(self.rows) * len(self.columns)
        return np.random.default_rng(0).permutation(count)[: min(self.budget, count)]

    def _expected(self):
        table = self._table()
        others = (table.sum(axis=2, keepdims=True) - table) / (self.seeds - 1)
        return expect_best(table.ravel(), others.ravel(), self.budget)

    def draw(self):
        """Draw a random search that has used its runs, and what such a search finds on average."""
        table, cells, expected = self._table(), self._example(), self._expected()
        seen = np.full(table.shape[:2], np.nan)
        seen.flat[cells] = table[..., 0].flat[cells]
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.7), width_ratios=[1.15, 1])
        top = table.mean(axis=2).max()
        colors = plt.get_cmap("cividis").with_extremes(bad=TRACK)
        left.imshow(seen, cmap=colors, vmin=top - SPAN, vmax=top, aspect="auto")
        for (row, column), value in np.ndenumerate(seen):
            bright = value > top - 0.45 * SPAN or np.isnan(value)
            text = "?" if np.isnan(value) else f"{value:.1f}"
            color = "black" if bright else "white"
            left.text(column, row, text, ha="center", va="center", color=color)
        row, column = np.unravel_index(np.nanargmax(seen), seen.shape)
        frame = {"fill": False, "ec": FOUND, "lw": 3}
        left.add_patch(Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, **frame))
        left.set_xticks(range(len(self.columns)), self.columns)
        left.set_yticks(range(len(self.rows)), self.rows)
        left.tick_params(length=0)
        left.spines[:].set_visible(False)
        left.set(xlabel=self.column_name, ylabel=self.row_name)
        left.set_title(f"{len(cells)} of {seen.size} settings, one run each (accuracy in %)")
        runs = np.arange(1, self.budget + 1)
        right.plot(runs, expected[:, 0], color=HIGHLIGHT, label="best run of a random search")
        right.plot(runs, expected[:, 1], "--", color=FOUND, label="other runs of its setting")
        right.set(xlabel="runs", ylabel="validation accuracy (%), on average", xticks=runs)
        right.set_title("The best of many runs is flattered")
        right.legend(loc="lower right")
        return figure

    def describe(self):
        """Say what the search of the still picture found, and what one finds on average."""
        table, cells = self._table(), self._example()
        cell = cells[table[..., 0].ravel()[cells].argmax()]
        row, column = np.unravel_index(cell, table.shape[:2])
        best, fresh = self._expected()[-1]
        return (
            f"A grid of {table[..., 0].size} settings of {self.row_name} and {self.column_name}. "
            f"A random search has tried {len(cells)}; its best run has "
            f"{table[row, column, 0]:.2f} %, with {self.row_name} {self.rows[row]} and "
            f"{self.column_name} {self.columns[column]}. Beside it, over the number of runs: the "
            f"best of {self.budget} random runs has {best:.2f} % on average, the other runs of its "
            f"setting {fresh:.2f} %."
        )


def explore_search(runs, rows="batch", columns="rate"):
    """Let the reader search a grid of settings, in ten runs: each choice shows one stored run.

    Parameters
    ----------
    runs : pandas.DataFrame
        A row for each run, as `run_experiments` returns it: the two hyperparameters, and
        ``accuracy`` in [0, 1]. Every combination has the same number of runs, at least 2.
    rows, columns : str
        The names of the two hyperparameters.

    Returns
    -------
    Search
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a column is missing, a combination has other runs than the others, or an accuracy is not
        in [0, 1].
    """
    if missing := [name for name in (rows, columns, "accuracy") if name not in runs]:
        raise ValueError(
            f"expected columns {rows!r}, {columns!r} and 'accuracy', without {missing}"
        )
    if not runs["accuracy"].between(0, 1).all():
        raise ValueError("expected accuracies from 0 to 1: leave out runs that diverged")
    groups = runs.groupby([rows, columns])["accuracy"]
    levels = [sorted(runs[name].unique()) for name in (rows, columns)]
    sizes = groups.size()
    full = len(levels[0]) * len(levels[1])
    if len(sizes) != full or sizes.nunique() != 1 or sizes.iloc[0] < 2:
        raise ValueError(
            f"expected the same number of runs, at least 2, of each of {full} combinations, got "
            f"{sizes.min()} to {sizes.max()} runs of {len(sizes)}"
        )
    table = np.array([[100 * groups.get_group((r, c)) for c in levels[1]] for r in levels[0]])
    return Search(
        rows=[f"{value}" for value in levels[0]],
        columns=[f"{value}" for value in levels[1]],
        row_name=WORDS.get(rows, rows),
        column_name=WORDS.get(columns, columns),
        seeds=int(sizes.iloc[0]),
        accuracies=table.astype("<f4").tobytes(),
    )
