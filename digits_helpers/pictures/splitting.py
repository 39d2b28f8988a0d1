"""Cut touching digits apart: `split_piece`.

Over-segmentation as in LeCun et al. (1998), "Gradient-based learning applied to document
recognition", section V: more cuts than needed are proposed, a network scores what lies between any
two of them, and dynamic programming finds the best way from the left end to the right one.
"""

import cv2
import numpy as np
from digits_helpers.pictures.pieces import Piece, part_of, score_pieces

HEIGHT = 40
"""Cuts are searched on a piece scaled to this height, in pixels."""

COST_OF_A_CUT = 1.0
"""What a further digit has to gain, as a negative logarithm of a probability: a digit of an unusual
shape is not cut into two that look a little better."""


def split_piece(piece, score=score_pieces):
    """Cut a piece of ink into the digits that touch in it.

    Parameters
    ----------
    piece : Piece
    score : callable
        From n pieces to the probability that each is one whole digit.

    Returns
    -------
    pieces : list of Piece
        From left to right; `piece` alone if no way to cut it is better than none.
    scores : list of float
        Of each.
    """
    seams = find_seams(piece.ink)
    edges = [np.zeros(piece.height, int), *seams, np.full(piece.height, piece.width)]
    columns = np.arange(piece.width)
    spans, parts = [], []
    for first in range(len(edges)):
        for last in range(first + 1, len(edges)):
            inside = (columns >= edges[first][:, None]) & (columns < edges[last][:, None])
            part = part_of(piece, inside)
            if part is not None and 0.3 * piece.height < part.size and part.width < 2 * part.height:
                spans.append((first, last))
                parts.append(part)
    if not parts:
        return [piece], [1e-3]
    scores = np.asarray(score(parts))
    costs = -np.log(scores.clip(1e-3)) + COST_OF_A_CUT
    best = {0: (0.0, [])}
    for end in range(1, len(edges)):
        ways = [
            (best[first][0] + costs[i], [*best[first][1], i])
            for i, (first, last) in enumerate(spans)
            if last == end and first in best
        ]
        if ways:
            best[end] = min(ways)
    if len(edges) - 1 not in best:
        return [piece], [1e-3]
    _, chosen = best[len(edges) - 1]
    return [parts[i] for i in chosen], [float(scores[i]) for i in chosen]


def find_seams(ink):
    """Propose cuts from top to bottom that cross little ink.

    From every eighth of the height along the top a path of least ink leads down, at most one column
    aside in each row, within a quarter of the height.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    list of numpy.ndarray
        int (h,): the column of each cut in each row, from left to right.
    """
    height, width = ink.shape
    scale = HEIGHT / height
    wide = max(3, round(width * scale))
    small = cv2.resize(ink, (wide, HEIGHT), interpolation=cv2.INTER_AREA)
    reach, step = HEIGHT // 4, HEIGHT // 8
    centers = np.arange(step, wide - step + 1, step)
    padded = np.pad(small, ((0, 0), (reach, reach)), constant_values=1)
    windows = padded[:, centers[:, None] + np.arange(2 * reach + 1)].transpose(1, 0, 2)
    aside = np.abs(np.arange(-reach, reach + 1)) / reach
    cost = windows + 0.01 + 0.01 * aside  # (cuts, rows, columns): straight where there is no ink
    total = cost[:, 0]
    steps = []
    for row in range(1, HEIGHT):
        around = np.pad(total, ((0, 0), (1, 1)), constant_values=np.inf)
        options = np.stack([around[:, 1:-1], around[:, :-2] + 0.02, around[:, 2:] + 0.02])
        steps.append(options.argmin(axis=0))
        total = options.min(axis=0) + cost[:, row]
    column = total.argmin(axis=1)
    ink_cut = total.min(axis=1)
    paths = [column]
    for back in reversed(steps):
        column = column + np.array([0, -1, 1])[back[np.arange(len(column)), column]]
        paths.append(column)
    paths = np.array(paths[::-1]).T + centers[:, None] - reach  # (cuts, rows)
    rows = np.minimum((np.arange(height) * scale).astype(int), HEIGHT - 1)
    seams, ends = [], []
    for path, cut in zip(paths, ink_cut, strict=True):
        if cut > 0.45 * HEIGHT:  # along a stroke
            continue
        new = not ends or np.abs(path - ends[-1][0]).mean() > 2
        if new:
            seams.append(None)
            ends.append((path, cut))
        elif cut < ends[-1][1]:
            ends[-1] = (path, cut)
    ends.sort(key=lambda end: end[0].mean())
    return [np.rint(path[rows] / scale).astype(int).clip(0, width) for path, _ in ends]


def split_across(piece, score=score_pieces):
    """Cut a piece of ink into digits that touch above one another: `split_piece`, transposed."""

    def upright(pieces):
        return [Piece(part.ink.T, part.left, part.top) for part in pieces]

    lying = Piece(np.ascontiguousarray(piece.ink.T), piece.left, piece.top)
    parts, scores = split_piece(lying, lambda parts: score(upright(parts)))
    return upright(parts), scores
