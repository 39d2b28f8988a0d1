"""Find the connected components of the ink, and those of one digit: `crop_digit`."""

from dataclasses import dataclass

import cv2
import numpy as np
from digits_helpers.pictures.pixels import border
from scipy import ndimage


@dataclass(frozen=True)
class Components:
    """The connected components of the ink, most like a digit first."""

    labels: np.ndarray
    index: np.ndarray
    boxes: np.ndarray  # (n, 4): top, left, bottom, right


def find_components(ink):
    """Label the connected components of the ink, without specks, frames, boxes and page edges."""
    mask = (ink > 0.25).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    left, top, wide, high = stats[1:, :4].T
    if count == 1 or max(wide.max(), high.max()) < 0.02 * min(ink.shape):
        raise ValueError("no digit found: nothing but lines and specks is left in the picture")
    boxes = np.stack([top, left, top + high, left + wide], axis=1)
    mass = np.bincount(labels.ravel(), ink.ravel(), minlength=count)[1:]
    contact = np.bincount(border(labels), minlength=count)[1:] / (wide + high)
    center = (boxes[:, :2] + boxes[:, 2:]) / 2 / ink.shape - 0.5
    score = mass * np.clip(1 - contact, 0.01, 1) ** 2 * np.exp(-2 * (center**2).sum(axis=1))
    score[_enclosing_components(mask, labels) - 1] = 0
    order = np.argsort(-score)[:300]
    keep = (score[order] > 0.03 * score[order[0]]) & (contact[order] < 0.5)
    keep[0] = True
    order = order[keep]
    return Components(labels, order + 1, boxes[order])


def _enclosing_components(mask, labels):
    """Return the labels of components that enclose others: boxes, circles, tables.

    Another component that is not a speck lies in their largest hole, or others lie in two of their
    holes. An 8 with a smudge in one of its loops is not a frame.
    """
    contours, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist()
    sizes = np.array([cv2.boundingRect(contour)[2:] for contour in contours])
    filled = {}
    for inner, hole in enumerate(parents):
        nesting = [hole]  # a hole, the component around it, the hole around that, ...
        while nesting[-1] >= 0:
            nesting.append(parents[nesting[-1]])
        if len(nesting) % 2 == 1 and len(nesting) > 1 and sizes[inner, 1] > 0.3 * sizes[hole, 1]:
            filled.setdefault(nesting[1], set()).add(hole)
    enclosing = [
        contours[outer][0, 0]
        for outer, holes in filled.items()
        if len(holes) > 1 or (sizes[list(holes)] > 0.6 * sizes[outer]).all()
    ]
    return np.array([labels[y, x] for x, y in enclosing], int)


def crop_digit(ink):
    """Crop to the digit, and leave out what does not belong to it.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Returns
    -------
    numpy.ndarray
        float32 (h', w'): the digit's own components, without specks, stray strokes and frames.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    components = find_components(ink)
    chosen = np.zeros(len(components.index), bool)
    chosen[0] = True
    while True:  # components near what is chosen belong to it, and so on
        top, left, bottom, right = bounding_box(components.boxes[chosen])
        size = max(bottom - top, right - left)
        sides = (components.boxes[:, 2:] - components.boxes[:, :2]).max(axis=1)
        apart = np.maximum(
            np.maximum(components.boxes[:, 0] - bottom, top - components.boxes[:, 2]),
            np.maximum(components.boxes[:, 1] - right, left - components.boxes[:, 3]),
        )
        near = (apart < 0.25 * size) & (sides < 1.5 * size)
        if (near <= chosen).all():
            return crop_to_components(ink, components, chosen)
        chosen |= near


def bounding_box(boxes):
    """Return the bounding box of boxes: top, left, bottom, right."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def crop_to_components(ink, components, chosen):
    """Crop to the chosen components, and erase all others."""
    top, left, bottom, right = bounding_box(components.boxes[chosen])
    inside = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    own = np.isin(components.labels[inside], components.index[chosen]).astype(np.uint8)
    digit = np.where(cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0, ink[inside], 0)
    rows, columns = ndimage.find_objects((digit > 0.1).astype(int))[0]
    return digit[rows, columns]
