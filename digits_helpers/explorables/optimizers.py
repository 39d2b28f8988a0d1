"""SGD, momentum and Adam from the same start on a loss surface of two weights."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable

RANGE = 2.0
"""The picture shows both weights from -RANGE to RANGE."""
STEPS = 100
"""Length of each path."""
FAR = 1e3
"""Where a weight is beyond it, a path has diverged, and ends."""

SURFACES = {
    "narrow valley": {
        "terms": [[2, 0, 0.02], [0, 2, 1.0]],
        "start": [-1.8, 1.2],
        "finding": "SGD is slow along it",
    },
    "curved valley": {
        "terms": [
            *[[2, 0, -0.95], [1, 0, -0.1], [0, 0, 0.55], [0, 2, 0.5], [0, 1, 1.0]],
            *[[4, 0, 0.5], [2, 1, -1.0]],
        ],
        "start": [-1.6, 1.6],
        "finding": "SGD lags behind",
    },
    "two minima": {
        "terms": [[4, 0, 0.3], [2, 0, -0.72], [0, 0, 0.65], [1, 0, 0.16], [0, 2, 0.5]],
        "start": [1.9, 1.2],
        "finding": "momentum rolls on",
    },
}
"""Polynomials: each term ``[i, j, c]`` adds ``c * w1**i * w2**j``."""

GRAYS = [str(gray) for gray in np.linspace(1, 0.45, 16).round(3)]
DEFAULTS = {"rate": 0.1, "adam_rate": 0.1, "momentum": 0.9}
STYLES = {  # color, line, marker at its end
    "SGD": ("#0072B2", "-", "o"),
    "momentum": ("#D55E00", "--", "s"),
    "Adam": ("black", ":", "^"),
}


def evaluate(terms, w1, w2):
    """Return the polynomial with these terms, elementwise."""
    return sum(c * w1**i * w2**j for i, j, c in terms)


def differentiate(terms, w1, w2):
    """Return its gradient at a point: float64 of shape (2,)."""
    return np.array(
        [
            sum(c * i * w1 ** max(i - 1, 0) * w2**j for i, j, c in terms),
            sum(c * j * w1**i * w2 ** max(j - 1, 0) for i, j, c in terms),
        ]
    )


def descend(terms, start, rate=0.1, adam_rate=0.1, momentum=0.9, steps=STEPS):
    """Take steps with SGD, momentum and Adam.

    The updates are those of ``keras.optimizers.SGD`` (its velocity carries the learning rate) and
    ``keras.optimizers.Adam``, with ``beta_1`` equal to the momentum.

    Parameters
    ----------
    terms : list of [int, int, float]
        Of the polynomial, as in `SURFACES`.
    start : pair of float
    rate, adam_rate : float
        Learning rate of SGD and momentum, and of Adam; positive.
    momentum : float
        In [0, 1).
    steps : int

    Returns
    -------
    dict of str to numpy.ndarray
        For each optimizer float64 of shape (n, 2), the start first; shorter than the steps if the
        path diverges.
    """
    velocity, m, v = np.zeros(2), np.zeros(2), np.zeros(2)
    paths = {name: [np.array(start, float)] for name in STYLES}
    for t in range(1, steps + 1):
        for name, path in paths.items():
            if np.abs(path[-1]).max() > FAR:
                continue
            gradient = differentiate(terms, *path[-1])
            if name == "SGD":
                change = -rate * gradient
            elif name == "momentum":
                velocity = change = momentum * velocity - rate * gradient
            else:
                m = momentum * m + (1 - momentum) * gradient
                v = 0.999 * v + 0.001 * gradient**2
                correction = np.sqrt(1 - 0.999**t) / (1 - momentum**t)
                change = -adam_rate * correction * m / (np.sqrt(v) + 1e-7)
            path.append(path[-1] + change)
    return {name: np.array(path) for name, path in paths.items()}


class Optimizers(Explorable):
    """What `explore_optimizers` returns."""

    module = "explore_optimizers"
    surface = traitlets.Unicode(help="the one that is shown first").tag(sync=True)
    surfaces = traitlets.Dict(help="name: its terms and its start").tag(sync=True)
    defaults = traitlets.Dict(help="rate, adam_rate, momentum").tag(sync=True)

    def draw(self):
        """Draw the three paths on each surface, from its start, with the default settings."""
        grid = np.linspace(-RANGE, RANGE, 161)
        w1, w2 = np.meshgrid(grid, grid)
        figure, axes = plt.subplots(1, 3, figsize=(10, 3.7))
        for ax, (name, surface) in zip(axes, self.surfaces.items(), strict=True):
            heights = evaluate(surface["terms"], w1, w2)
            levels = heights.min() + np.ptp(heights) * np.linspace(0, 1, 17) ** 2.5
            ax.contourf(grid, grid, heights, levels, colors=GRAYS)
            for optimizer, path in descend(surface["terms"], surface["start"], **DEFAULTS).items():
                color, line, marker = STYLES[optimizer]
                ax.plot(*path.T, line, color="white", lw=3.5)
                ax.plot(*path.T, line, color=color, lw=1.8)
                ax.plot(*path[-1], marker, color=color, mec="white", ms=8, label=optimizer)
            ax.plot(*surface["start"], "o", color="white", mec="black", ms=7, zorder=5)
            ax.set(aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2], xlabel="$w_1$")
            ax.set(xlim=(-RANGE, RANGE), ylim=(-RANGE, RANGE))
            ax.set_title(f"{name.capitalize()}: {surface['finding']}", fontsize=10)
        axes[0].set_ylabel("$w_2$")
        axes[0].legend(loc="lower right", fontsize=8, frameon=True, facecolor="white", framealpha=1)
        return figure

    def describe(self):
        """Say where the paths end."""
        ends = []
        for name, surface in self.surfaces.items():
            paths = descend(surface["terms"], surface["start"], **DEFAULTS)
            losses = [f"{key} {evaluate(surface['terms'], *p[-1]):.3f}" for key, p in paths.items()]
            ends.append(f"{name.capitalize()}: {', '.join(losses)}.")
        return (
            "Three loss surfaces of two weights, dark where the loss is high, with the paths of "
            "SGD (blue, solid), momentum (orange, dashed) and Adam (black, dotted) from "
            f"the same start, a white circle. Loss after {STEPS} steps. {' '.join(ends)}"
        )


def explore_optimizers(surface="narrow valley"):
    """Show SGD, momentum and Adam on a loss surface of two weights, from a start to be dragged.

    The learning rates, the momentum and the start can be changed; the paths are computed in the
    page, with the updates of Keras' optimizers.

    Parameters
    ----------
    surface : str
        Which surface is shown first: ``"narrow valley"``, ``"curved valley"`` or
        ``"two minima"``.

    Returns
    -------
    Optimizers
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If there is no such surface.
    """
    if surface not in SURFACES:
        names = ", ".join(repr(name) for name in SURFACES)
        raise ValueError(f"expected a surface of {names}, got {surface!r}")
    return Optimizers(surface=surface, surfaces=SURFACES, defaults=DEFAULTS)
