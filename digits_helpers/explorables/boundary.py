"""A network on a two-dimensional problem: what a nonlinearity and a dropout mask do."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable, binary

COUNT = 160
"""Points of each problem."""


def _problems():
    """Return for each problem float32 rows of x, y and class, centered, about 1 in spread."""
    from sklearn.datasets import make_blobs, make_circles, make_moons

    centers = [[-1.1, -0.6], [1.1, 0.6]]
    problems = {
        "moons": make_moons(COUNT, noise=0.12, random_state=0),
        "circles": make_circles(COUNT, noise=0.09, factor=0.45, random_state=0),
        "blobs": make_blobs(COUNT, centers=centers, cluster_std=0.6, random_state=0),
    }
    return {
        name: np.column_stack([(points - points.mean(0)) / points.std(0), classes]).astype("<f4")
        for name, (points, classes) in problems.items()
    }


class Boundary(Explorable):
    """What `explore_boundary` returns."""

    module = "explore_boundary"
    seed = traitlets.Int().tag(sync=True)
    moons = binary(help="float32 (n, 3): x, y and class")
    circles = binary(help="as moons")
    blobs = binary(help="as moons")

    def draw(self):
        """Draw the boundaries that scikit-learn's networks find, with and without ReLU."""
        names = {
            "8 units, no nonlinearity: a straight line": ("identity", 8),
            "3 units with ReLU": ("relu", 3),
            "16 units with ReLU": ("relu", 16),
        }
        x, y, classes = np.frombuffer(self.moons, "<f4").reshape(-1, 3).T
        grid = np.linspace(-2.4, 2.4, 121)
        places = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
        figure, axes = plt.subplots(1, 3, figsize=(10, 3.5))
        for ax, (title, (activation, units)) in zip(axes, names.items(), strict=True):
            network = self._fit(np.column_stack([x, y]), classes, activation, units)
            values = network.predict_proba(places)[:, 1].reshape(121, 121)
            ax.contourf(grid, grid, values, [0, 0.5, 1], colors=["#CCE3F0", "#FAECCC"])
            ax.contour(grid, grid, values, [0.5], colors="black")
            for label, (marker, color) in enumerate([("o", "#00568A"), ("^", "#B35900")]):
                chosen = classes == label
                ax.scatter(x[chosen], y[chosen], s=14, marker=marker, color=color)
            ax.set(xticks=[], yticks=[], aspect="equal")
            ax.set_title(title, fontsize=9)
        return figure

    def describe(self):
        """Say what the boundaries look like."""
        return (
            "Two interleaved half circles of points, three times, with the decision boundary of "
            "a network: eight units without a nonlinearity give a straight line that cuts off "
            "the ends of both half circles; three ReLU units give a boundary with a few "
            "corners; sixteen follow the gap between the two."
        )

    @staticmethod
    def _fit(points, classes, activation, units):
        from sklearn.neural_network import MLPClassifier

        network = MLPClassifier(
            units, activation=activation, solver="lbfgs", alpha=0.1, random_state=2, max_iter=300
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 300 iterations are enough for a picture
            return network.fit(points, classes)


def explore_boundary(seed=0):
    """Show a small network that is trained in the page to divide points of two classes.

    The problems are scikit-learn's two moons and circles, and two blobs. The network has one or
    two hidden layers of 1 to 16 units, with ReLU or with no nonlinearity; it is trained with Adam
    on all points at once. A dropout rate shows the mask of the current step.

    Parameters
    ----------
    seed : int
        Of the initial weights, the masks; not negative.

    Returns
    -------
    Boundary
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If the seed is not an integer from 0 to 2**31 - 1.
    """
    if not (isinstance(seed, int) and 0 <= seed < 2**31):
        raise ValueError(f"expected an integer from 0 to 2**31 - 1 as seed, got {seed!r}")
    return Boundary(seed=seed, **{name: rows.tobytes() for name, rows in _problems().items()})
