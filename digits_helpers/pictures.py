"""From any picture of one handwritten digit to an array that looks like MNIST's.

The steps, in order: `open_picture`, `cut_sheet` (see `digits_helpers.surroundings`), `to_grey`,
`find_ink` (see `digits_helpers.ink`), `crop_digit`, `fit_to_box`, `centre_by_mass`;
`load_digit_image` runs them all. The normalisation is that of LeCun et al. (1998),
"Gradient-based learning applied to document recognition", section III.A.
"""

import io
import math
import os
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from digits_helpers.ink import find_ink
from digits_helpers.surroundings import cut_sheet, rim
from PIL import Image, ImageOps
from scipy import ndimage

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded."""

WORKING_PIXELS = 250_000
"""Larger pictures are reduced to about this many pixels."""

LIMIT = "at most 50 megapixels: make the picture smaller, or crop it to the digit"

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "ICO", "JPEG2000", "AVIF")


def open_picture(source):
    """Open a picture, upright and in one format.

    Parameters
    ----------
    source : str, path, open binary file, PIL image or array
        An array holds grey values, shape (h, w) or (h, w, 1), colours (h, w, 3), or colours and
        opacity (h, w, 4): bool, uint8, uint16, or numbers in [0, 1] or [0, 255].

    Returns
    -------
    numpy.ndarray
        uint8 (h, w, 4): red, green, blue and opacity (255 is opaque), turned as the camera's EXIF
        note says, and reduced to about 0.25 megapixels if it is larger.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If the source is no picture, is damaged, or has more than 50 megapixels; the size is
        checked before the pixels are decoded.
    """
    return open_scaled(source, WORKING_PIXELS)[0]


def open_scaled(source, working_pixels):
    """Return what `open_picture` does and its scale relative to the upright original."""
    name = f"{source}" if isinstance(source, str | os.PathLike) else "the picture"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities in files that it reads well
        try:
            image = _image_from(source)
            _check_size(image.size, name)
            pixels = image.width * image.height
            shrink = math.sqrt(max(pixels / working_pixels, 1))
            if image.format in ("JPEG", "MPO") and image is not source:  # decoded small: faster
                image.draft(None, (int(image.width / shrink), int(image.height / shrink)))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I") or image.mode == "F":
                image = Image.fromarray(_stretch(np.asarray(image)))
            if image.mode in ("La", "LAB"):  # Pillow has no direct way from these to RGBA
                image = image.convert({"La": "LA", "LAB": "RGB"}[image.mode])
            if image.mode not in ("L", "LA", "RGB", "RGBA"):
                image = image.convert("RGBA")
            shrink = math.sqrt(image.width * image.height / working_pixels)
            if shrink > 1:
                size = [max(1, round(side / shrink)) for side in image.size]
                image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
            image = image.convert("RGBA")
        except (FileNotFoundError, _PictureError):
            raise
        except Image.DecompressionBombError as error:
            raise ValueError(f"{name} is far too large, expected {LIMIT}") from error
        except Exception as error:  # a damaged file can lead a decoder into any error at all
            raise ValueError(
                f"{name} could not be read as a picture: expected a whole, undamaged "
                "PNG, JPEG, GIF, BMP, TIFF or WebP; open it in an image viewer and save it again"
            ) from error
    return np.asarray(image), math.sqrt(image.width * image.height / pixels)


class _PictureError(ValueError):
    """An error whose message already says all."""


def _image_from(source):
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return Image.fromarray(_bytes_from(source))
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as file:
            source = io.BytesIO(file.read())
    if not hasattr(source, "read"):
        raise _PictureError(
            f"expected a path, an open file, a PIL image or an array, got {type(source).__name__}"
        )
    return Image.open(source, formats=FORMATS)


def _check_size(size, name):
    if size[0] * size[1] > MAX_PIXELS:
        raise _PictureError(f"{name} has {size[0]} x {size[1]} pixels, expected {LIMIT}")


def _bytes_from(array):
    """Turn an array of grey values or colours into uint8 (h, w), (h, w, 3) or (h, w, 4)."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if (array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4))) or not array.size:
        raise _PictureError(
            "expected an array of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), got "
            f"{array.shape}: pass one picture, such as x_test[0], as rows and columns"
        )
    _check_size(array.shape[1::-1], "the array")
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise _PictureError(f"expected an array of numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise _PictureError("expected finite numbers, got NaN or infinity in the array")
    if array.dtype == np.uint16:
        return _stretch(array)
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise _PictureError(
            f"expected values in [0, 1] or [0, 255], got {low:.4g} to {high:.4g}: undo any "
            "standardisation first"
        )
    is_unit = array.dtype.kind == "f" and high <= 1
    return np.rint(array.astype(np.float64) * (255 if is_unit else 1)).astype(np.uint8)


def _stretch(values):
    """Spread 16-bit or wider values, which often use a part of their range, over uint8."""
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise _PictureError("expected finite numbers, got NaN or infinity in the picture")
    low, high = values.min(), values.max()
    return np.rint((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8)


def to_grey(picture):
    """Reduce colours and opacity to one grey value in which the ink shows.

    Transparency is laid on a ground that differs from what is drawn: white under dark ink, black
    under light ink. Colours are projected on the direction in which the picture differs most
    from its ground (its first principal component), so that red ink on green paper shows even
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
    colour = picture[..., :3].astype(np.float32) / 255
    opacity = picture[..., 3:].astype(np.float32) / 255
    if 0 < opacity.mean() < 1:
        colour = colour * opacity + _ground_under(colour, opacity[..., 0]) * (1 - opacity)
    weights = _ink_direction(colour)
    return np.clip(colour @ weights - np.minimum(weights, 0).sum(), 0, 1)


def _ground_under(colour, opacity):
    """Choose the grey to lay a partly transparent picture on."""
    visible = (colour @ np.full(3, 1 / 3, np.float32))[opacity > opacity.max() / 2]
    ground = np.median(visible)
    if visible.size > opacity.size / 2 and visible.std() > 0.05:
        return ground  # paper and ink are opaque, and only a rim or corners are not
    return 1.0 if ground < 0.5 else 0.0


def _ink_direction(colour):
    """Return the weights of red, green and blue, absolute sum 1, along which ink differs most."""
    step = max(1, int(math.sqrt(colour[..., 0].size / 40_000)))
    small = colour[::step, ::step]
    ground = ndimage.uniform_filter(small, (max(small.shape) // 3, max(small.shape) // 3, 0))
    difference = (small - ground).reshape(-1, 3)
    _, directions = np.linalg.eigh(difference.T @ difference + 1e-6)  # grey where there is none
    weights = directions[:, -1]
    weights = weights * (1 if weights.sum() >= 0 else -1)
    return (weights / np.abs(weights).sum()).astype(np.float32)


@dataclass(frozen=True)
class Parts:
    """The connected parts of the ink, most like a digit first."""

    labels: np.ndarray
    index: np.ndarray
    boxes: np.ndarray  # (n, 4): top, left, bottom, right


def find_parts(ink):
    """Label the connected parts of the ink without specks, frames, boxes and page edges."""
    mask = (ink > 0.25).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    left, top, wide, high = stats[1:, :4].T
    if count == 1 or max(wide.max(), high.max()) < 0.02 * min(ink.shape):
        raise ValueError("no digit found: nothing but lines and specks is left in the picture")
    boxes = np.stack([top, left, top + high, left + wide], axis=1)
    mass = np.bincount(labels.ravel(), ink.ravel(), minlength=count)[1:]
    contact = np.bincount(rim(labels), minlength=count)[1:] / (wide + high)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 / ink.shape - 0.5
    score = mass * np.clip(1 - contact, 0.01, 1) ** 2 * np.exp(-2 * (centre**2).sum(axis=1))
    score[_boxes_around(mask, labels) - 1] = 0
    order = np.argsort(-score)[:300]
    keep = (score[order] > 0.03 * score[order[0]]) & (contact[order] < 0.5)
    keep[0] = True
    order = order[keep]
    return Parts(labels, order + 1, boxes[order])


def _boxes_around(mask, labels):
    """Return the labels of parts that are drawn around others: boxes, circles, tables.

    Another part, no speck, lies in their largest hole, or others lie in two of their holes; a
    smudge in a loop of an 8 makes the 8 no box.
    """
    contours, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist()
    sizes = np.array([cv2.boundingRect(contour)[2:] for contour in contours])
    filled = {}
    for inner, hole in enumerate(parents):
        outlines = [hole]  # of a hole, of the part around it, of the hole that this lies in, ...
        while outlines[-1] >= 0:
            outlines.append(parents[outlines[-1]])
        if len(outlines) % 2 == 1 and len(outlines) > 1 and sizes[inner, 1] > 0.3 * sizes[hole, 1]:
            filled.setdefault(outlines[1], set()).add(hole)
    around = [
        contours[part][0, 0]
        for part, holes in filled.items()
        if len(holes) > 1 or (sizes[list(holes)] > 0.6 * sizes[part]).all()
    ]
    return np.array([labels[y, x] for x, y in around], int)


def crop_digit(ink):
    """Crop to the digit, and leave out what does not belong to it.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Returns
    -------
    numpy.ndarray
        float32 (h', w'): the digit's own parts, without specks, stray strokes and frames.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    parts = find_parts(ink)
    chosen = np.zeros(len(parts.index), bool)
    chosen[0] = True
    while True:  # parts near what is chosen belong to it, and so on
        top, left, bottom, right = outline(parts.boxes[chosen])
        size = max(bottom - top, right - left)
        sides = (parts.boxes[:, 2:] - parts.boxes[:, :2]).max(axis=1)
        apart = np.maximum(
            np.maximum(parts.boxes[:, 0] - bottom, top - parts.boxes[:, 2]),
            np.maximum(parts.boxes[:, 1] - right, left - parts.boxes[:, 3]),
        )
        near = (apart < 0.25 * size) & (sides < 1.5 * size)
        if (near <= chosen).all():
            return cut_out(ink, parts, chosen)
        chosen |= near


def outline(boxes):
    """Return the box around boxes: top, left, bottom, right."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def cut_out(ink, parts, chosen):
    """Crop to the chosen parts, and leave out all others."""
    top, left, bottom, right = outline(parts.boxes[chosen])
    inside = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    own = np.isin(parts.labels[inside], parts.index[chosen]).astype(np.uint8)
    digit = np.where(cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0, ink[inside], 0)
    rows, columns = ndimage.find_objects((digit > 0.1).astype(int))[0]
    return digit[rows, columns]


def fit_to_box(digit, size=20):
    """Scale a digit to MNIST's box, with MNIST's stroke width and contrast.

    Parameters
    ----------
    digit : numpy.ndarray
        float32 (h, w) in [0, 1], cropped.
    size : int
        The longer side of the result.

    Returns
    -------
    numpy.ndarray
        float32 (h', w') in [0, 1]; the longer side is `size`, the aspect is kept.
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
    """Crop to the ink and scale the longer side to `size`, exactly keeping the aspect."""
    rows, columns = ndimage.find_objects((digit > 0.1 * digit.max()).astype(int))[0]
    digit = digit[rows, columns]
    step = max(digit.shape) / size  # pixels of the digit to a pixel of the result
    shape = [math.ceil(side / step - 1e-6) for side in digit.shape]
    pad = math.ceil(step)
    top, left = ((n * step - side) / 2 for n, side in zip(shape, digit.shape, strict=True))
    image = Image.fromarray(np.pad(digit, pad).astype(np.float32))
    box = (pad - left, pad - top, pad - left + shape[1] * step, pad - top + shape[0] * step)
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR, box=box))


def centre_by_mass(digit, size=28):
    """Place a digit so that its centre of mass is in the middle of the frame.

    Parameters
    ----------
    digit : numpy.ndarray
        float32 (h, w), no side longer than `size`.
    size : int
        The side of the frame.

    Returns
    -------
    numpy.ndarray
        float32 (size, size). Shifts are whole pixels and stop at the frame, so no ink is lost.
    """
    height, width = digit.shape
    row, column = ndimage.center_of_mass(digit)
    top = int(np.clip(round(size / 2 - row), 0, size - height))  # MNIST's is on pixel 14
    left = int(np.clip(round(size / 2 - column), 0, size - width))
    frame = np.zeros((size, size), np.float32)
    frame[top : top + height, left : left + width] = digit
    return frame


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
        If the source is no picture, is too large, or shows no digit.
    """
    sheet, _ = cut_sheet(open_picture(source))
    return centre_by_mass(fit_to_box(crop_digit(find_ink(to_grey(sheet)))))
