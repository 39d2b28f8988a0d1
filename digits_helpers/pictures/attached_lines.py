"""Erase straight lines that touch digits: underlines, boxes, comb fields, tables."""

import cv2
import numpy as np
from digits_helpers.pictures.pieces import find_pieces


def erase_lines(piece):
    """Erase the straight lines that run along most of a piece, and keep the strokes on them.

    A pixel belongs to a horizontal line if the run of ink through it is short from top to bottom,
    and such pixels follow one another over most of the width. A stroke that crosses the line makes
    the run longer there, and stays whole. Vertical lines likewise.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    rest : list of Piece
        The components of what is left.
    lines : list of Piece
        What was erased.
    """
    ink = piece.ink
    mask = ink > 0.25
    across = _find_lines(mask)
    down = _find_lines(mask.T).T
    lines = across | down
    if not lines.any():
        return [piece], []
    rest = mask & ~lines
    own = cv2.dilate(rest.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    remains = np.where(own & ~lines, ink, 0)
    width = _stroke_width(mask)
    return (
        find_pieces(remains, piece.top, piece.left, smallest=2 * width + 2),
        find_pieces(np.where(lines, ink, 0), piece.top, piece.left, smallest=3 * width),
    )


def _find_lines(mask):
    """Return a mask of the horizontal lines."""
    height, width = mask.shape
    runs = _runs_down(mask)
    thinnest = np.where(mask, runs, height).min(axis=0)
    thickest = 1.5 * np.median(thinnest) + 1
    if thickest > 0.15 * width:
        return np.zeros_like(mask)
    thin = mask & (runs <= thickest)
    gap = int(max(4 * thickest, 0.3 * width)) | 1  # strokes along the line
    joined = cv2.morphologyEx(
        np.pad(thin.astype(np.uint8), gap), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)
    )[gap:-gap, gap:-gap]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    lines = np.zeros_like(mask)
    for index, (left, _, wide, high, _) in enumerate(stats[1:].tolist(), 1):
        if wide < 0.8 * width or high > thickest + 0.15 * wide:
            continue
        line = thin & (labels == index)
        if line[:, left : left + wide].any(axis=0).mean() > 0.5:
            lines |= line
    return lines


def _runs_down(mask):
    """Return at each pixel of a mask the length of the vertical run of ink through it."""
    rows = np.arange(mask.shape[0])[:, None]
    above = np.maximum.accumulate(np.where(mask, -1, rows), axis=0)
    below = np.minimum.accumulate(np.where(mask, len(mask), rows)[::-1], axis=0)[::-1]
    return np.where(mask, below - above - 1, 0)


def _stroke_width(mask):
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    return 4 * depth[mask].mean() - 1
