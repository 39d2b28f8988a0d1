"""Data augmentation: change images of digits the way handwriting differs between people.

Each function takes images, float32 (n, side, side) in [0, 1], ink bright on 0, and a
``numpy.random.Generator``, and returns new images of the same shape, dtype and range. The same
state of the generator gives the same result.
"""

import numpy as np
from scipy import ndimage

PEN = ndimage.generate_binary_structure(2, 1)[np.newaxis]  # a pixel and its four neighbors


def augment(images, rng):
    """Augment each image at random: `vary_stroke_width`, then `warp`, then `vary_contrast`.

    Parameters
    ----------
    images : numpy.ndarray
        float32 (n, side, side) in [0, 1], ink bright on 0.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        New images of the same shape, dtype and range.
    """
    return vary_contrast(warp(vary_stroke_width(images, rng), rng), rng)


def vary_stroke_width(images, rng):
    """Make strokes wider by up to three pixels, or narrower by up to one.

    A blend of the image with its grayscale dilation (or erosion) by a cross of five pixels.
    """
    pixels = rng.uniform(-0.5, 1.5, (len(images), 1, 1)).astype(np.float32)
    wide = ndimage.grey_dilation(images, footprint=PEN)
    widest = ndimage.grey_dilation(wide, footprint=PEN)
    narrow = ndimage.grey_erosion(images, footprint=PEN)
    wider, narrower = pixels.clip(0, 1), pixels.clip(None, 0)
    images = images + narrower * (images - narrow) + wider * (wide - images)
    return images + (pixels - 1).clip(0) * (widest - wide)


def warp(images, rng, strength=1.0):
    """Apply a random affine and elastic distortion to each image.

    At strength 1: rotation by up to 15 degrees, shear (of horizontal strokes) by up to 0.3, scaling
    by up to 28 % in width and 16 % in height, translation by up to 1.5 pixels, and the elastic
    distortion of Simard et al. (2003), "Best practices for convolutional neural networks applied to
    visual document analysis". At another strength each limit is that many times as large.

    Parameters
    ----------
    images : numpy.ndarray
        float32 (n, side, side) in [0, 1], ink bright on 0.
    rng : numpy.random.Generator
    strength : float
        0 leaves the images as they are.

    Returns
    -------
    numpy.ndarray
        New images of the same shape, dtype and range.
    """
    count, side, _ = images.shape
    angle = np.deg2rad(rng.uniform(-15, 15, count)) * strength
    shear = rng.uniform(-0.3, 0.3, count) * strength
    height, width = np.exp(rng.uniform(-1, 1, (2, count)) * [[0.15], [0.25]] * strength)
    cos, sin = np.cos(angle), np.sin(angle)
    # from a position (row, column) in the result to the position in the image
    matrix = [
        [cos / height, (sin + shear * cos) / height],
        [-sin / width, (cos - shear * sin) / width],
    ]
    middle = (side - 1) / 2
    grid = np.mgrid[:side, :side].astype(np.float32) - middle
    positions = np.einsum("abn,bij->anij", np.array(matrix, np.float32), grid) + middle
    positions += strength * rng.uniform(-1.5, 1.5, (2, count, 1, 1)).astype(np.float32)
    positions += strength * elastic_displacements(count, side, rng)
    number = np.broadcast_to(np.arange(count, dtype=np.float32)[:, None, None], images.shape)
    return ndimage.map_coordinates(images, [number, *positions], order=1)


def elastic_displacements(count, side, rng):
    """Return smooth random displacements in pixels, float32 (2, count, side, side).

    7 x 7 independent normal numbers for each image, smoothed by a Gaussian of 4 pixels.
    """
    knots = np.linspace(0, side - 1, 7)
    spread = np.exp(-0.5 * ((np.arange(side)[:, None] - knots) / 4) ** 2).astype(np.float32)
    return 0.4 * spread @ rng.standard_normal((2, count, 7, 7), np.float32) @ spread.T


def vary_contrast(images, rng):
    """Make strokes lighter or darker, and their edges up to three times sharper.

    A gamma from 0.55 to 1.65, then a contrast from 1 to 3 about the middle gray.
    """
    gamma = np.exp(rng.uniform(-0.6, 0.5, (len(images), 1, 1))).astype(np.float32)
    contrast = np.exp(rng.uniform(0, np.log(3), (len(images), 1, 1))).astype(np.float32)
    return ((images.clip(0, 1) ** gamma - 0.5) * contrast + 0.5).clip(0, 1)
