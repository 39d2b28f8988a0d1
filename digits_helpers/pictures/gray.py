"""Reduce a picture to gray levels: `to_gray`."""

import math

import numpy as np
from scipy import ndimage


def to_gray(picture):
    """Reduce colors and opacity to one gray level in which the ink shows.

    Transparent parts get a background that differs from what is drawn: white under dark ink, black
    under light ink. Colors are projected on the direction in which the picture differs most
    from its background (its first principal component), so that red ink on green paper shows even
    where both are equally bright.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 (h, w, 4), as `open_picture` gives it.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1].
    """
    color = picture[..., :3].astype(np.float32) / 255
    opacity = picture[..., 3:].astype(np.float32) / 255
    if 0 < opacity.mean() < 1:
        color = color * opacity + _background_under(color, opacity[..., 0]) * (1 - opacity)
    weights = _ink_direction(color)
    return np.clip(color @ weights - np.minimum(weights, 0).sum(), 0, 1)


def _background_under(color, opacity):
    """Choose the gray level behind a partly transparent picture."""
    visible = (color @ np.full(3, 1 / 3, np.float32))[opacity > opacity.max() / 2]
    background = np.median(visible)
    if visible.size > opacity.size / 2 and visible.std() > 0.05:
        return background  # paper and ink are opaque, and only a border or corners are not
    return 1.0 if background < 0.5 else 0.0


def _ink_direction(color):
    """Return the weights of red, green and blue, absolute sum 1, along which ink differs most."""
    step = max(1, int(math.sqrt(color[..., 0].size / 40_000)))
    small = color[::step, ::step]
    background = ndimage.uniform_filter(small, (max(small.shape) // 3, max(small.shape) // 3, 0))
    difference = (small - background).reshape(-1, 3)
    _, directions = np.linalg.eigh(difference.T @ difference + 1e-6)  # gray where nothing differs
    weights = directions[:, -1]
    weights = weights * (1 if weights.sum() >= 0 else -1)
    return (weights / np.abs(weights).sum()).astype(np.float32)
