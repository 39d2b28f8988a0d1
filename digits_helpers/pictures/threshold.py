"""Threshold the ink against the noise: `threshold_ink`."""

import math

import cv2
import numpy as np
from digits_helpers.pictures.background import BLANK
from digits_helpers.pictures.pixels import dilate, mean_level, noise_level


def threshold_ink(foreground):
    """Keep what is significantly above the noise, and scale it to MNIST's contrast.

    Every connected component has its own threshold and its own contrast, so that a faint digit
    shows beside a dark desk; components much fainter than the main one, such as writing that
    shines through, are dropped.

    Parameters
    ----------
    foreground : numpy.ndarray
        float32 (h, w) in [-1, 1], ink above 0.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: 0 on the background, most of the ink near 1.

    Raises
    ------
    ValueError
        If nothing is above the noise: the picture is blank.
    """
    scale = math.sqrt(foreground.size) / 700
    smooth = cv2.GaussianBlur(foreground, (0, 0), scale) if scale > 0.3 else foreground
    limit = min(max(4.5 * noise_level(smooth), 0.02), 0.3 * smooth.max())
    count, labels = cv2.connectedComponents((smooth > limit).astype(np.uint8))
    while count > 80 and limit < 0.3 * smooth.max():  # paper texture
        limit *= 1.25
        count, labels = cv2.connectedComponents((smooth > limit).astype(np.uint8))
    if count == 1:
        raise ValueError(BLANK)
    level = mean_level(labels, smooth, count)
    strength = np.bincount(labels.ravel(), smooth.ravel()) * level
    main = level[1 + np.argmax(strength[1:])]
    level[level < 0.45 * main] = np.inf
    level[0] = np.inf
    peak = level[labels]
    near = dilate(smooth > 0.4 * peak, max(1, round(2 * scale))) > 0
    peak = np.where(np.isinf(peak), main, peak)
    return np.where(near, np.clip(smooth / (1.1 * peak), 0, 1), 0).astype(np.float32)
