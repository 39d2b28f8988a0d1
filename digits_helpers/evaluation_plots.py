"""Figures about a classifier's predictions: confused pairs and calibration."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binomtest

POINT = "#0072B2"


def plot_confused_pair(images, labels, predictions, pair, *, columns=4, heading=None):
    """Draw the images behind four cells of a confusion matrix, arranged as in the matrix.

    Parameters
    ----------
    images : array of shape (n, height, width)
        Scaled to [0, 1].
    labels, predictions : array of shape (n,)
        The true and the predicted class of each image.
    pair : two int
        The classes: the upper panels hold images of the first, the left panels those predicted as
        the first.
    columns : int
        A panel holds the first ``columns * columns`` images of its cell; a cell with fewer images
        leaves the rest of its panel black.
    heading : str, optional
        What the whole figure shows.

    Returns
    -------
    numpy.ndarray of matplotlib Axes, shape (2, 2)
    """
    images, labels, predictions = map(np.asarray, (images, labels, predictions))
    if not len(images) == len(labels) == len(predictions):
        raise ValueError(
            f"expected a label and a prediction for each of {len(images)} images, "
            f"got {len(labels)} labels and {len(predictions)} predictions"
        )
    height, width = images.shape[1:]
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 6.8))
    for ax, (true, predicted) in zip(
        axes.flat, [(true, predicted) for true in pair for predicted in pair], strict=True
    ):
        found = np.flatnonzero((labels == true) & (predictions == predicted))
        chosen = found[: columns * columns]
        tiles = np.zeros((columns * columns, height, width))
        tiles[: len(chosen)] = images[chosen]
        tiles = tiles.reshape(columns, columns, height, width).swapaxes(1, 2)
        ax.imshow(tiles.reshape(columns * height, columns * width), vmin=0, vmax=1)
        ax.set_title(f"{true} predicted as {predicted}: {len(chosen)} of {len(found)}", fontsize=10)
        ax.axis("off")
    if heading:
        figure.suptitle(heading, x=0.01, ha="left")
    return axes


def plot_reliability(confidence, correct, ax=None, *, bins=10, title=None):
    """Draw a reliability diagram: the accuracy of images in bins of confidence, with intervals.

    Parameters
    ----------
    confidence : array of shape (n,)
        The probability of the predicted class of each image, in [0, 1].
    correct : array of shape (n,), bool
        Whether the prediction is correct.
    ax : matplotlib Axes, optional
    bins : int
        Bins of equal width from 0 to 1; those without images are left out.
    title : str, optional

    Returns
    -------
    matplotlib Axes
        A point for each bin at its mean confidence, with Wilson's 95 % interval of its accuracy;
        the number of its images stands below.

    References
    ----------
    A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised learning",
    ICML (2005), 625-632.
    """
    confidence, correct = np.asarray(confidence, float), np.asarray(correct, bool)
    if confidence.shape != correct.shape or confidence.ndim != 1:
        raise ValueError(
            f"expected one confidence and one True or False for each image, got arrays of shape "
            f"{confidence.shape} and {correct.shape}"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(4.6, 4))
    ax.plot([0, 1], [0, 1], ":", color="black", linewidth=1.5, label="calibrated")
    index = np.minimum((bins * confidence).astype(int), bins - 1)
    label = "model, 95 % interval"
    for number in np.unique(index):
        inside = index == number
        mean, accuracy = confidence[inside].mean(), correct[inside].mean()
        interval = binomtest(int(correct[inside].sum()), int(inside.sum())).proportion_ci(
            method="wilson"
        )
        # rounding can put an end of the interval on the wrong side of the accuracy
        reach = np.maximum([[accuracy - interval.low], [interval.high - accuracy]], 0)
        ax.errorbar(mean, accuracy, reach, fmt="o", ms=5, capsize=3, color=POINT, label=label)
        label = None
        ax.text(
            (number + 0.5) / bins, -0.02, f"{inside.sum():,}", fontsize=8, ha="center", va="top"
        )
    first = index.min() / bins
    ax.text(first - 0.01, -0.02, "images", fontsize=8, ha="right", va="top", style="italic")
    ax.set(xlim=(first, 1.01), ylim=(-0.09, 1.03), title=title)
    ax.set(xlabel="mean confidence of the bin", ylabel="accuracy in the bin")
    ax.legend(loc="upper left")
    return ax
