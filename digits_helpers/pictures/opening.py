"""Open a picture from a file or an array, the right way up and in one format: `open_picture`."""

import io
import math
import os
import warnings

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded."""

WORKING_PIXELS = 250_000
"""Larger pictures of one digit are reduced to about this many pixels."""

LIMIT = "at most 50 megapixels: make the picture smaller, or crop it to the digit"

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "ICO", "JPEG2000", "AVIF")


def open_picture(source):
    """Open a picture, the right way up and in one format.

    Parameters
    ----------
    source : str, path, open binary file, PIL image or array
        An array holds gray values, shape (h, w) or (h, w, 1), colors (h, w, 3), or colors and
        opacity (h, w, 4): bool, uint8, uint16, or numbers in [0, 1] or [0, 255].

    Returns
    -------
    numpy.ndarray
        uint8 (h, w, 4): red, green, blue and opacity (255 is opaque), rotated as the camera's EXIF
        tag says, and reduced to about 0.25 megapixels if it is larger.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If the source is not a picture, is damaged, or has more than 50 megapixels; the size is
        checked before the pixels are decoded.
    """
    return open_scaled(source, WORKING_PIXELS)[0]


def open_scaled(source, working_pixels):
    """Return what `open_picture` does and its scale relative to the original."""
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
    """Turn an array of gray values or colors into uint8 (h, w), (h, w, 3) or (h, w, 4)."""
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
            "standardization first"
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
