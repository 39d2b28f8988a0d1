"""An interactive confusion matrix: choose a cell, see its images."""

import matplotlib.pyplot as plt
import numpy as np
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.explorables.checks import check_images, check_labels, check_table
from digits_helpers.plotting import plot_confusion_matrix
from sklearn.metrics import confusion_matrix

ERRORS = 800
"""At most so many misclassified images are stored: those on which the model is most confident."""
RIGHT = 5
"""Of each digit, so many of the most and of the least confident right predictions are stored."""


class Confusion(Explorable):
    """What `explore_confusion` returns."""

    module = "explore_confusion"
    labels = binary(help="the digit of each image, uint8 (n,)")
    predictions = binary(help="the predicted digit of each image, uint8 (n,)")
    positions = binary(help="which images are stored, uint32 (m,), most confident first")
    confidences = binary(help="their confidences, float32 (m,)")
    images = binary(help="their pixels, uint8 (m, 28, 28)")

    def draw(self):
        """Draw the errors as a heatmap, and images of a cell with the largest count."""
        matrix, label, predicted, shown = self._most_confused()
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=[1.25, 1])
        errors = np.where(np.eye(10, dtype=bool), np.nan, matrix)
        wrong = matrix.sum() - np.trace(matrix)
        title = f"{wrong:,} of {matrix.sum():,} images are misclassified"
        plot_confusion_matrix(errors, left, fmt=".0f", unit="images", title=title)
        columns = 4
        right.set_title(
            f"{errors[label, predicted]:.0f} times a {label} is predicted as {predicted}"
        )
        for i, (image, confidence) in enumerate(shown[:12]):
            row, column = divmod(i, columns)
            top, start = 40 * row, 30 * column
            right.imshow(image, extent=(start, start + 28, top + 28, top), vmin=0, vmax=255)
            right.text(start + 14, top + 34, f"{confidence:.0%}", ha="center", va="center", size=8)
        right.set(xlim=(0, 30 * columns - 2), ylim=(120, 0))
        right.axis("off")
        return figure

    def describe(self):
        """Name the cell whose images are shown."""
        matrix, label, predicted, shown = self._most_confused()
        wrong = int(matrix.sum() - np.trace(matrix))
        return (
            f"Confusion matrix of {matrix.sum()} images, {wrong} of them misclassified, beside "
            f"images of a cell with the largest count: {len(shown)} stored images of a {label} "
            f"that were predicted as {predicted}, with their confidences."
        )

    def _most_confused(self):
        """Return the matrix, a cell with the largest count, and its images and confidences."""
        labels, predictions = (np.frombuffer(a, np.uint8) for a in (self.labels, self.predictions))
        matrix = confusion_matrix(labels, predictions, labels=range(10))
        errors = np.where(np.eye(10, dtype=bool), -1, matrix)
        label, predicted = np.unravel_index(errors.argmax(), errors.shape)
        positions = np.frombuffer(self.positions, "<u4")
        chosen = (labels[positions] == label) & (predictions[positions] == predicted)
        images = np.frombuffer(self.images, np.uint8).reshape(-1, 28, 28)[chosen]
        confidences = np.frombuffer(self.confidences, "<f4")[chosen]
        return matrix, label, predicted, list(zip(images, confidences, strict=True))


def explore_confusion(images, labels, probabilities):
    """Show a confusion matrix; a click or a key on a cell shows the images in it.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        uint8 from 0 to 255, or floating point from 0 to 1. At most 800 misclassified images and
        10 right ones of each digit are stored, as uint8.
    labels : array of shape (n,)
        The true digits, integers from 0 to 9.
    probabilities : array of shape (n, 10)
        What the model predicts, from 0 to 1.

    Returns
    -------
    Confusion
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a shape or a value is another.
    """
    images = check_images(images)
    labels = check_labels(labels, len(images))
    probabilities = check_table(probabilities, "probabilities", len(images))
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise ValueError(
            f"expected probabilities from 0 to 1, got {probabilities.min()} to "
            f"{probabilities.max()}: apply softmax to logits"
        )
    predictions = probabilities.argmax(axis=1).astype(np.uint8)
    confidences = probabilities.max(axis=1)
    order = np.argsort(-confidences, kind="stable")  # most confident first
    is_right = labels == predictions
    stored = [order[~is_right[order]][:ERRORS]]
    for digit in range(10):
        right = order[is_right[order] & (labels[order] == digit)]
        ends = right if len(right) <= 2 * RIGHT else np.r_[right[:RIGHT], right[-RIGHT:]]
        stored.append(ends)
    positions = np.concatenate(stored)
    return Confusion(
        labels=labels.tobytes(),
        predictions=predictions.tobytes(),
        positions=positions.astype("<u4").tobytes(),
        confidences=confidences[positions].astype("<f4").tobytes(),
        images=images[positions].tobytes(),
    )
