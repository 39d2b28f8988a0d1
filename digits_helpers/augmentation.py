"""Vary images of digits the way people's handwriting varies: pen, slant, size, place, pressure.

The parameters and the result of each step are those of `augment`.
"""

import numpy as np
from scipy import ndimage

PEN = ndimage.generate_binary_structure(2, 1)[np.newaxis]  # a pixel and its four neighbours


def augment(images, rng):
    """Vary each image in a way of its own: `thicken`, then `warp`, then `press`.

    Parameters
    ----------
    images : numpy.ndarray
        float32 (n, side, side) in [0, 1], ink bright on 0.
    rng : numpy.random.Generator
        Where chance comes from; the same state gives the same result.

    Returns
    -------
    numpy.ndarray
        New images of the same shape, dtype and range.
    """
    return press(warp(thicken(images, rng), rng), rng)


def thicken(images, rng):
    """Make strokes thicker by up to three pixels, or thinner by up to one.

    A blend of the image with its grey dilation (or erosion) by a cross of five pixels.
    """
    much = rng.uniform(-0.5, 1.5, (len(images), 1, 1)).astype(np.float32)
    thick = ndimage.grey_dilation(images, footprint=PEN)
    thicker = ndimage.grey_dilation(thick, footprint=PEN)
    thin = ndimage.grey_erosion(images, footprint=PEN)
    images = images + much.clip(None, 0) * (images - thin) + much.clip(0, 1) * (thick - images)
    return images + (much - 1).clip(0) * (thicker - thick)


def warp(images, rng, strength=1.0):
    """Turn, shear, stretch, shift and bend each image in a way of its own.

    At strength 1 turned by up to 15 degrees, sheared (level strokes tilted) by up to 0.3,
    stretched by up to 28 % in width and 16 % in height, shifted by up to 1.5 pixels, and bent by a
    smooth random field as in Simard et al. (2003), "Best practices for convolutional neural
    networks applied to visual document analysis". At another strength each of these limits is that
    many times as large.

    Parameters
    ----------
    images : numpy.ndarray
        float32 (n, side, side) in [0, 1], ink bright on 0.
    rng : numpy.random.Generator
        Where chance comes from; the same state gives the same result.
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
    # from a place (row, column) in the result to its place in the image
    matrix = [
        [cos / height, (sin + shear * cos) / height],
        [-sin / width, (cos - shear * sin) / width],
    ]
    middle = (side - 1) / 2
    grid = np.mgrid[:side, :side].astype(np.float32) - middle
    places = np.einsum("abn,bij->anij", np.array(matrix, np.float32), grid) + middle
    places += strength * rng.uniform(-1.5, 1.5, (2, count, 1, 1)).astype(np.float32)
    places += strength * bends(count, side, rng)
    number = np.broadcast_to(np.arange(count, dtype=np.float32)[:, None, None], images.shape)
    return ndimage.map_coordinates(images, [number, *places], order=1)


def bends(count, side, rng):
    """Return smooth random shifts in pixels, float32 (2, count, side, side).

    7 x 7 independent normal numbers to an image, spread by a Gaussian of 4 pixels.
    """
    knots = np.linspace(0, side - 1, 7)
    spread = np.exp(-0.5 * ((np.arange(side)[:, None] - knots) / 4) ** 2).astype(np.float32)
    return 0.4 * spread @ rng.standard_normal((2, count, 7, 7), np.float32) @ spread.T


def press(images, rng):
    """Make the greys along the strokes lighter or darker, and their edges up to three times harder.

    A power from 0.55 to 1.65, then a contrast from 1 to 3 about the middle grey.
    """
    power = np.exp(rng.uniform(-0.6, 0.5, (len(images), 1, 1))).astype(np.float32)
    contrast = np.exp(rng.uniform(0, np.log(3), (len(images), 1, 1))).astype(np.float32)
    return ((images.clip(0, 1) ** power - 0.5) * contrast + 0.5).clip(0, 1)
