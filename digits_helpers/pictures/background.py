"""Subtract the background: `normalize_polarity` and `subtract_background`.

Both try several backgrounds on a thumbnail and score the connected components above each: ink has
a sharp edge all around and is made of strokes; shade has no sharp edge, the edge of a shadow or of
the page is sharp on one side only, and desks and frames run into the border.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from digits_helpers.pictures.pixels import (
    THUMBNAIL,
    border,
    dilate,
    mean_level,
    noise_level,
    thumbnail,
)

BLANK = "no digit found: expected ink that differs from its background, but the picture is blank"

OPENINGS = ((0.3, False), (0.3, True), (0.15, True), (0.08, True))
"""Morphological openings to try as background: side of the square as a fraction of the shorter side
of the picture, and whether the picture is continued beyond its border. Where it is not, strokes
along the border of a tight crop are kept."""

FAINTEST = 1.0
"""Score below which a picture is blank: light and noise give less, digits 1 to 500."""


def normalize_polarity(gray):
    """Make the ink bright, whether it was darker or lighter than its background.

    Both polarities are tried. The one is kept in which more looks like strokes: their width is
    small beside their length, unlike that of a page on a dark desk or of the inside of a 0.

    Parameters
    ----------
    gray : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: `gray` itself or ``1 - gray``.
    """
    small = thumbnail(gray)
    tried = [_try_backgrounds(bright, OPENINGS[1:3]) for bright in (small, 1 - small)]
    totals = _totals([found.score * found.slenderness for pairs in tried for _, found in pairs])
    light, dark = np.split(totals, 2)
    return gray if light.max() > dark.max() else 1 - gray


def subtract_background(bright):
    """Subtract the paper and the light on it, and drop what has no sharp edge all around.

    Tried as background are the median of the paper and morphological openings. An opening removes
    what is narrower than its square and keeps straight edges, so the edge of a shadow or of the
    page leaves no trace. (The difference is known as the white top-hat transform.) An opening that
    is too narrow breaks strokes, so the widest is taken that scores nearly as well as the best.

    Parameters
    ----------
    bright : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [-1, 1]: noise about 0 on the background; 1 is the strongest ink.

    Raises
    ------
    ValueError
        If the picture is blank.
    """
    small = thumbnail(bright)
    tried = _try_backgrounds(small)
    totals = _totals([found.score for _, found in tried])
    background, found = tried[np.argmax(totals >= 0.95 * max(totals))]  # the first
    best = np.argmax(found.score)
    if found.score[best] < FAINTEST * max(small.shape) / THUMBNAIL:
        raise ValueError(BLANK)
    drop = (found.sharpness < 0.7 * found.sharpness[best]) | (
        found.score < 0.01 * found.score[best]
    )
    drop[0] = False
    drop = drop[found.labels]
    if small.shape != bright.shape:  # follow edges as sharply as the picture itself
        size = bright.shape[::-1]
        background = cv2.resize(background, size, interpolation=cv2.INTER_LINEAR)
        background = dilate(background, math.ceil(max(bright.shape) / THUMBNAIL))
        drop = cv2.resize(drop.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    background = np.minimum(bright, background)
    foreground = (bright - background) / np.maximum(1 - background, 0.1)
    return np.where(drop, 0, foreground - np.percentile(foreground, 25)).astype(np.float32)


@dataclass(frozen=True)
class Candidates:
    """The connected components above a background; 0 is the background itself.

    Attributes
    ----------
    labels : numpy.ndarray
        int (h, w).
    sharpness : numpy.ndarray
        Of each component: the fraction of the pixels around it that are clearly below it.
    score : numpy.ndarray
        Of each component: contrast times outline; little for what has no sharp edge, runs into the
        border, or lies far from the middle.
    slenderness : numpy.ndarray
        Of each component: 1 for strokes, 0 for what is half as wide as it is long.
    """

    labels: np.ndarray
    sharpness: np.ndarray
    score: np.ndarray
    slenderness: np.ndarray


def find_candidates(bright, background, noise):
    """Label the components above a background and score how much each looks like ink.

    Parameters
    ----------
    bright, background : numpy.ndarray
        float32 (h, w), ink bright.
    noise : float
        Standard deviation of the noise.

    Returns
    -------
    Candidates
    """
    height = bright - background
    mask = height > max(4.5 * noise, 0.015)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    level = mean_level(labels, height, count)
    core = np.where(height > 0.5 * level[labels], labels, 0)
    left, top, wide, high = boxes[:, :4].T

    radius = max(2, max(bright.shape) // 48)  # a blurred edge is as wide as that
    around = dilate(core, radius)
    ring = (around > 0) & (dilate(core > 0, radius - 1) == 0)
    owner = around[ring].astype(int)
    drop = dilate(np.where(core > 0, bright, -1), radius)[ring] - bright[ring]
    outline = np.maximum(np.bincount(owner, minlength=count), 1)
    sharpness = np.bincount(owner, drop > 0.5 * level[owner], minlength=count) / outline

    contact = np.bincount(border(core), minlength=count) / (wide + high)
    middle = np.array([top + high / 2, left + wide / 2]) / np.array(bright.shape)[:, None]
    score = level * outline * sharpness**3 * np.clip(1 - contact, 0, 1) ** 2
    score *= np.exp(-2 * ((middle - 0.5) ** 2).sum(axis=0))
    score[0] = 0

    inside = core > 0
    padded = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    stroke_width = np.zeros(count)
    np.maximum.at(stroke_width, core[inside], 2 * depth[inside] - 1)
    ratio = stroke_width / np.maximum(wide, high)
    slenderness = np.maximum(np.exp(-((ratio / 0.33) ** 8)), 0.003)
    return Candidates(labels, sharpness, score, slenderness)


def _try_backgrounds(bright, openings=OPENINGS):
    """Return pairs of a background and the candidates above it."""
    values = np.rint(bright * 255).astype(np.uint8)
    limit, _ = cv2.threshold(values, 0, 255, cv2.THRESH_OTSU)
    backgrounds = [np.full_like(bright, np.median(bright[values <= max(limit, values.min())]))]
    backgrounds += [_open(bright, *how) for how in openings]
    noise = noise_level(bright)
    return [(background, find_candidates(bright, background, noise)) for background in backgrounds]


def _open(bright, fraction, is_continued):
    """Return the morphological opening by a square."""
    side = max(7, int(fraction * min(bright.shape))) | 1
    pad = side if is_continued else 0
    padded = cv2.copyMakeBorder(bright, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(
        padded,
        cv2.MORPH_OPEN,
        np.ones((side, side), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=float(bright.min()),
    )
    return opened[pad : pad + bright.shape[0], pad : pad + bright.shape[1]]


def _totals(scores):
    """Add up the scores over each background, without those that are small beside the best."""
    least = 0.1 * max(score.max() for score in scores)
    return np.array([score[score > least].sum() for score in scores])
