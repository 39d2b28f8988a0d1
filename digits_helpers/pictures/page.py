"""Crop a picture to the page or canvas that bears the digits: `crop_to_page`."""

import cv2
import numpy as np
from digits_helpers.pictures.gray import to_gray
from digits_helpers.pictures.lines import without_lines
from digits_helpers.pictures.pixels import THUMBNAIL, border
from scipy import ndimage

MARGIN = 0.2
"""Width of the margin around what is cropped to its ink, as a fraction of the longer side."""


def crop_to_page(picture):
    """Crop to the page or canvas, without frames and without the desk around it.

    Large things with sharp edges would be taken for ink. This finds frames of one gray level, such
    as the window around a canvas or a line drawn around the digit, and a page with straight edges
    on a desk. A page is not a rectangle to the camera: what is left of the desk in the corners is
    filled with the color of the paper next to it. Transparent pictures have neither.

    What is cropped to its ink gets a margin in the color of its background. Otherwise strokes along
    the border would be taken for frames, or for the background.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 (h, w, 4), as `open_picture` gives it.

    Returns
    -------
    page : numpy.ndarray
        uint8 (h', w', 4); `picture` itself if there is nothing around the page.
    corner : tuple of int
        Row and column of the page's first pixel in the picture; negative if there is a margin.
    """
    page, (top, left) = _without_surroundings(picture)
    color = _background_of_crop(page)
    if color is None:
        return page, (top, left)
    margin = max(4, round(MARGIN * max(page.shape)))
    wide = np.full((page.shape[0] + 2 * margin, page.shape[1] + 2 * margin, 4), color, np.uint8)
    wide[margin:-margin, margin:-margin] = page
    return wide, (top - margin, left - margin)


def _background_of_crop(page):
    """Return the color behind strokes that reach two opposite sides of a page, or None.

    The background is what most of the border shows. It has to be plain, unlike paper in a
    photograph, where it would leave a step at the margin. What is wide is a sheet or a desk, a band
    along one side is what lies beside the page, and a line from border to border is a ruled one.
    """
    step = -(-max(page.shape) // THUMBNAIL)
    gray = to_gray(page[::step, ::step])
    values = np.rint(gray * 255).astype(np.uint8)
    limit, _ = cv2.threshold(values, 0, 255, cv2.THRESH_OTSU)
    ink = values > limit
    if border(ink).mean() > 0.5:
        ink = ~ink
    rows, columns = ink.any(axis=1), ink.any(axis=0)
    if not (rows[0] and rows[-1]) and not (columns[0] and columns[-1]):
        return None
    background = np.median(gray[~ink])
    contrast = abs(np.median(gray[ink]) - background)
    if np.median(np.abs(gray[~ink] - background)) > 0.1 * contrast:
        return None
    whole = cv2.copyMakeBorder(ink.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    if 2 * cv2.distanceTransform(whole, cv2.DIST_L2, 3).max() > 0.6 * max(ink.shape):
        return None
    if _has_band(ink):
        return None
    foreground = np.abs(to_gray(page) - background)
    if not np.array_equal(without_lines(foreground), foreground):
        return None
    return np.median(page[::step, ::step][~ink], axis=0)


def _has_band(ink):
    """Tell whether a component covers a whole side and lies within a third of the picture there.

    The bar of a 7 may cover a whole side too, but its stem goes on to the other one.
    """
    for turn in range(4):
        turned = np.rot90(ink, turn)
        _, labels = cv2.connectedComponents(np.ascontiguousarray(turned, np.uint8))
        if turned[0].mean() > 0.95 and not (labels[len(labels) // 3 :] == labels[0].max()).any():
            return True
    return False


def _without_surroundings(picture):
    """Return the page without frames and desk, and its corner in the picture."""
    if picture[..., 3].min() < 255:
        return picture, (0, 0)
    top, left, bottom, right = min(map(_inside_frames, _channels(picture)), key=_area)
    page = picture[top:bottom, left:right]
    mask = _find_page(page)
    if mask is None:
        return page, (top, left)
    x, y, wide, high = cv2.boundingRect(mask)
    inside = np.s_[y : y + high, x : x + wide]
    page, is_desk = page[inside], mask[inside] == 0
    nearest = ndimage.distance_transform_edt(is_desk, return_distances=False, return_indices=True)
    paper = cv2.medianBlur(page, 2 * (max(page.shape) // 50) + 3)[tuple(nearest)]
    return np.where(is_desk[..., None], paper, page), (top + y, left + x)


def _channels(picture):
    """Return gray and blue: yellow paper and wood are as bright as much else, but hardly blue."""
    return cv2.cvtColor(picture, cv2.COLOR_RGBA2GRAY), np.ascontiguousarray(picture[..., 2])


def _area(box):
    top, left, bottom, right = box
    return (bottom - top) * (right - left)


def _inside_frames(gray):
    """Return top, left, bottom and right of what all frames and bars of one level enclose.

    What is less than half as high or wide may be a 1, and an empty frame is a 0.
    """
    boxes = [(0, 0, *gray.shape)]
    while True:
        top, left, bottom, right = boxes[-1]
        inside = gray[top:bottom, left:right]
        is_plain = _differs(inside, np.median(inside)).mean() < 0.002
        if is_plain or min(inside.shape) < 12:
            return boxes[-3] if is_plain and len(boxes) > 2 else boxes[-1]
        cut = _frame(inside) or _bars(inside)
        high, wide = inside.shape
        if not cut or cut[0] + cut[2] > high / 2 or cut[1] + cut[3] > wide / 2:
            return boxes[-1]
        boxes.append((top + cut[0], left + cut[1], bottom - cut[2], right - cut[3]))


def _frame(gray):
    """Return how much to cut off at top, left, bottom and right for a frame all round, or None."""
    level = np.median(border(gray))
    if _differs(border(gray), level).mean() > 0.02:
        return None
    other = _differs(gray, level)
    rows, columns = (np.flatnonzero(other.mean(axis=axis) > 0.02) for axis in (1, 0))
    if not (len(rows) and len(columns)):
        return None
    (top, bottom), (left, right) = rows[[0, -1]], columns[[0, -1]]
    if border(other[top : bottom + 1, left : right + 1]).mean() < 0.9:
        return None
    cut = np.array([top, left, len(other) - 1 - bottom, other.shape[1] - 1 - right])
    edges = []
    for _ in range(_blur(gray) + 1):
        inside = gray[cut[0] : len(gray) - cut[2], cut[1] : gray.shape[1] - cut[3]]
        if min(inside.shape) < 2:
            return None
        edges.append(np.median(border(inside)))
        cut += 1
    return (cut - 1).tolist() if _is_sharp(level, edges, inside) else None


def _bars(gray):
    """Return the same for bars at top and bottom, or left and right, or None."""
    cut = []
    for turn in (0, 3, 2, 1):
        side = np.rot90(gray, turn)
        level = np.median(side[0])
        plain = _differs(side[:, ::4], level).mean(axis=1) < 0.02
        first = int(np.argmin(plain))
        width = first + _blur(gray)
        ends = plain[0] and width < len(side) / 2 and _differs(side[width], level).mean() > 0.9
        lines = [np.median(line) for line in side[first : width + 1]]
        cut.append(width if ends and _is_sharp(level, lines, side[width:]) else 0)
    for first, second in ((0, 2), (1, 3)):
        if not (cut[first] and cut[second]):
            cut[first] = cut[second] = 0
    return cut if any(cut) else None


def _is_sharp(level, edge, inside):
    """Tell whether the lines at an edge step by half of the way to what is usual inside."""
    return max(np.abs(np.subtract(edge, level))) > 0.5 * abs(np.median(inside) - level)


def _differs(gray, level):
    return cv2.absdiff(gray, np.full_like(gray, level)) > 15


def _blur(gray):
    """Return the pixels over which the edge of a frame may be blurred."""
    return 1 + max(gray.shape) // 150


def _find_page(picture):
    """Return a mask of the page on a desk, or None if there is none."""
    if min(picture.shape[:2]) < 60:  # the edge of a page takes several pixels
        return None
    scale = min(1, THUMBNAIL / max(picture.shape))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 1)
    found = []
    for values in _channels(small):
        for bright in (values, 255 - values):
            for limit in np.linspace(*np.percentile(bright, [2, 98]), 10)[1:-1]:
                page, step = _as_page(bright, bright > limit)
                if step > 20:
                    found.append((step * page.sum(), len(found), page))
    if not found:
        return None
    *_, best = max(found)
    return cv2.resize(best, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def _as_page(bright, mask):
    """Return the largest component of a mask and the step at its edge; (None, 0) if not a page.

    A page has four or five corners, is at most 2.3 times as high as wide, bears little ink, and
    its surroundings are not of one level: a digit may be a rectangle too, on a plain background.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(contours, key=cv2.contourArea, default=None)
    if edge is None or not 0.08 * mask.size < cv2.contourArea(edge) < 0.95 * mask.size:
        return None, 0
    hull = cv2.convexHull(edge)
    area = cv2.contourArea(hull)
    corners = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)
    _, _, wide, high = cv2.boundingRect(hull)
    page = cv2.fillPoly(np.zeros(mask.shape, np.uint8), [hull], 1)
    if (
        cv2.contourArea(edge) < 0.93 * area
        or len(corners) not in (4, 5)
        or not 0.9 < cv2.contourArea(corners) / area < 1.1
        or high > 2.3 * wide
        or mask[page > 0].mean() < 0.75
    ):
        return None, 0
    inner = cv2.erode(page, np.ones((7, 7), np.uint8), borderValue=0)
    outer = cv2.dilate(page, np.ones((7, 7), np.uint8))
    if (outer == 0).mean() < 0.05 or bright[outer == 0].std() < 2.5:
        return None, 0
    x, y = edge[:, 0].T
    near = np.ones((13, 13), np.uint8)
    inwards = cv2.dilate(bright * inner, near)[y, x].astype(int)
    outwards = cv2.erode(np.where(outer, 255, bright).astype(np.uint8), near)[y, x]
    return inner, np.percentile(inwards - outwards, 10)
