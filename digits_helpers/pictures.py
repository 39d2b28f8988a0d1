"""From any picture of handwritten digits to arrays that look like MNIST's.

The steps, in order: `open_picture`, `to_grey`, `find_ink` (made of `flatten_light`,
`raise_ink`, `cut_threshold` and `remove_lines`), `crop_digit`, `fit_to_box`, `centre_by_mass`.
`load_digit_image` runs them all on a picture of one digit; `read_digits` finds and reads every
digit of a picture. The normalisation is that of LeCun et al. (1998), "Gradient-based learning
applied to document recognition", section III.A.
"""

import io
import math
import os
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold, rank
from skimage.measure import perimeter_crofton

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded."""

WORKING_PIXELS = 600_000
"""Larger pictures are reduced to about this many pixels."""

LIMIT = "at most 50 megapixels: make the picture smaller, or crop it to the digit"

BLANK = "no digit found: expected ink that differs from its ground, but the picture is blank"

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "ICO", "JPEG2000", "AVIF")

TOP_HATS = ((0.3, False), (0.3, True), (0.15, True), (0.08, True))
"""Widths to try in `flatten_light`, as shares of the shorter side, and whether the ground goes on
beyond the border: where it does not, strokes along the border of a tight crop are kept."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that `read_digits` found."""

    label: int
    probabilities: np.ndarray
    box: tuple[int, int, int, int]


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
        note says, and reduced to about 0.6 megapixels if it is larger.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If the source is no picture, is damaged, or has more than 50 megapixels; the size is
        checked before the pixels are decoded.
    """
    return _open(source)[0]


def _open(source):
    """Return the RGBA array of `open_picture` and its scale relative to the upright original."""
    name = f"{source}" if isinstance(source, str | os.PathLike) else "the picture"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities in files that it reads well
        try:
            image = _image_from(source)
            _check_size(image.size, name)
            pixels = image.width * image.height
            shrink = math.sqrt(max(pixels / WORKING_PIXELS, 1))
            if image.format in ("JPEG", "MPO") and image is not source:  # decoded small: faster
                image.draft(None, (int(image.width / shrink), int(image.height / shrink)))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I") or image.mode == "F":
                image = Image.fromarray(_stretch(np.asarray(image)))
            if image.mode in ("La", "LAB"):  # Pillow has no direct way from these to RGBA
                image = image.convert({"La": "LA", "LAB": "RGB"}[image.mode])
            image = image.convert("RGBA")
            if image.width * image.height > WORKING_PIXELS:
                size = [
                    max(1, round(side * math.sqrt(WORKING_PIXELS / (image.width * image.height))))
                    for side in image.size
                ]
                image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
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


def raise_ink(grey):
    """Make the ink bright, whether it was darker or lighter than its ground.

    The ground is the median of a wide neighbourhood: strokes are a minority there, and a median
    follows the edge of a shadow. Ink is a small part that differs much from the ground, noise a
    large part that differs little to both sides, so the third moment tells where the ink is.

    Parameters
    ----------
    grey : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: `grey` itself or ``1 - grey``.
    """
    small = np.rint(_thumbnail(grey, 160) * 255).astype(np.uint8)
    ground = rank.median(small, np.ones([int(0.65 * min(small.shape)) | 1] * 2, bool))
    cubes = _middle(small.shape) * (small.astype(float) - ground) ** 3
    return grey if cubes.sum() > 0 else 1 - grey


def flatten_light(raised):
    """Subtract the paper and the light on it.

    The white top-hat: what is left after an opening wider than any stroke. An opening keeps
    straight edges, so the edge of a shadow or of the page leaves no trace. The wider it is, the
    thicker the strokes that it can hold and the more shade it lets through: ink has a sharp edge
    all round, shade has not, so the widest that leaves sharp edges is taken.

    Parameters
    ----------
    raised : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [-1, 1]: noise about 0 on the ground; 1 is the strongest ink.
    """
    small = _thumbnail(raised, 240)
    sharpness = [_sharpness(small, _open_ground(small, *how)) for how in TOP_HATS]
    if max(sharpness) < 0.7:  # mere noise and shade give about 0.65, ink nearly always over 0.9
        raise ValueError(BLANK)
    limit = 0.97 * max(sharpness)
    best = next(how for how, sharp in zip(TOP_HATS, sharpness, strict=True) if sharp >= limit)
    ground = _open_ground(raised, *best)
    flat = (raised - ground) / np.maximum(1 - ground, 0.1)
    return flat - np.median(flat)


def _open_ground(raised, share, goes_on):
    """Return the opening by a square; `goes_on`: what is at the border goes on beyond it."""
    side = max(3, int(share * min(raised.shape)))
    padded = np.pad(raised, side, mode="edge") if goes_on else raised
    lowest = ndimage.minimum_filter(padded, side, mode="constant", cval=raised.min())
    ground = ndimage.maximum_filter(lowest, side, mode="constant", origin=side % 2 - 1)
    return ground[side:-side, side:-side] if goes_on else ground


def _sharpness(raised, ground):
    """Return the share of the outline of the ink at which brightness changes steeply."""
    rise = raised - ground
    rise = rise - np.median(rise)
    level = _ink_level(rise)
    mask = rise > 0.5 * level
    outline = mask & ~ndimage.binary_erosion(mask, border_value=1)
    window = max(3, max(raised.shape) // 34)
    change = ndimage.maximum_filter(raised, window) - ndimage.minimum_filter(raised, window)
    change = change - np.percentile(change, 10)  # what noise makes everywhere
    return np.mean(change[outline] > 0.4 * level) if outline.any() else 0.0


def _ink_level(flat):
    """Return the mean strength of the ink, weighted towards strong pixels and the middle."""
    weights = _middle(flat.shape) * np.maximum(flat, 0) ** 2
    return (weights * flat).sum() / max(weights.sum(), 1e-12)


def _middle(shape):
    """Return weights that are 1 in the middle of a picture and fall towards its border."""
    return np.outer(*(np.hanning(side + 2)[1:-1] for side in shape))


def _thumbnail(values, side):
    """Reduce to at most `side` rows and columns."""
    shape = np.array(values.shape)
    return _resize(values, np.maximum(np.rint(shape * min(1, side / shape.max())), 1).astype(int))


def _resize(values, shape):
    """Resize a float32 array to `shape` with Pillow's anti-aliasing."""
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    image = image.resize((int(shape[1]), int(shape[0])), Image.Resampling.BILINEAR)
    return np.asarray(image)


def cut_threshold(flat):
    """Keep what stands out of the noise, and scale it to MNIST's contrast.

    Parameters
    ----------
    flat : numpy.ndarray
        float32 (h, w) in [-1, 1], ink above 0.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: 0 on the ground, most of the ink near 1.

    Raises
    ------
    ValueError
        If nothing stands out: the picture is blank.
    """
    scale = math.sqrt(flat.size) / 700
    smooth = ndimage.gaussian_filter(flat, scale) if scale > 0.3 else flat
    grain = smooth - ndimage.uniform_filter(smooth, 9)
    noise = 1.5 * min(np.median(np.abs(grain)), -np.percentile(smooth, 25))
    level = _ink_level(np.where(smooth > 3 * noise, smooth, 0))
    if level < max(0.02, 4 * noise):
        raise ValueError(BLANK)
    low, high = max(0.25 * level, 2 * noise), max(0.5 * level, 4 * noise)
    mask = apply_hysteresis_threshold(smooth, min(low, 0.4 * level), min(high, 0.7 * level))
    peak = np.percentile(smooth[mask], 90)
    edge = ndimage.maximum_filter(mask, 2 * max(1, round(2 * scale)) + 1)
    return np.where(edge, np.clip(smooth / peak, 0, 1), 0).astype(np.float32)


def remove_lines(ink):
    """Remove ruled and squared lines, which run through the whole picture.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w): without the lines, save where a stroke crosses them.
    """
    return np.minimum(_remove_rows(ink), _remove_rows(ink.T).T)


def _open_runs(mask, length, axis):
    """Keep the runs of at least `length` pixels along an axis."""
    eroded = ndimage.minimum_filter1d(mask.view(np.uint8), length, axis, mode="constant")
    origin = length % 2 - 1
    return ndimage.maximum_filter1d(eroded, length, axis, mode="constant", origin=origin) > 0


def _remove_rows(ink):
    mask = ink > 0.1
    height, width = mask.shape
    thick = max(4, max(height, width) // 60)
    thin = mask & ~_open_runs(mask, thick, axis=0)
    band = ndimage.maximum_filter1d(thin, thick, axis=0)  # room for a slight tilt
    band = ~_open_runs(~band, width // 2 + 1, axis=1)  # bridge what a stroke interrupts
    labels, _ = ndimage.label(_open_runs(band, width // 4 + 1, axis=1))
    labels[~thin] = 0
    for index, place in enumerate(ndimage.find_objects(labels), 1):
        if place and place[1].stop - place[1].start >= 0.9 * width:
            covered = (labels[place] == index).any(axis=0).sum()
            if covered >= 0.6 * width:
                ink = np.where(labels == index, 0, ink)
    return ink


def find_ink(grey):
    """Separate the ink from everything behind it.

    Parameters
    ----------
    grey : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    return remove_lines(cut_threshold(flatten_light(raise_ink(grey))))


@dataclass(frozen=True)
class _Parts:
    """The connected parts of the ink, largest first."""

    labels: np.ndarray
    index: np.ndarray
    boxes: np.ndarray  # (n, 4): top, left, bottom, right
    mass: np.ndarray


def _find_parts(ink):
    """Label the connected parts of the ink without specks, frames and page edges."""
    labels, count = ndimage.label(ink > 0.25, np.ones((3, 3)))
    if not count:
        raise ValueError("no digit found: nothing but lines and specks is left in the picture")
    slices = ndimage.find_objects(labels)
    mass = np.bincount(labels.ravel(), ink.ravel(), minlength=count + 1)[1:]
    boxes = np.array([[r.start, c.start, r.stop, c.stop] for r, c in slices])
    sides = boxes[:, 2:] - boxes[:, :2]
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(rim, minlength=count + 1)[1:] / sides.sum(1)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 / ink.shape - 0.5
    score = mass * np.clip(1 - contact, 0.01, 1) ** 2 * np.exp(-2 * (centre**2).sum(1))
    order = np.argsort(-score)[:300]
    keep = (score[order] > 0.03 * score[order[0]]) & (contact[order] < 0.5)
    order = order[keep | (order == order[0])]
    return _Parts(labels, order + 1, boxes[order], score[order])


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
    parts = _find_parts(ink)
    chosen = np.zeros(len(parts.index), bool)
    chosen[0] = True
    while True:  # parts near what is chosen belong to it, and so on
        top, left = parts.boxes[chosen, :2].min(0)
        bottom, right = parts.boxes[chosen, 2:].max(0)
        reach = 0.35 * max(bottom - top, right - left)
        box = np.array([-top, -left, bottom, right]) + reach
        near = (parts.boxes * [-1, -1, 1, 1] <= box).all(axis=1)
        if (near <= chosen).all():
            break
        chosen |= near
    return _cut(ink, parts, chosen)


def _cut(ink, parts, chosen):
    top, left = parts.boxes[chosen, :2].min(0)
    bottom, right = parts.boxes[chosen, 2:].max(0)
    inside = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    own = ndimage.maximum_filter(np.isin(parts.labels[inside], parts.index[chosen]), 3)
    digit = np.where(own, ink[inside], 0)
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
    width = 2 * (fine > 0.5).sum() / perimeter_crofton(fine > 0.5) / 4
    if not 1.8 <= width <= 4.5:
        outside = ndimage.distance_transform_edt(fine <= 0.5)
        inside = ndimage.distance_transform_edt(fine > 0.5)
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
    return centre_by_mass(fit_to_box(crop_digit(find_ink(to_grey(open_picture(source))))))


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
        right, bottom) in pixels of the original, upright picture.

    Raises
    ------
    ValueError
        As `load_digit_image`.
    """
    picture, scale = _open(source)
    ink = find_ink(to_grey(picture))
    parts = _find_parts(ink)
    groups = _reading_order(_group_parts(parts.boxes), parts.boxes)
    images = np.stack([centre_by_mass(fit_to_box(_cut(ink, parts, group))) for group in groups])
    if model is None:
        from digits_helpers.models import load_reference_model

        model = load_reference_model()
    if len(model.input_shape) == 4:
        images = images[..., np.newaxis]
    probabilities = np.asarray(model.predict(images, verbose=0), np.float32)
    boxes = [_outline(parts.boxes[group]) / scale for group in groups]
    return [
        Digit(int(row.argmax()), row, tuple(round(float(box[i])) for i in (1, 0, 3, 2)))
        for row, box in zip(probabilities, boxes, strict=True)
    ]


def _outline(boxes):
    return np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])


def _group_parts(boxes):
    """Group the parts that lie over one another: a 5 and its bar. Return lists of indices."""
    groups = [[i] for i in range(len(boxes))]
    merged = True
    while merged:
        merged = False
        for a in range(len(groups)):
            for b in range(a + 1, len(groups)):
                first, second = _outline(boxes[groups[a]]), _outline(boxes[groups[b]])
                overlap = min(first[3], second[3]) - max(first[1], second[1])
                gap = max(first[0], second[0]) - min(first[2], second[2])
                narrow = min(first[3] - first[1], second[3] - second[1])
                tall = max(first[2] - first[0], second[2] - second[0])
                if overlap > 0.5 * narrow and gap < 0.15 * tall:
                    groups[a] += groups.pop(b)
                    merged = True
                    break
            if merged:
                break
    heights = np.array([_outline(boxes[g])[2] - _outline(boxes[g])[0] for g in groups])
    usual = np.median(heights[heights > 0.3 * heights.max()])
    return [g for g, h in zip(groups, heights, strict=True) if 0.4 * usual < h < 2.5 * usual]


def _reading_order(groups, boxes):
    rows = []
    for group in sorted(groups, key=lambda g: _outline(boxes[g])[1]):
        top, _, bottom, _ = _outline(boxes[group])
        for row in rows:
            last = _outline(boxes[row[-1]])
            if min(bottom, last[2]) - max(top, last[0]) > 0.5 * min(
                bottom - top, last[2] - last[0]
            ):
                row.append(group)
                break
        else:
            rows.append([group])
    rows.sort(key=lambda row: np.mean([_outline(boxes[g])[[0, 2]].mean() for g in row]))
    return [group for row in rows for group in row]
