"""Pieces of ink, and how much each looks like one whole digit: `find_pieces`, `score_pieces`."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from digits_helpers.data import DATA
from digits_helpers.pictures.normalization import center_by_mass, scale_to_box

MOST_PIECES = 300
"""No more pieces are looked at: those with the most ink."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Some ink of a picture, cropped: a component, part of one, or several together."""

    ink: np.ndarray  # float32 (h, w) in [0, 1]
    top: int
    left: int

    @property
    def box(self):
        """Top, left, bottom, right."""
        high, wide = self.ink.shape
        return np.array([self.top, self.left, self.top + high, self.left + wide])

    @property
    def height(self):
        """In pixels."""
        return self.ink.shape[0]

    @property
    def width(self):
        """In pixels."""
        return self.ink.shape[1]

    @property
    def size(self):
        """The longer side."""
        return max(self.ink.shape)


def find_pieces(ink, top=0, left=0, smallest=0):
    """Return the connected components of the ink whose longer side is at least `smallest`."""
    mask = (ink > 0.25).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    chosen = [i for i in range(1, count) if max(stats[i, 2:4]) >= smallest]
    chosen = sorted(chosen, key=lambda i: -stats[i, 4])[:MOST_PIECES]
    pieces = []
    for index in chosen:
        x, y, wide, high = stats[index, :4]
        y, x, bottom, right = max(y - 1, 0), max(x - 1, 0), y + high + 1, x + wide + 1
        around = np.s_[y:bottom, x:right]
        own = cv2.dilate((labels[around] == index).astype(np.uint8), np.ones((3, 3), np.uint8))
        pieces.append(_crop(np.where(own > 0, ink[around], 0), y + top, x + left))
    return pieces


def _crop(ink, top, left):
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.1) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Piece(ink[inside], int(top + rows[0]), int(left + columns[0]))


def part_of(piece, mask):
    """Return the part of a piece within a mask of its shape, or None if there is no ink in it."""
    ink = np.where(mask, piece.ink, 0)
    return _crop(ink, piece.top, piece.left) if ink.max() > 0.25 else None


def join(pieces):
    """Return several pieces as one."""
    boxes = np.array([piece.box for piece in pieces])
    (top, left), (bottom, right) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for piece, (y, x, y2, x2) in zip(pieces, boxes - [top, left, top, left], strict=True):
        np.maximum(ink[y:y2, x:x2], piece.ink, out=ink[y:y2, x:x2])
    return Piece(ink, int(top), int(left))


def normalize_pieces(pieces):
    """Return float32 (n, 28, 28): each piece as an image like MNIST's."""
    images = [center_by_mass(scale_to_box(piece.ink)) for piece in pieces]
    return np.stack(images) if images else np.zeros((0, 28, 28), np.float32)


def score_pieces(pieces):
    """Return float (n,): of each piece the probability that it is one whole digit."""
    return score_images(normalize_pieces(pieces))


def score_images(images):
    """Return float (n,): of each image (n, 28, 28) the probability that it is one whole digit.

    By a network of its own, ``data/models/whole_digit.keras``: one that knows the ten digits alone
    is confident about half an 8 or a letter as well.
    """
    if not len(images):
        return np.zeros(0)
    return np.asarray(_network()(np.asarray(images, np.float32)))[:, 0].astype(float)


@lru_cache(1)
def _network():
    """Return the network as a graph for any number of images: the first call alone is slow."""
    import digits_helpers.quiet_tensorflow
    import keras
    import tensorflow as tf

    model = keras.models.load_model(DATA / "models" / "whole_digit.keras")
    shape = tf.TensorSpec((None, 28, 28), tf.float32)
    return tf.function(lambda images: model(images, training=False), input_signature=[shape])
