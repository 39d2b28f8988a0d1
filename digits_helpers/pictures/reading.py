"""Read one digit or all digits of a picture: `load_digit_image` and `read_digits`."""

from dataclasses import dataclass

import numpy as np
from digits_helpers.pictures.components import (
    bounding_box,
    crop_digit,
    crop_to_components,
    find_components,
)
from digits_helpers.pictures.gray import to_gray
from digits_helpers.pictures.ink import extract_ink
from digits_helpers.pictures.layout import group_components, reading_order
from digits_helpers.pictures.normalization import center_by_mass, scale_to_box
from digits_helpers.pictures.opening import open_picture, open_scaled
from digits_helpers.pictures.page import crop_to_page

PAGE_PIXELS = 800_000
"""Larger pictures are reduced to about this many pixels: a digit is a small part of a page."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that `read_digits` found."""

    label: int
    probabilities: np.ndarray
    box: tuple[int, int, int, int]


def load_digit_image(source):
    """Turn a picture of one handwritten digit into an array like MNIST's.

    Parameters
    ----------
    source : str, path, open binary file, PIL image or array
        See `open_picture`.

    Returns
    -------
    numpy.ndarray
        float32 (28, 28) in [0, 1], ink bright on 0.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If the source is not a picture, is too large, or shows no digit.
    """
    page, _ = crop_to_page(open_picture(source))
    return center_by_mass(scale_to_box(crop_digit(extract_ink(to_gray(page)))))


def read_digits(source, model=None):
    """Find and read all digits of a picture.

    Parameters
    ----------
    source : str, path, open binary file, PIL image or array
        See `open_picture`.
    model : keras.Model, optional
        Takes (n, 28, 28) or (n, 28, 28, 1) in [0, 1], gives (n, 10) probabilities; without it,
        the reference model.

    Returns
    -------
    list of Digit
        In reading order: rows from the top, each from left to right. ``box`` is (left, top,
        right, bottom) in pixels of the original picture, the right way up.

    Raises
    ------
    ValueError
        As `load_digit_image`.
    """
    picture, scale = open_scaled(source, PAGE_PIXELS)
    page, corner = crop_to_page(picture)
    ink = extract_ink(to_gray(page))
    found = find_components(ink)
    groups = reading_order(group_components(found.boxes), found.boxes)
    crops = [crop_to_components(ink, found, group) for group in groups]
    images = np.stack([center_by_mass(scale_to_box(crop)) for crop in crops])
    if model is None:
        from digits_helpers.models import load_reference_model

        model = load_reference_model()
    images = images.reshape(-1, *model.input_shape[1:])  # with or without a channel
    probabilities = np.asarray(model(images, training=False), np.float32)
    boxes = [(bounding_box(found.boxes[group]) + np.tile(corner, 2)) / scale for group in groups]
    return [
        Digit(int(row.argmax()), row, tuple(round(float(box[i])) for i in (1, 0, 3, 2)))
        for row, box in zip(probabilities, boxes, strict=True)
    ]
