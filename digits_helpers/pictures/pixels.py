"""Operations on gray pictures that several steps need."""

import cv2
import numpy as np

THUMBNAIL = 180
"""Longer side, in pixels, of the reduced picture on which pages and backgrounds are compared."""


def border(values):
    """Return the values along the border."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def thumbnail(values):
    """Reduce a float picture to `THUMBNAIL` pixels on its longer side, if it is larger."""
    shape = np.array(values.shape)
    shape = np.maximum(np.rint(shape * min(1, THUMBNAIL / shape.max())), 1).astype(int)
    values = np.ascontiguousarray(values, np.float32)
    return cv2.resize(values, shape[::-1].tolist(), interpolation=cv2.INTER_AREA)


def dilate(values, radius):
    """Return the largest value within `radius` pixels, in a square."""
    return cv2.dilate(values.astype(np.float32), np.ones([2 * radius + 1] * 2, np.uint8))


def noise_level(values):
    """Estimate the standard deviation of the noise from the quietest regions."""
    residual = np.abs(values - cv2.blur(values, (5, 5)))
    noise = np.percentile(residual, 20) / 0.22  # white noise less its 5 x 5 mean
    if min(values.shape) < 64:  # no region is quiet on a small picture
        noise = min(noise, 0.06 * np.ptp(values))
    return noise


def mean_level(labels, values, count):
    """Return the mean value of each component, weighted by the value."""
    inside = labels > 0
    labels, values = labels[inside], values[inside]
    total = np.bincount(labels, values, minlength=count)
    return np.bincount(labels, values**2, minlength=count) / np.maximum(total, 1e-9)
