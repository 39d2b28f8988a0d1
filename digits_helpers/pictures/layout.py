"""Arrange the components of several digits in rows: `group_components` and `reading_order`."""

import numpy as np
from digits_helpers.pictures.components import bounding_box


def group_components(boxes):
    """Group the components that lie above one another: a 5 and its bar.

    Parameters
    ----------
    boxes : numpy.ndarray
        (n, 4): top, left, bottom, right.

    Returns
    -------
    list of list of int
        The indices of each group; groups much smaller or larger than most are left out.
    """
    groups = [[i] for i in range(len(boxes))]
    pair = _one_above_other(groups, boxes)
    while pair:
        first, second = pair
        groups[first] += groups.pop(second)
        pair = _one_above_other(groups, boxes)
    heights = np.array([high - top for top, _, high, _ in (bounding_box(boxes[g]) for g in groups)])
    usual = np.median(heights[heights > 0.3 * heights.max()])
    return [g for g, h in zip(groups, heights, strict=True) if 0.4 * usual < h < 2.5 * usual]


def find_neighbors(boxes):
    """Tell whether two things of a digit's height stand side by side, clearly apart.

    The parts of one digit, such as the stem of a 4 and its angle, are closer.
    """
    groups = np.array([bounding_box(boxes[group]) for group in group_components(boxes)])
    height = groups[:, 2] - groups[:, 0]
    top, left, bottom, right = groups[height > 0.6 * height.max()].T
    overlap = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    gap = np.maximum.outer(left, left) - np.minimum.outer(right, right)
    tall = np.maximum.outer(bottom - top, bottom - top)
    return bool(((overlap > 0.5 * tall) & (gap > 0.1 * tall)).any())


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


def reading_order(groups, boxes):
    """Return rows of groups from the top, each from left to right."""
    rows = []
    for group in sorted(groups, key=lambda g: bounding_box(boxes[g])[1]):
        top, _, bottom, _ = bounding_box(boxes[group])
        for row in rows:
            above, _, below, _ = bounding_box(boxes[row[-1]])
            common = min(bottom, below) - max(top, above)
            if common > 0.5 * min(bottom - top, below - above):
                row.append(group)
                break
        else:
            rows.append([group])
    rows.sort(key=lambda row: np.mean([bounding_box(boxes[g])[[0, 2]].mean() for g in row]))
    return rows
