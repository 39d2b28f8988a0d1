"""Images as points of a plane: point to one, see the image and its neighbors."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.explorables.checks import check_images, check_labels

LARGEST, SPACES = 1000, 4
"""At most so many images, and so many planes."""
COLORS = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9",
    "#D55E00", "#F0E442", "#999999", "#332288", "#882255",
]  # fmt: skip
"""Of the digits 0 to 9; they are those in ``explore_embedding.js``."""
DARKER = {"#F0E442": "#A39600", "#56B4E9": "#2C93CF", "#E69F00": "#C98A00"}
"""What bright colors become where a digit is drawn on white without a disc."""


class Embedding(Explorable):
    """What `explore_embedding` returns."""

    module = "explore_embedding"
    images = binary(help="uint8 (n, 28, 28), 16 gray levels: they take half of the kilobytes")
    labels = binary(help="the digit of each image, uint8 (n,)")
    predictions = binary(help="the predicted digit of each image, uint8 (n,)")
    points = binary(help="float32 (planes, n, 2): x and y, from 0 to 1 along the wider axis")
    names = traitlets.List(help="what each plane is called").tag(sync=True)

    def draw(self):
        """Draw each plane with a digit for every image, the misclassified ones circled."""
        labels, predictions, planes = self._arrays()
        columns = min(len(planes), 2)
        rows = -(-len(planes) // columns)
        size = (4.0 * columns, 4.2 * rows + 0.2)
        figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
        for ax in axes.flat[len(planes) :]:
            ax.axis("off")
        for ax, points, name in zip(axes.flat, planes, self.names, strict=False):
            for digit in np.unique(labels):
                x, y = points[labels == digit].T
                color = DARKER.get(COLORS[digit], COLORS[digit])
                ax.scatter(x, y, 30, color, marker=f"${digit}$", linewidths=0.4)
            wrong = points[labels != predictions]
            ax.scatter(*wrong.T, 110, "none", edgecolors="black", linewidths=1)
            ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set(visible=True, color="#BBBBBB")
            ax.set_title(f"{name}: {self._agreement(points):.0%}")
        text = "percentages: the nearest neighbor is the same digit; circled: misclassified"
        figure.supxlabel(text, fontsize=10)
        return figure

    def describe(self):
        """Name the planes, and how often the nearest neighbor has the same label."""
        labels, predictions, planes = self._arrays()
        parts = [
            f"{name}, where the nearest neighbor of {self._agreement(points):.0%} of the images "
            "is the same digit"
            for name, points in zip(self.names, planes, strict=True)
        ]
        wrong = np.count_nonzero(labels != predictions)
        return (
            f"{len(labels)} images of digits as points of a plane, {wrong} misclassified ones "
            f"circled: {'; '.join(parts)}. Where scripts run, point to one to see the image."
        )

    def _arrays(self):
        """Return labels, predictions and points as arrays."""
        labels, predictions = (np.frombuffer(a, np.uint8) for a in (self.labels, self.predictions))
        planes = np.frombuffer(self.points, "<f4").reshape(len(self.names), -1, 2)
        return labels, predictions, planes

    def _agreement(self, points):
        """Return the fraction of points whose nearest neighbor has the same label."""
        from scipy.spatial import cKDTree

        labels = np.frombuffer(self.labels, np.uint8)
        nearest = cKDTree(points).query(points, 2)[1]
        other = np.where(nearest[:, 0] == np.arange(len(points)), nearest[:, 1], nearest[:, 0])
        return np.mean(labels[other] == labels)


def explore_embedding(images, labels, predictions, planes):
    """Show images as points of a plane; the one under the pointer, and its neighbors, are drawn.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        uint8 from 0 to 255, or floating point from 0 to 1; 2 to 1,000 of them.
    labels, predictions : array of shape (n,)
        The true and the predicted digits, integers from 0 to 9.
    planes : dict of str to array of shape (n, 2)
        What each plane is called, and the point of every image in it; 1 to 4 planes of the same
        images. Both axes of a plane are scaled alike.

    Returns
    -------
    Embedding
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a shape or a value is another.
    """
    images = check_images(images)
    if not 2 <= len(images) <= LARGEST:
        raise ValueError(
            f"expected 2 to {LARGEST} images, got {len(images)}: choose some, images[:{LARGEST}]"
        )
    if not 1 <= len(planes) <= SPACES:
        raise ValueError(f"expected 1 to {SPACES} planes, got {len(planes)}")
    scaled = []
    for name, points in planes.items():
        points = np.asarray(points, float)
        if points.shape != (len(images), 2) or not np.isfinite(points).all():
            raise ValueError(
                f"expected a finite point for each of {len(images)} images in {name!r}, so shape "
                f"({len(images)}, 2), got {points.shape}"
            )
        low, high = points.min(axis=0), points.max(axis=0)
        scaled.append(0.5 + (points - (low + high) / 2) / (np.max(high - low) or 1))
    return Embedding(
        images=(17 * np.round(images / 17)).astype(np.uint8).tobytes(),
        labels=check_labels(labels, len(images)).tobytes(),
        predictions=check_labels(predictions, len(images)).tobytes(),
        points=np.stack(scaled).astype("<f4").tobytes(),
        names=list(planes),
    )
