"""Read one digit or all digits of a picture: `load_digit_image` and `read_digits`."""

import warnings

import numpy as np
from digits_helpers.pictures.components import crop_digit, find_components
from digits_helpers.pictures.gray import to_gray
from digits_helpers.pictures.ink import extract_ink
from digits_helpers.pictures.layout import find_neighbors, reading_order
from digits_helpers.pictures.normalization import center_by_mass, scale_to_box
from digits_helpers.pictures.opening import open_picture, open_scaled
from digits_helpers.pictures.page import crop_to_page
from digits_helpers.pictures.pieces import find_pieces, normalize_pieces
from digits_helpers.pictures.results import Digit, LeftOut, Reading
from digits_helpers.pictures.rotation import EVIDENCE, find_rotation
from digits_helpers.pictures.segmentation import CLEAR, segment_ink

PAGE_PIXELS = 800_000
"""Larger pictures are reduced to about this many pixels: a digit is a small part of a page."""

BETTER = 0.25
"""How much better the digits of a rotated picture have to be: see `Segments.quality`."""

SMALLEST = 0.02
"""Smaller components do not tell which way up a page is; a fraction of its shorter side."""


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

    Touching digits are cut apart, broken ones joined, lines and shapes around them left out, and a
    sheet that lies on its side or upside down is rotated, wherever `score_pieces` finds that this
    gives more whole digits: see `segment_ink` and `find_rotation`.

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
    found, rotation, note = _segment_the_right_way_up(ink)
    rows = reading_order(np.array([piece.box for piece in found.digits]))
    order = [index for row in rows for index in row]
    images = normalize_pieces([found.digits[index] for index in order])
    if model is None:
        from digits_helpers.models import load_reference_model

        model = load_reference_model()
    images = images.reshape(-1, *model.input_shape[1:])  # with or without a channel
    probabilities = np.asarray(model(images, training=False), np.float32)

    def original(box):
        """Return left, top, right, bottom in the original picture."""
        top, left, bottom, right = _rotate_back(box, rotation, ink.shape) + np.tile(corner, 2)
        return tuple(round(float(value / scale)) for value in (left, top, right, bottom))

    numbers = [number for number, row in enumerate(rows) for _ in row]
    return Reading(
        [
            Digit(
                int(p.argmax()),
                p,
                original(found.digits[index].box),
                number,
                "" if found.scores[index] > CLEAR else "not clearly a digit",
            )
            for p, index, number in zip(probabilities, order, numbers, strict=True)
        ],
        [LeftOut(original(piece.box), reason) for piece, reason in found.others],
        rotation,
        note,
    )


def _segment_the_right_way_up(ink):
    """Return the segments of the ink, by how many degrees it was rotated for that, and a note."""
    found = segment_ink(ink)
    rotation, evidence = find_rotation(find_pieces(ink, smallest=SMALLEST * min(ink.shape)))
    if evidence < EVIDENCE:
        return found, 0, ""
    rotated = segment_ink(np.ascontiguousarray(np.rot90(ink, -rotation // 90)))
    if rotated.quality < found.quality + BETTER:
        return found, 0, ""
    if len(rotated.digits) == 1:  # a 6 or a 9: not enough to rotate the picture
        return found, 0, f"it looks more like a digit rotated by {rotation} degrees"
    return rotated, rotation, ""


def _rotate_back(box, rotation, shape):
    """Return where a bounding box was before the picture of this shape was rotated clockwise."""
    top, left, bottom, right = box
    high, wide = shape
    if rotation == 90:
        return np.array([high - right, top, high - left, bottom])
    if rotation == 180:
        return np.array([high - bottom, wide - right, high - top, wide - left])
    if rotation == 270:
        return np.array([left, wide - bottom, right, wide - top])
    return box
