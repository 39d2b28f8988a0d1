"""Checks of what the interactive figures are given: each error says what was expected."""

import numpy as np


def check_images(images):
    """Return images of shape (n, 28, 28) as uint8.

    Parameters
    ----------
    images : array of shape (n, 28, 28) or (n, 28, 28, 1)
        uint8 from 0 to 255, or floating point from 0 to 1.

    Raises
    ------
    ValueError
        If the shape or the values are others.
    """
    images = np.asarray(images)
    if images.shape[1:] == (28, 28, 1):
        images = images[..., 0]
    if images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(
            f"expected images of shape (n, 28, 28), got {images.shape}: for one image write "
            "image[None], for flattened ones images.reshape(-1, 28, 28)"
        )
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.dtype.kind != "f" or not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            "expected images as uint8 from 0 to 255 or floating point from 0 to 1, got "
            f"{images.dtype} from {images.min()} to {images.max()}"
        )
    return np.rint(255 * images).astype(np.uint8)


def check_labels(labels, count):
    """Return `count` labels, integers from 0 to 9, as uint8; ValueError if they are others."""
    labels = np.asarray(labels)
    if labels.shape != (count,):
        raise ValueError(
            f"expected a label for each of {count} images, shape ({count},), got {labels.shape}: "
            "of one-hot labels take labels.argmax(axis=1)"
        )
    if labels.dtype.kind not in "ui" or labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"expected integers from 0 to 9 as labels, got {np.unique(labels)[:12]}")
    return labels.astype(np.uint8)


def check_table(values, name, count=None):
    """Return an array of shape (count, 10), finite; ValueError if it is another."""
    values = np.asarray(values)
    rows = values.shape[0] if values.ndim and count is None else count
    if values.shape != (rows, 10) or not rows:
        raise ValueError(f"expected {name} of shape ({rows or 'n'}, 10), got {values.shape}")
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise ValueError(f"expected {name} as finite floating-point numbers, got {values.dtype}")
    return values
