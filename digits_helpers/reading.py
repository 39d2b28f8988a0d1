"""Find and read all digits of a picture."""

from dataclasses import dataclass

import numpy as np
from digits_helpers.ink import find_ink
from digits_helpers.pictures import (
    centre_by_mass,
    cut_out,
    find_parts,
    fit_to_box,
    open_scaled,
    outline,
    to_grey,
)
from digits_helpers.surroundings import cut_sheet

WORKING_PIXELS = 800_000
"""Larger pictures are reduced to about this many pixels: a digit of a page is a small part."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that `read_digits` found."""

    label: int
    probabilities: np.ndarray
    box: tuple[int, int, int, int]


def read_digits(source, model=None):
    """Find and read all digits of a picture.

    Parameters
    ----------
    source : str, path, open binary file, PIL image or array
        See `open_picture`.
    model : keras.Model, optional
        Takes (n, 28, 28) or (n, 28, 28, 1) in [0, 1], gives (n, 10) probabilities; without it,
        the reference model.

    Returns
    -------
    list of Digit
        In reading order: rows from the top, each from left to right. ``box`` is (left, top,
        right, bottom) in pixels of the original, upright picture.

    Raises
    ------
    ValueError
        As `load_digit_image`.
    """
    picture, scale = open_scaled(source, WORKING_PIXELS)
    sheet, corner = cut_sheet(picture)
    ink = find_ink(to_grey(sheet))
    parts = find_parts(ink)
    groups = _reading_order(_group_parts(parts.boxes), parts.boxes)
    images = np.stack([centre_by_mass(fit_to_box(cut_out(ink, parts, group))) for group in groups])
    if model is None:
        from digits_helpers.models import load_reference_model

        model = load_reference_model()
    images = images.reshape(-1, *model.input_shape[1:])  # with or without a channel
    probabilities = np.asarray(model(images, training=False), np.float32)
    boxes = [(outline(parts.boxes[group]) + np.tile(corner, 2)) / scale for group in groups]
    return [
        Digit(int(row.argmax()), row, tuple(round(float(box[i])) for i in (1, 0, 3, 2)))
        for row, box in zip(probabilities, boxes, strict=True)
    ]


def _group_parts(boxes):
    """Group the parts that lie over one another: a 5 and its bar. Return lists of indices."""
    groups = [[i] for i in range(len(boxes))]
    pair = _one_above_other(groups, boxes)
    while pair:
        first, second = pair
        groups[first] += groups.pop(second)
        pair = _one_above_other(groups, boxes)
    heights = np.array([high - top for top, _, high, _ in (outline(boxes[g]) for g in groups)])
    usual = np.median(heights[heights > 0.3 * heights.max()])
    return [g for g, h in zip(groups, heights, strict=True) if 0.4 * usual < h < 2.5 * usual]


def _one_above_other(groups, boxes):
    """Return the places of the first two groups that lie over one another, or None."""
    around = np.array([outline(boxes[group]) for group in groups])
    top, left, bottom, right = around.T
    overlap = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    gap = np.maximum.outer(top, top) - np.minimum.outer(bottom, bottom)
    narrow = np.minimum.outer(right - left, right - left)
    tall = np.maximum.outer(bottom - top, bottom - top)
    pairs = np.argwhere(np.triu((overlap > 0.5 * narrow) & (gap < 0.15 * tall), 1))
    return tuple(pairs[0]) if len(pairs) else None


def _reading_order(groups, boxes):
    """Sort groups into rows from the top, each from left to right."""
    rows = []
    for group in sorted(groups, key=lambda g: outline(boxes[g])[1]):
        top, _, bottom, _ = outline(boxes[group])
        for row in rows:
            above, _, below, _ = outline(boxes[row[-1]])
            shared = min(bottom, below) - max(top, above)
            if shared > 0.5 * min(bottom - top, below - above):
                row.append(group)
                break
        else:
            rows.append([group])
    rows.sort(key=lambda row: np.mean([outline(boxes[g])[[0, 2]].mean() for g in row]))
    return [group for row in rows for group in row]
