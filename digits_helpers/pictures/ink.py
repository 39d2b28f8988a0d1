"""Separate the ink from everything behind it: `extract_ink`."""

from digits_helpers.pictures.background import normalize_polarity, subtract_background
from digits_helpers.pictures.lines import remove_ruled_lines
from digits_helpers.pictures.threshold import threshold_ink


def extract_ink(gray):
    """Separate the ink from everything behind it.

    Runs `normalize_polarity`, `subtract_background`, `remove_ruled_lines` and `threshold_ink`.

    Parameters
    ----------
    gray : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    return threshold_ink(remove_ruled_lines(subtract_background(normalize_polarity(gray))))
