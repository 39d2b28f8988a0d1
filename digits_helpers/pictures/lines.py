"""Remove the printed lines of ruled and graph paper: `remove_ruled_lines`."""

import math

import cv2
import numpy as np
from digits_helpers.pictures.background import BLANK, find_candidates
from digits_helpers.pictures.pixels import THUMBNAIL, dilate, noise_level, thumbnail

FAINTEST_ON_LINES = 5.0
"""Score below which nothing is left but remnants of lines: these reach 1, digits 60 and more."""


def remove_ruled_lines(foreground):
    """Remove ruled lines and grids, which run through the whole picture.

    Parameters
    ----------
    foreground : numpy.ndarray
        float32 (h, w), ink above 0.

    Returns
    -------
    numpy.ndarray
        float32 (h, w): without the lines, except where a stroke crosses them.

    Raises
    ------
    ValueError
        If there is nothing but lines.
    """
    lineless = without_lines(foreground)
    if not np.array_equal(foreground, lineless):
        small = thumbnail(lineless.clip(0))
        found = find_candidates(small, np.zeros_like(small), noise_level(small))
        if found.score.max() < FAINTEST_ON_LINES * max(small.shape) / THUMBNAIL:
            raise ValueError(BLANK)
    return lineless


def without_lines(foreground):
    """Do the same to what may hold nothing but lines."""
    if min(foreground.shape) < 40:
        return foreground
    rows = _remove_rows(np.ascontiguousarray(foreground))
    return _remove_rows(np.ascontiguousarray(rows.T)).T


def _remove_rows(foreground):
    """Remove thin straight lines from the left border to the right one, tilted by up to 6.9°."""
    width = foreground.shape[1]
    thickest = max(3, max(foreground.shape) // 80)
    highest = cv2.dilate(foreground, np.ones((2 * thickest + 1, 1), np.uint8))
    mask = (foreground > max(3 * noise_level(foreground), 0.015)) & (foreground > 0.5 * highest)
    column = np.ones((thickest + 1, 1), np.uint8)
    tall = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, column) > 0
    thin = mask & ~tall
    horizontal = math.pi / 2
    found = cv2.HoughLines(
        thin.astype(np.uint8),
        rho=1,
        theta=1 / width,
        threshold=width // 2,
        min_theta=horizontal - 0.12,
        max_theta=horizontal + 0.12,
    )
    bands = np.zeros(foreground.shape, np.uint8)
    for rho, theta in () if found is None else found.reshape(-1, 2):
        left, right = (round((rho - x * math.cos(theta)) / math.sin(theta)) for x in (0, width))
        cv2.line(bands, (0, left), (width, right), 1, 3)
    count, labels = cv2.connectedComponents(bands)
    lines = [
        (band, band & thin)
        for band in (labels == index for index in range(1, count))
        if _runs_through((band & thin).any(axis=0))
    ]
    if len(lines) == 1 and _is_stroke(*lines[0], mask):
        return foreground
    for band, line in lines:
        level = np.percentile(foreground[line], 35)  # strokes that cross it are darker
        near = cv2.dilate(band.astype(np.uint8), np.ones((5, 1), np.uint8)) > 0
        stroke = (tall & (foreground > 0.7 * level)) | (foreground > 1.6 * level)
        foreground = np.where(near & ~stroke, 0, foreground)
    return foreground


def _runs_through(covered):
    """Tell whether a line that covers these columns reaches from border to border."""
    eighth = len(covered) // 8
    return covered.mean() > 0.6 and min(covered[:eighth].mean(), covered[-eighth:].mean()) > 0.4


def _is_stroke(band, line, mask):
    """Tell whether a lone line is part of a digit cropped to its ink: the bar of a 7, a stem."""
    rest = mask & ~dilate(band, 2).astype(bool)
    tall, wide = (np.flatnonzero(m.any(axis=axis)) for m, axis in ((rest | line, 1), (rest, 0)))
    return len(wide) and np.ptp(tall) > 0.85 * mask.shape[0] and np.ptp(wide) > 0.25 * mask.shape[1]
