"""The heatmap of two hyperparameters, read back from the Axes that it returns."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from digits_helpers import plot_accuracies
from matplotlib.colors import to_rgb

TABLE = pd.DataFrame({0.001: {"SGD": 75.56, "Adam": 97.18}, 0.1: {"SGD": np.nan, "Adam": 46.5}})


@pytest.fixture(autouse=True)
def _no_screen():
    matplotlib.use("Agg")
    yield
    plt.close("all")


def written(ax):
    return {text.get_position(): text.get_text() for text in ax.texts}


def test_each_setting_has_its_accuracy_and_one_that_was_not_tried_has_none():
    ax = plot_accuracies(TABLE, title="Two optimizers")
    assert written(ax) == {(0.5, 0.5): "75.6", (0.5, 1.5): "97.2", (1.5, 1.5): "46.5"}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.001", "0.1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["SGD", "Adam"]
    assert ax.get_title() == "Two optimizers"


def test_equal_ratios_of_errors_are_equal_steps_of_color():
    table = pd.DataFrame([[98, 96, 92, 84]])  # each error is twice the one before
    ax = plot_accuracies(table, errors=(2, 16))
    shades = ax.collections[0].norm(ax.collections[0].get_array()).ravel()
    np.testing.assert_allclose(shades, [0, 1 / 3, 2 / 3, 1], atol=1e-9)


@pytest.mark.parametrize("errors", [(2.5, 90), (2.4, 6)])
def test_every_number_has_a_contrast_of_at_least_three_to_one(errors):
    table = pd.DataFrame([100 - np.geomspace(*errors, 40)])
    ax = plot_accuracies(table, errors=errors)

    def luminance(color):
        parts = np.array(to_rgb(color))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    colors = ax.collections[0].get_facecolors()[:, :3]
    for text, color in zip(ax.texts, colors, strict=True):
        low, high = sorted([luminance(text.get_color()), luminance(color)])
        assert (high + 0.05) / (low + 0.05) >= 3
