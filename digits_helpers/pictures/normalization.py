"""Normalize a digit as MNIST's are: `scale_to_box` and `center_by_mass`.

The normalization is that of LeCun et al. (1998), "Gradient-based learning applied to document
recognition", section III.A.
"""

import math

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage


def scale_to_box(digit, size=20):
    """Scale a digit to MNIST's 20 x 20 bounding box, with MNIST's stroke width and contrast.

    Parameters
    ----------
    digit : numpy.ndarray
        float32 (h, w) in [0, 1], cropped.
    size : int
        The longer side of the result.

    Returns
    -------
    numpy.ndarray
        float32 (h', w') in [0, 1]; the longer side is `size`, the aspect ratio is kept.
    """
    fine = _scale(digit, 4 * size)
    fine = np.clip(fine / np.percentile(fine[fine > 0.1 * fine.max()], 80), 0, 1)
    fine = np.pad(fine, size)
    inside, outside = (
        cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for mask in (fine > 0.5, fine <= 0.5)
    )
    width = inside[inside > 0].mean() - 0.5  # the mean depth of a stroke is 1/4 of its width
    if not 1.8 <= width <= 4.5:
        grow = 2 * (np.clip(width, 2.3, 4.0) - width)
        digit = np.clip(grow + 0.5 - outside + inside, 0, 1).astype(np.float32)
    fitted = _scale(digit, size)
    return np.clip(fitted / np.percentile(fitted[fitted > 0.2 * fitted.max()], 85), 0, 1)


def _scale(digit, size):
    """Crop to the ink and scale the longer side to `size`, keeping the aspect ratio exactly."""
    rows, columns = ndimage.find_objects((digit > 0.1 * digit.max()).astype(int))[0]
    digit = digit[rows, columns]
    step = max(digit.shape) / size  # pixels of the digit to a pixel of the result
    shape = [math.ceil(side / step - 1e-6) for side in digit.shape]
    pad = math.ceil(step)
    top, left = ((n * step - side) / 2 for n, side in zip(shape, digit.shape, strict=True))
    image = Image.fromarray(np.pad(digit, pad).astype(np.float32))
    box = (pad - left, pad - top, pad - left + shape[1] * step, pad - top + shape[0] * step)
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR, box=box))


def center_by_mass(digit, size=28):
    """Shift a digit so that its center of mass is in the middle of the frame.

    Parameters
    ----------
    digit : numpy.ndarray
        float32 (h, w), no side longer than `size`.
    size : int
        The side of the frame.

    Returns
    -------
    numpy.ndarray
        float32 (size, size). The shift is an integer number of pixels and stops at the frame, so no
        ink is lost.
    """
    height, width = digit.shape
    row, column = ndimage.center_of_mass(digit)
    top = int(np.clip(round(size / 2 - row), 0, size - height))  # MNIST's is on pixel 14
    left = int(np.clip(round(size / 2 - column), 0, size - width))
    frame = np.zeros((size, size), np.float32)
    frame[top : top + height, left : left + width] = digit
    return frame
