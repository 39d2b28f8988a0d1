"""Erase straight lines that touch digits: underlines, boxes, comb fields, tables."""

import cv2
import numpy as np
from digits_helpers.pictures.pieces import find_pieces, part_of

STEEPEST = 0.08
"""Lines may rise or fall by this fraction of their length."""


def erase_lines(piece):
    """Erase the straight lines that run along most of a piece, and keep the strokes on them.

    A lone line has to be longer than a digit is high, such as that under a number: otherwise it
    may be the bar of a 7. Boxes have lines both ways. Those of a table are erased as a whole:
    otherwise a stroke from above and one from below would join.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    rest : list of Piece
        The components of what is left.
    lines : Piece or None
        What was erased.
    """
    mask = piece.ink > 0.25
    across, down = _find_lines(mask), _find_lines(mask.T)
    if len(across) < 2 or not down:  # the stem of a 7 on an underline is not a line
        down = []
        if not across or piece.width < 1.6 * piece.height:
            return [piece], None
    is_table = max(len(across), len(down)) > 2
    lines = [line if is_table else line & is_thin for line, is_thin in across]
    lines += [(line if is_table else line & is_thin).T for line, is_thin in down]
    width = max(line.sum() / max(line.shape) for line in lines)
    lines = np.logical_or.reduce(lines)
    rest = cv2.dilate((mask & ~lines).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    remains = np.where(rest & ~lines, piece.ink, 0)
    return (
        find_pieces(remains, piece.top, piece.left, smallest=2 * width + 2),
        part_of(piece, lines),
    )


def _find_lines(mask):
    """Return masks of each horizontal line, and of where no stroke crosses or touches it."""
    height, width = mask.shape
    y, x = np.nonzero(mask)
    runs = _runs_down(mask)
    found = []
    for slope in np.linspace(-STEEPEST, STEEPEST, 33):
        rows = np.rint(y - slope * (x - width / 2)).astype(int) + width
        covered = np.bincount(rows, minlength=height + 2 * width) / width
        inside = np.flatnonzero(covered > 0.85)
        for band in np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1):
            if 0 < len(band) < 0.12 * max(mask.shape):
                found.append((covered[band].sum(), slope, band - width))
    lines = []
    taken = np.zeros_like(mask)
    for _, slope, band in sorted(found, key=lambda line: -line[0]):  # the straightest first
        shift = slope * (np.arange(width) - width / 2)
        row = np.arange(height)[:, None] - shift
        near = mask & (row > band[0] - 2) & (row < band[-1] + 2)
        columns = np.flatnonzero(near.any(axis=0))
        is_broken = np.diff(columns).max(initial=0) > 0.03 * width + 1
        if is_broken or (near & taken).any():
            continue
        taken |= near
        lines.append((near, runs <= 1.5 * len(band) + 3))
    return lines


def _runs_down(mask):
    """Return at each pixel of a mask the length of the vertical run of ink through it."""
    rows = np.arange(mask.shape[0])[:, None]
    above = np.maximum.accumulate(np.where(mask, -1, rows), axis=0)
    below = np.minimum.accumulate(np.where(mask, len(mask), rows)[::-1], axis=0)[::-1]
    return np.where(mask, below - above - 1, 0)
