"""Arrange what was found on a page: `find_neighbors`, `group_components` and `reading_order`."""

import numpy as np
from digits_helpers.pictures.components import bounding_box


def find_neighbors(boxes):
    """Tell whether two things of a digit's height stand side by side, clearly apart.

    The parts of one digit, such as the stem of a 4 and its angle, are closer.

    Parameters
    ----------
    boxes : numpy.ndarray
        (n, 4): top, left, bottom, right of each connected component.

    Returns
    -------
    bool
    """
    groups = np.array([bounding_box(boxes[group]) for group in group_components(boxes)])
    height = groups[:, 2] - groups[:, 0]
    top, left, bottom, right = groups[height > 0.6 * height.max()].T
    overlap = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    gap = np.maximum.outer(left, left) - np.minimum.outer(right, right)
    tall = np.maximum.outer(bottom - top, bottom - top)
    return bool(((overlap > 0.5 * tall) & (gap > 0.1 * tall)).any())


def group_components(boxes):
    """Group the components that lie above one another: a 5 and its bar.

    Parameters
    ----------
    boxes : numpy.ndarray
        (n, 4): top, left, bottom, right.

    Returns
    -------
    list of list of int
        The indices of each group.
    """
    groups = [[i] for i in range(len(boxes))]
    pair = _one_above_other(groups, boxes)
    while pair:
        first, second = pair
        groups[first] += groups.pop(second)
        pair = _one_above_other(groups, boxes)
    return groups


def _one_above_other(groups, boxes):
    """Return the positions of the first two groups that lie above one another, or None."""
    around = np.array([bounding_box(boxes[group]) for group in groups])
    top, left, bottom, right = around.T
    overlap = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    gap = np.maximum.outer(top, top) - np.minimum.outer(bottom, bottom)
    narrow = np.minimum.outer(right - left, right - left)
    tall = np.maximum.outer(bottom - top, bottom - top)
    pairs = np.argwhere(np.triu((overlap > 0.5 * narrow) & (gap < 0.15 * tall), 1))
    return tuple(pairs[0]) if len(pairs) else None


def reading_order(boxes):
    """Arrange digits in rows from the top, each from left to right.

    From the left, each digit continues the row whose last digit lies most at its height, so that a
    row may climb or fall, and its digits may differ in size.

    Parameters
    ----------
    boxes : numpy.ndarray
        (n, 4): top, left, bottom, right.

    Returns
    -------
    list of list of int
        The indices of each row.
    """
    rows = []
    for index in np.argsort(boxes[:, 1] + boxes[:, 3], kind="stable").tolist():
        top, _, bottom, _ = boxes[index]
        common = []
        for row in rows:
            above, _, below, _ = boxes[row[-1]]
            smaller = max(min(bottom - top, below - above), 1)
            common.append((min(bottom, below) - max(top, above)) / smaller)
        if common and max(common) > 0.25:
            rows[int(np.argmax(common))].append(index)
        else:
            rows.append([index])
    return sorted(rows, key=lambda row: (boxes[row, 0] + boxes[row, 2]).mean())
