"""Divide the ink of a page into digits and other things: `segment_ink`.

Components that are one whole digit each need no more. Others are tried in several ways: without the
straight lines in them, cut into several digits, or joined with what lies next to them. The network
of `score_pieces` says which way gives digits.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from digits_helpers.pictures.attached_lines import erase_lines
from digits_helpers.pictures.pieces import find_pieces, join, score_pieces
from digits_helpers.pictures.splitting import COST_OF_A_CUT, split_across, split_piece

CLEAR, UNCLEAR = 0.5, 0.02
"""Probability of being one whole digit, from which a piece is a digit, or may be one."""

ROUNDS, MOST_PAIRS, MOST_CUT = 4, 200, 30
"""Limits for pictures full of texture: rounds of joining and pairs in each, pieces to be cut."""


@dataclass
class Segments:
    """What is on a page: digits, the probability of each to be one, other things and why."""

    digits: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    others: list = field(default_factory=list)  # (piece, reason)

    @property
    def quality(self):
        """How many digits are clear, and how clear: 0.5 for each that is certain."""
        return sum(max(score - CLEAR, 0) for score in self.scores)


def segment_ink(ink):
    """Divide the ink of a page into digits and other things.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Returns
    -------
    Segments
        At least one digit; all in no order.

    Raises
    ------
    ValueError
        If nothing but specks is there.
    """
    pieces = find_pieces(ink, smallest=max(3, 0.012 * min(ink.shape)))
    if not pieces:
        raise ValueError("no digit found: nothing but lines and specks is left in the picture")
    scores = score_pieces(pieces)
    enclosing = _enclosing(pieces, scores)
    scores[enclosing] = 0
    high = _usual_height(pieces, scores)
    pieces, scores, lines = _without_lines(pieces, scores, enclosing, high)
    high = _usual_height(pieces, scores)
    pieces, scores = _joined(pieces, scores, high)
    pieces, scores = _cut(pieces, scores, high)
    return _sorted_out(pieces, scores, lines, ink.shape)


def _usual_height(pieces, scores):
    """Return the median height of the digits, or of the largest piece."""
    sizes = np.array([piece.height for piece in pieces])
    clear = sizes[scores > CLEAR]
    clear = clear[clear > 0.5 * clear.max()] if len(clear) else sizes.max(keepdims=True)
    return float(np.median(clear))


def _enclosing(pieces, scores):
    """Return a mask of the pieces that enclose a digit: boxes, circles, tables."""
    boxes = np.array([piece.box for piece in pieces])
    found = np.zeros(len(pieces), bool)
    for index, (top, left, bottom, right) in enumerate(boxes):
        inside = (boxes[:, :2] > (top, left)).all(axis=1) & (boxes[:, 2:] < (bottom, right)).all(1)
        inside &= (scores > CLEAR) & (boxes[:, 2] - boxes[:, 0] > 0.12 * (bottom - top))
        if inside.any():
            holes = _holes(pieces[index].ink > 0.25)
            middles = (boxes[inside, :2] + boxes[inside, 2:]) // 2 - (top, left)
            found[index] = holes[middles[:, 0], middles[:, 1]].any()
    return found


def _holes(mask):
    """Return a mask of what cannot be reached from outside without crossing the ink."""
    outside = np.pad(mask, 1).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 1)
    return outside[1:-1, 1:-1] == 0


def _without_lines(pieces, scores, enclosing, high):
    """Erase the straight lines in pieces that are not digits, if digits are left."""
    kept, rests, lines = [], [], []
    for index, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
        erased = None
        if score < CLEAR and piece.size > 0.5 * high:
            rest, erased = erase_lines(piece)
        if erased and score_pieces(rest).max(initial=0) > CLEAR:
            rests += rest
            lines.append(erased)
        elif enclosing[index]:
            lines.append(piece)
        else:
            kept.append(index)
    if not lines:
        return pieces, scores, lines
    pieces = [pieces[index] for index in kept] + rests
    scores = np.concatenate([scores[kept], score_pieces(rests)])
    high = _usual_height(pieces, scores)
    teeth = [index >= len(kept) and _is_tooth(piece, high) for index, piece in enumerate(pieces)]
    lines += [piece for piece, is_tooth in zip(pieces, teeth, strict=True) if is_tooth]
    pieces = [piece for piece, is_tooth in zip(pieces, teeth, strict=True) if not is_tooth]
    return pieces, scores[~np.array(teeth)], lines


def _is_tooth(piece, high):
    """Tell whether a stroke on an erased line is a tooth of a comb: a 1 would be higher."""
    return piece.height < 0.75 * high and piece.width < 0.3 * piece.height


def _joined(pieces, scores, high):
    """Join pieces that lie next to one another where together they are more like one digit."""
    pieces, costs = list(pieces), -np.log(scores.clip(1e-3))
    leave_out = np.array([8 * piece.size / high for piece in pieces])
    for _ in range(ROUNDS):
        boxes = np.array([piece.box for piece in pieces])
        top, left, bottom, right = boxes.T
        size = np.maximum(bottom - top, right - left)
        apart = np.maximum(
            np.maximum.outer(top, top) - np.minimum.outer(bottom, bottom),
            np.maximum.outer(left, left) - np.minimum.outer(right, right),
        )
        near = (apart < 0.25 * np.maximum.outer(size, size)) & (
            np.maximum.outer(costs, costs) > 0.05
        )
        near &= np.maximum.outer(size, size) < 1.6 * high
        pairs = np.argwhere(np.triu(near, 1))[:MOST_PAIRS]
        if not len(pairs):
            break
        joined = [join([pieces[i], pieces[j]]) for i, j in pairs]
        together = -np.log(score_pieces(joined).clip(1e-3))
        alone = np.minimum(costs, leave_out)[pairs].sum(axis=1)
        gains = alone - together
        used, added = set(), []
        for best in np.argsort(-gains):
            if gains[best] < 0:
                break
            if used.isdisjoint(pairs[best].tolist()):
                used.update(pairs[best].tolist())
                added.append(best)
        if not added:
            break
        rest = [i for i in range(len(pieces)) if i not in used]
        pieces = [pieces[i] for i in rest] + [joined[i] for i in added]
        costs = np.concatenate([costs[rest], together[added]])
        leave_out = np.array([8 * piece.size / high for piece in pieces])
    return pieces, np.exp(-costs)


def _cut(pieces, scores, high):
    """Cut pieces that are too wide or too high for one digit, if all parts are digits."""
    done, values, tried = [], [], 0
    for piece, score in zip(pieces, scores, strict=True):
        best, found = [piece], [float(score)]
        ways = []
        if score < 0.8 and piece.size > 0.6 * high and tried < MOST_CUT:
            tried += 1
            ways += [split_piece] * (piece.width > 0.8 * piece.height)
            ways += [split_across] * (piece.height > 1.5 * high)
        cost = -np.log(max(score, 1e-3))
        for split in ways:
            parts, probable = split(piece)
            paid = -np.log(probable).sum() + COST_OF_A_CUT * (len(parts) - 1)
            if min(probable) > 0.2 and np.mean(probable) > 0.75 and paid < cost:
                best, found, cost = parts, probable, paid
        done += best
        values += found
    return done, np.array(values)


def _sorted_out(pieces, scores, lines, shape):
    high = _usual_height(pieces, scores)
    result = Segments()
    best = int(np.argmax(scores))
    for index, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
        small = piece.height < 0.4 * high
        is_digit = score > (CLEAR if small else UNCLEAR) and not (
            small and (piece.width < 0.35 * piece.height or piece.height < 0.2 * high)
        )
        if is_digit or index == best:
            result.digits.append(piece)
            result.scores.append(float(score))
        elif piece.size > 0.2 * high:
            result.others.append((piece, _reason(piece, high, shape)))
    result.others += [
        (line, _reason(line, high, shape)) for line in lines if line.size > 0.5 * high
    ]
    return result


def _reason(piece, high, shape):
    """Say in a few words what a piece is that is not a digit."""
    top, left, bottom, right = piece.box
    if piece.width > 4 * piece.height or piece.height > 4 * piece.width:
        return "a line"
    if min(top, left) <= 0 or bottom >= shape[0] or right >= shape[1]:
        return "cut by the border"
    if piece.size < 0.4 * high:
        return "too small"
    if _holes(piece.ink > 0.25).mean() > 0.5:
        return "a drawn shape"
    return "not like a digit"
