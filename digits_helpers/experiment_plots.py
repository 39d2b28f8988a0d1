"""A figure of many trainings: a heatmap of two hyperparameters."""

import matplotlib.pyplot as plt
import seaborn as sns
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
    norm = LogNorm(*errors, clip=True)
    colors = {"norm": norm, "cmap": "cividis_r", "cbar_kws": {"label": "error (%)"}}
    sns.heatmap(100 - table, annot=table, fmt=".1f", ax=ax, **colors)
    for text in ax.texts:  # seaborn writes white on tones too light for it
        text.set_color("white" if norm(100 - float(text.get_text())) > 0.5 else "black")
    ax.tick_params(length=0, rotation=0)
    ax.set_title(title)
    bar = ax.collections[0].colorbar
    levels = (2.5, 5, 10, 25, 50, 90) if errors[1] > 10 else (2.5, 3, 4, 5, 6)
    ticks = [tick for tick in levels if errors[0] <= tick <= errors[1]]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    return ax
