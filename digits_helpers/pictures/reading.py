"""Read one digit or all digits of a picture: `load_digit_image` and `read_digits`."""

import warnings

import numpy as np
from digits_helpers.pictures.components import (
    bounding_box,
    crop_digit,
    crop_to_components,
    find_components,
)
from digits_helpers.pictures.gray import to_gray
from digits_helpers.pictures.ink import extract_ink
from digits_helpers.pictures.layout import find_neighbors, group_components, reading_order
from digits_helpers.pictures.normalization import center_by_mass, scale_to_box
from digits_helpers.pictures.opening import open_picture, open_scaled
from digits_helpers.pictures.page import crop_to_page
from digits_helpers.pictures.results import Digit, Reading

PAGE_PIXELS = 800_000
"""Larger pictures are reduced to about this many pixels: a digit is a small part of a page."""


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

    Warns
    -----
    UserWarning
        If two or more digits seem to stand side by side: the one is returned that stands out most.
    """
    page, _ = crop_to_page(open_picture(source))
    ink = extract_ink(to_gray(page))
    if find_neighbors(find_components(ink).boxes):
        warnings.warn(
            "the picture seems to hold two or more digits side by side, and only one is returned: "
            "read them all with read_digits(source)",
            stacklevel=2,
        )
    return center_by_mass(scale_to_box(crop_digit(ink)))


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
    Reading
        A list of `Digit`s in reading order: rows from the top, each from left to right. It also
        states what was left out (`Reading.left_out`) and how the picture was rotated. Boxes are in
        pixels of the original picture, the right way up.

    Raises
    ------
    ValueError
        As `load_digit_image`.
    """
    picture, scale = open_scaled(source, PAGE_PIXELS)
    page, corner = crop_to_page(picture)
    ink = extract_ink(to_gray(page))
    found = find_components(ink)
    rows = reading_order(group_components(found.boxes), found.boxes)
    groups = [group for row in rows for group in row]
    crops = [crop_to_components(ink, found, group) for group in groups]
    images = np.stack([center_by_mass(scale_to_box(crop)) for crop in crops])
    if model is None:
        from digits_helpers.models import load_reference_model

        model = load_reference_model()
    images = images.reshape(-1, *model.input_shape[1:])  # with or without a channel
    probabilities = np.asarray(model(images, training=False), np.float32)
    boxes = [(bounding_box(found.boxes[group]) + np.tile(corner, 2)) / scale for group in groups]
    numbers = [number for number, row in enumerate(rows) for _ in row]
    return Reading(
        Digit(int(p.argmax()), p, tuple(round(float(box[i])) for i in (1, 0, 3, 2)), number)
        for p, box, number in zip(probabilities, boxes, numbers, strict=True)
    )
