"""Find out which way up a page is: `find_rotation`."""

import numpy as np
from digits_helpers.pictures.pieces import normalize_pieces, score_images

EVIDENCE = 3.0
"""How much larger the logarithm of the likelihood has to be for a picture to be rotated."""


def find_rotation(pieces):
    """Find by how many degrees clockwise a page has to be rotated for its digits to stand.

    Every piece is looked at all four ways.

    Parameters
    ----------
    pieces : list of Piece
        The largest ones decide.

    Returns
    -------
    rotation : int
        0, 90, 180 or 270.
    evidence : float
        How much better that is than 0 degrees: a difference of logarithms of likelihoods.
    """
    pieces = sorted(pieces, key=lambda piece: -piece.height * piece.width)[:16]
    images = normalize_pieces(pieces)
    # rotated clockwise; the center of mass stays on pixel 14
    ways = [np.roll(np.rot90(images, -turn, (1, 2)), _shift(turn), (1, 2)) for turn in range(4)]
    scores = score_images(np.concatenate(ways)).reshape(4, -1).clip(0.02)
    likely = np.log(scores).sum(axis=1)
    best = int(likely.argmax())
    return 90 * best, float(likely[best] - likely[0])


def _shift(turn):
    return ((0, 0), (0, 1), (1, 1), (1, 0))[turn]
