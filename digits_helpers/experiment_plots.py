"""A figure of many trainings: a heatmap of two hyperparameters."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm


def plot_accuracies(table, ax=None, *, errors=(2.5, 90), title=None):
    """Draw accuracies of settings as a heatmap: numbers are accuracies, colors errors.

    Errors are colored on a logarithmic scale, so that 97 and 98 % differ as visibly as 40 and 60 %.

    Parameters
    ----------
    table : pandas.DataFrame
        Accuracies in percent; its index and columns name the settings. NaN leaves a cell white.
    ax : matplotlib Axes, optional
    errors : pair of float
        The errors, in percent, of the brightest and the darkest color.
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(1.5 + 0.8 * table.shape[1], 0.8 + 0.6 * len(table)))
    values = table.to_numpy(float)
    norm = LogNorm(*errors, clip=True)
    image = ax.imshow(100 - values, cmap="cividis_r", norm=norm, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if norm(100 - value) > 0.5 else "black"
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", color=color)
    ax.set_xticks(range(table.shape[1]), table.columns)
    ax.set_yticks(range(len(table)), table.index)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title)
    bar = ax.figure.colorbar(image, ax=ax, label="error (%)")
    levels = (2.5, 5, 10, 25, 50, 90) if errors[1] > 10 else (2.5, 3, 4, 5, 6)
    ticks = [tick for tick in levels if errors[0] <= tick <= errors[1]]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    return ax
